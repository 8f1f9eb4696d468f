"""`diabolo denoise`: noisy images in, clean ones out."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from diabolo.cli.echo import echo
from diabolo.cli.options import Engine, Json, Run, print_json
from diabolo.cli.own_images import Files, Fit, Memory, Sheet, Workers

if TYPE_CHECKING:
    from diabolo.use.denoise import DenoisedFile


def denoise_files(
    run: Run,
    files: Files,
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FOLDER", help="Folder for the results.")] = Path(
        "denoised"
    ),
    sigma: Annotated[
        float | None,
        typer.Option(
            "--sigma",
            metavar="S",
            help="Add noise of this deviation (pixels in 0..1) first, to try it out on clean images.",
            show_default=False,
        ),
    ] = None,
    seed: Annotated[int, typer.Option("--seed", metavar="N", min=0, help="Of the noise that --sigma adds.")] = 0,
    sheet: Sheet = None,
    fit: Fit = None,
    memory: Memory = None,
    workers: Workers = None,
    engine: Engine = None,
    as_json: Json = False,
) -> None:
    """Take noise out of your own images.

    The model's line should have `noise`, so that it was trained to do it.
    """
    from diabolo.cli import own_images
    from diabolo.cli.data import progress_display
    from diabolo.printable import printable
    from diabolo.use.denoise import denoise_files as denoise_into
    from diabolo.use.noise import noise_note

    loaded = own_images.open_run(run, engine)
    note = noise_note(loaded.graph)
    lines = own_images.Lines(is_silent=as_json)

    def each(one: "DenoisedFile") -> None:
        shown = f"{printable(one.source)} -> {printable(one.target)}"
        if one.psnr_before is not None and one.psnr_after is not None:
            shown += f"  {own_images.decibels(one.psnr_before)} -> {own_images.decibels(one.psnr_after)}"
        lines.say(shown)

    with progress_display() as report:
        done, skipped = denoise_into(
            loaded,
            files,
            output,
            sigma=sigma,
            seed=seed,
            fit=fit,
            memory=memory,
            workers=workers,
            sheet=sheet,
            report=report,
            each=each,
        )
    if as_json:
        images = [
            {
                "source": str(one.source),
                "target": str(one.target),
                "psnr_before": own_images.finite(one.psnr_before),
                "psnr_after": own_images.finite(one.psnr_after),
            }
            for one in done
        ]
        skipped_files = own_images.skipped_json(skipped)
        print_json(
            {"images": images, "sheet": None if sheet is None else str(sheet), "skipped": skipped_files, "note": note}
        )
        return
    lines.close()
    said = f"{own_images.count_images(len(done))} denoised into {printable(output)}"
    if sigma is not None:
        before = own_images.mean(one.psnr_before for one in done if one.psnr_before is not None)
        after = own_images.mean(one.psnr_after for one in done if one.psnr_after is not None)
        said += (
            f"; noise of {sigma:g}: mean PSNR to the clean images {own_images.decibels(before)} before, "
            f"{own_images.decibels(after)} after"
        )
    echo(said)
    if sheet is not None:
        echo(printable(sheet))
    if note is not None:
        own_images.say_note(note)
    own_images.print_skipped(skipped)
