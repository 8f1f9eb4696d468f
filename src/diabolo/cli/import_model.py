"""`diabolo import`: a model that another program trained, as a run."""

from pathlib import Path
from typing import Annotated

import typer

from diabolo.cli.echo import echo
from diabolo.cli.options import Json, print_json, read_input_shape


def import_file(
    file: Annotated[
        Path,
        typer.Argument(
            metavar="FILE", help="A .keras or .h5 model, or a torch state dict (.safetensors, .pt).", show_default=False
        ),
    ],
    out: Annotated[
        Path | None,
        typer.Option("--out", "-o", metavar="RUN", help="Run folder; default runs/<name>.", show_default=False),
    ] = None,
    line: Annotated[
        str | None,
        typer.Option("--line", metavar="MODEL", help="For a state dict: the line of its weights.", show_default=False),
    ] = None,
    map_file: Annotated[
        Path | None,
        typer.Option("--map", metavar="FILE", help="For a state dict: JSON, our names to its.", show_default=False),
    ] = None,
    config: Annotated[
        Path | None,
        typer.Option(
            "--config", metavar="FILE", help="For Keras weights alone: model.to_json() as a file.", show_default=False
        ),
    ] = None,
    input_shape: Annotated[
        str | None,
        typer.Option("--input", metavar="HxWxC", help="Image size, where the file has none.", show_default=False),
    ] = None,
    waist: Annotated[
        str | None,
        typer.Option(
            "--waist", metavar="LAYER", help="For Keras: the layer that gives the latent.", show_default=False
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Make a run of a Keras model, or of a torch state dict.

    Nothing in the file is executed. The run works with every command; `diabolo train --from RUN` trains on from its
    weights.
    """
    from diabolo.api.import_model import import_model
    from diabolo.cli.interrupts import leaves_file
    from diabolo.runs import RunFolder, free_folder

    leaves_file(RunFolder(path=out or free_folder(Path("runs"), file.stem)).record_file)

    done = import_model(
        file,
        out,
        line=line,
        config=config,
        map=map_file,
        input_shape=None if input_shape is None else read_input_shape(input_shape),
        waist=waist,
    )
    run = done.run
    if as_json:
        print_json({"run": str(run.folder.path), "line": run.line, "notes": list(done.notes)})
        return
    for note in done.notes:
        echo(f"note: {note}")
    echo(f"{run.name}: {run.line}")
    echo(f"Run: {run.folder.path}")
