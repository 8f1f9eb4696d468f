"""`diabolo decode`: latents as images."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from diabolo.cli.echo import echo
from diabolo.cli.options import Device, Engine, Json, Run, print_json
from diabolo.cli.own_images import Memory

if TYPE_CHECKING:
    from diabolo.use.decode_files import DecodedFile


def decode_files(
    run: Run,
    latents: Annotated[Path, typer.Argument(metavar="LATENTS", help="A file that `encode` wrote.", show_default=False)],
    output: Annotated[Path, typer.Option("--output", "-o", metavar="FOLDER", help="Folder for the images.")] = Path(
        "decoded"
    ),
    memory: Memory = None,
    device: Device = "auto",
    engine: Engine = None,
    as_json: Json = False,
) -> None:
    """Make images of latents.

    Each is as large as the image that its latent came from.
    """
    from diabolo.cli import interrupts, own_images
    from diabolo.cli.data import progress_display
    from diabolo.printable import printable
    from diabolo.use.decode_files import decode_files as decode_into

    interrupts.leaves_images(output, "decoding")
    loaded = own_images.open_run(run, engine, device)
    lines = own_images.Lines(is_silent=as_json)

    def each(one: "DecodedFile") -> None:
        lines.say(f"{printable(one.name)} -> {printable(one.target)}" if one.name else printable(one.target))

    with progress_display() as report:
        done = decode_into(loaded, latents, output, memory=memory, report=report, each=each)
    if as_json:
        print_json({"images": [{"name": one.name or None, "target": str(one.target)} for one in done]})
        return
    lines.close()
    echo(f"{own_images.count_images(len(done))} decoded into {printable(output)}")
