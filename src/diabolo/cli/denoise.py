"""`diabolo denoise`: noisy images in, clean ones out."""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from diabolo.cli.options import Device, Engine, Json, Run
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
    device: Device = "auto",
    engine: Engine = None,
    as_json: Json = False,
) -> None:
    """Take noise out of your own images.

    The model's line should have `noise`, so that it was trained to do it.
    """
    from diabolo.cli import interrupts, own_images
    from diabolo.cli.data import progress_display
    from diabolo.cli.image_results import print_results, result_line
    from diabolo.printable import printable
    from diabolo.use.denoise import denoise_files as denoise_into
    from diabolo.use.noise import noise_note

    interrupts.leaves_images(output, "denoising")
    if sheet is not None:
        interrupts.leaves_file(sheet)
    loaded = own_images.open_run(run, engine, device)
    if seed and sigma is None:
        own_images.say_note("`--seed` has no effect without `--sigma`, whose noise it is of")
    lines = own_images.Lines(is_silent=as_json)

    def each(one: "DenoisedFile") -> None:
        gain = ""
        if one.psnr_before is not None and one.psnr_after is not None:
            gain = f"{own_images.decibels(one.psnr_before)} -> {own_images.decibels(one.psnr_after)}"
        lines.say(result_line(one, gain))

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
    print_results(
        done,
        skipped,
        lines=lines,
        sheet=sheet,
        as_json=as_json,
        values=lambda one: {"psnr_before": one.psnr_before, "psnr_after": one.psnr_after},
        said=f"{own_images.count_images(len(done))} denoised into {printable(output)}{_gain(sigma, done)}",
        note=noise_note(loaded.graph),
    )


def _gain(sigma: float | None, done: "Sequence[DenoisedFile]") -> str:
    """What became of noise that was added to clean images."""
    from diabolo.cli.own_images import decibels, mean

    if sigma is None:
        return ""
    before = decibels(mean(one.psnr_before for one in done if one.psnr_before is not None))
    after = decibels(mean(one.psnr_after for one in done if one.psnr_after is not None))
    return f"; noise of {sigma:g}: mean PSNR to the clean images {before} before, {after} after"
