"""`diabolo reconstruct`: a user's own images through a trained run."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from diabolo.cli.echo import echo
from diabolo.cli.options import Engine, Json, Run, print_json
from diabolo.cli.own_images import Files, Fit, Memory, Sheet, Workers

if TYPE_CHECKING:
    from diabolo.use.files import ReconstructedFile


def reconstruct_files(
    run: Run,
    files: Files,
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FOLDER", help="Folder for the results.")] = Path(
        "reconstructed"
    ),
    sheet: Sheet = None,
    fit: Fit = None,
    memory: Memory = None,
    workers: Workers = None,
    engine: Engine = None,
    as_json: Json = False,
) -> None:
    """Put your own images through a trained model.

    Each image becomes a PNG of its own size. A model with a flat layer takes one size only: say how images get it
    with --fit.
    """
    from diabolo.cli import own_images
    from diabolo.cli.data import progress_display
    from diabolo.printable import printable
    from diabolo.use.files import reconstruct_files as reconstruct_into

    loaded = own_images.open_run(run, engine)
    lines = own_images.Lines(is_silent=as_json)

    def each(one: "ReconstructedFile") -> None:
        shown = f"{printable(one.source)} -> {printable(one.target)}"
        lines.say(f"{shown}  {own_images.decibels(one.psnr)}")

    with progress_display() as report:
        done, skipped = reconstruct_into(
            loaded, files, output, fit=fit, memory=memory, workers=workers, sheet=sheet, report=report, each=each
        )
    if as_json:
        print_json(
            {
                "images": [
                    {"source": str(one.source), "target": str(one.target), "psnr": own_images.finite(one.psnr)}
                    for one in done
                ],
                "sheet": None if sheet is None else str(sheet),
                "skipped": own_images.skipped_json(skipped),
            }
        )
        return
    lines.close()
    mean = own_images.decibels(own_images.mean(one.psnr for one in done))
    echo(f"{own_images.count_images(len(done))} reconstructed into {printable(output)}, mean PSNR {mean}")
    if sheet is not None:
        echo(printable(sheet))
    own_images.print_skipped(skipped)
