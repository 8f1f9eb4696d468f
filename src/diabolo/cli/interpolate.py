"""`diabolo interpolate`: from one image to another through the latent space."""

from pathlib import Path
from typing import Annotated

import typer

from diabolo.cli.echo import echo
from diabolo.cli.options import Device, Engine, Json, Run, print_json
from diabolo.cli.own_images import Memory


def interpolate_files(
    run: Run,
    first: Annotated[Path, typer.Argument(metavar="A", help="An image.", show_default=False)],
    second: Annotated[Path, typer.Argument(metavar="B", help="Another.", show_default=False)],
    output: Annotated[Path, typer.Option("--output", "-o", metavar="PNG", help="The picture.")] = Path(
        "interpolated.png"
    ),
    steps: Annotated[int, typer.Option("--steps", metavar="N", help="Images on the way, both ends included.")] = 8,
    path: Annotated[
        str | None,
        typer.Option(
            "--path",
            metavar="WAY",
            help="straight, or arc (the default for a Gaussian latent).",
            show_default=False,
        ),
    ] = None,
    fit: Annotated[
        str | None,
        typer.Option(
            "--fit",
            metavar="HOW",
            help="How B gets the size of A: crop, pad or stretch.",
            show_default=False,
        ),
    ] = None,
    memory: Memory = None,
    device: Device = "auto",
    engine: Engine = None,
    as_json: Json = False,
) -> None:
    """Draw the way from one image to another.

    The way leads through the latent space. The picture shows image A, its
    reconstruction, the steps between, the reconstruction of B, and B.
    """
    from diabolo.cli import interrupts, own_images
    from diabolo.printable import printable
    from diabolo.use.interpolate_files import interpolate_files as interpolate_into

    interrupts.leaves_file(output)
    loaded = own_images.open_run(run, engine, device)
    shown = interpolate_into(loaded, first, second, output, steps=steps, path=path, fit=fit, memory=memory)
    if as_json:
        print_json({"target": str(output), "images": shown})
        return
    echo(f"{printable(output)}: {shown} images, the two originals at the ends")
