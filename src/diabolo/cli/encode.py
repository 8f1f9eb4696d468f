"""`diabolo encode`: a user's own images as latents."""

from pathlib import Path
from typing import Annotated

import typer

from diabolo.cli.echo import echo
from diabolo.cli.options import Device, Engine, Json, Run, print_json
from diabolo.cli.own_images import Files, Fit, Memory, Workers


def encode_files(
    run: Run,
    files: Files,
    output: Annotated[
        Path, typer.Option("--output", "-o", metavar="FILE", help="Ends in .npz, .npy or .parquet.")
    ] = Path("latents.npz"),
    pool: Annotated[
        str | None,
        typer.Option("--pool", metavar="HOW", help="One vector an image: mean, max or flat.", show_default=False),
    ] = None,
    codes: Annotated[
        str | None,
        typer.Option(
            "--codes",
            metavar="HOW",
            help="Of a quantising bottleneck: its codes, as digits or bytes.",
            show_default=False,
        ),
    ] = None,
    fit: Fit = None,
    memory: Memory = None,
    workers: Workers = None,
    device: Device = "auto",
    engine: Engine = None,
    as_json: Json = False,
) -> None:
    """Write the latents of your own images into a file.

    With them stand the names and sizes of the images.
    """
    from diabolo.cli import interrupts, own_images
    from diabolo.cli.data import progress_display
    from diabolo.printable import printable
    from diabolo.use.encode_files import encode_files as encode_into
    from diabolo.vocabulary import describe

    interrupts.leaves_file(output)
    loaded = own_images.open_run(run, engine, device)
    with progress_display() as report:
        done = encode_into(
            loaded, files, output, pool=pool, codes=codes, fit=fit, memory=memory, workers=workers, report=report
        )
    if as_json:
        print_json(
            {
                "target": str(done.target),
                "images": done.num_images,
                "shape": None if done.shape is None else list(done.shape),
                "skipped": own_images.skipped_json(done.skipped),
            }
        )
        return
    each = "of several shapes" if done.shape is None else f"{describe(done.shape)} each"
    echo(f"{own_images.count_images(done.num_images)} encoded into {printable(output)}, {each}")
    own_images.print_skipped(done.skipped)
