"""`diabolo sample`: new images out of a variational model."""

from pathlib import Path
from typing import Annotated

import typer

from diabolo.cli.echo import echo
from diabolo.cli.options import Device, Engine, Json, Run, print_json
from diabolo.cli.own_images import Memory


def sample_images(
    run: Run,
    number: Annotated[int, typer.Option("--number", "-n", metavar="N", help="How many.")] = 64,
    output: Annotated[Path, typer.Option("--output", "-o", metavar="PNG", help="The picture.")] = Path("samples.png"),
    seed: Annotated[int, typer.Option("--seed", metavar="N", help="Of the latents that are drawn.")] = 0,
    temperature: Annotated[
        float,
        typer.Option("--temperature", metavar="T", help="Of the latents' spread; below 1: more alike, more typical."),
    ] = 1.0,
    memory: Memory = None,
    device: Device = "auto",
    engine: Engine = None,
    as_json: Json = False,
) -> None:
    """Draw new images from a variational model.

    The model needs `gaussian` last before its decoder. Its decoder is given
    random latents from the unit Gaussian, and the picture shows what it makes
    of them, in rows.
    """
    from diabolo.api.sample import sample
    from diabolo.cli import interrupts, own_images
    from diabolo.printable import printable

    interrupts.leaves_file(output)
    loaded = own_images.open_run(run, engine, device)
    images = sample(loaded, number, output=output, seed=seed, temperature=temperature, memory=memory)
    if as_json:
        print_json({"target": str(output), "images": len(images), "seed": seed, "temperature": temperature})
        return
    echo(f"{printable(output)}: {own_images.count_images(len(images))} of seed {seed}")
