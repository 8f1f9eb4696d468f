"""`diabolo draw`: a model as an hourglass."""

from pathlib import Path
from typing import Annotated

import typer

from diabolo.cli.echo import echo
from diabolo.cli.options import Json, Model, print_json, read_input_shape


def draw_model(
    model: Model,
    output: Annotated[
        Path | None,
        typer.Option(
            "--output", "-o", metavar="FILE", help="The SVG file; NAME.svg where none is given.", show_default=False
        ),
    ] = None,
    input_shape: Annotated[
        str | None,
        typer.Option(
            "--input", metavar="HxWxC", help="Image size; 32x32x3 where nothing says otherwise.", show_default=False
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Draw a model as an hourglass, as an SVG file.

    A bar's width is the resolution, its thickness the number of channels. Side branches, whose result is dropped, are
    dashed. Nothing is trained.
    """
    from diabolo.api.draw import draw

    drawing = draw(model, None if input_shape is None else read_input_shape(input_shape))
    target = drawing.save(Path(f"{drawing.name}.svg") if output is None else output)
    if as_json:
        print_json({"name": drawing.name, "line": drawing.line, "file": str(target)})
        return
    echo(f"{drawing.name}: {drawing.line}")
    echo(f"Drawing: {target}")
