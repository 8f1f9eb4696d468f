"""`diabolo summary`: the table of a model, with what Keras leaves out."""

from typing import Annotated

import typer

from diabolo.cli.options import Json, Model, print_json, read_shape
from diabolo.errors import DiaboloError


def show_summary(
    model: Model,
    input_shape: Annotated[
        str | None,
        typer.Option("--input", help="Image size, HxWxC; 32x32x3 where nothing says otherwise.", show_default=False),
    ] = None,
    as_json: Json = False,
) -> None:
    """Print the layers, shapes and parameters of a model, and the layers that are not connected."""
    from diabolo.api.summary import summary

    shape = None if input_shape is None else read_shape(input_shape)
    if shape is not None and len(shape) != 3:
        raise DiaboloError(f"`--input {input_shape}`: write height x width x channels, as in 28x28x1")
    result = summary(model, shape)
    if as_json:
        print_json(result.to_dict())
    else:
        typer.echo(str(result))
