"""`diabolo reconstruct`: a user's own images through a trained run."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from diabolo.cli.options import Device, Engine, Json, Run
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
    device: Device = "auto",
    engine: Engine = None,
    as_json: Json = False,
) -> None:
    """Put your own images through a trained model.

    Each image becomes a PNG of its own size. A model with a flat layer takes one size only: say how images get it
    with --fit.
    """
    from diabolo.cli import interrupts, own_images
    from diabolo.cli.data import progress_display
    from diabolo.cli.image_results import print_results, result_line
    from diabolo.printable import printable
    from diabolo.use.files import reconstruct_files as reconstruct_into

    interrupts.leaves_images(output, "reconstructing")
    if sheet is not None:
        interrupts.leaves_file(sheet)
    loaded = own_images.open_run(run, engine, device)
    lines = own_images.Lines(is_silent=as_json)

    def each(one: "ReconstructedFile") -> None:
        lines.say(result_line(one, own_images.decibels(one.psnr)))

    with progress_display() as report:
        done, skipped = reconstruct_into(
            loaded, files, output, fit=fit, memory=memory, workers=workers, sheet=sheet, report=report, each=each
        )
    mean = own_images.decibels(own_images.mean(one.psnr for one in done))
    print_results(
        done,
        skipped,
        lines=lines,
        sheet=sheet,
        as_json=as_json,
        values=lambda one: {"psnr": one.psnr},
        said=f"{own_images.count_images(len(done))} reconstructed into {printable(output)}, mean PSNR {mean}",
    )
