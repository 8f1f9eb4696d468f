"""`diabolo summary`: the table of a model, with what Keras leaves out."""

from typing import Annotated

import typer

from diabolo.cli.options import Json, Model, print_json, read_input_shape


def show_summary(
    model: Model,
    input_shape: Annotated[
        str | None,
        typer.Option(
            "--input", metavar="HxWxC", help="Image size; 32x32x3 where nothing says otherwise.", show_default=False
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Print layers, shapes and parameters of a model.

    Layers that are built and not connected are listed at the end, and count in no total. Nothing is trained.
    """
    from diabolo.api.summary import summary

    shape = None if input_shape is None else read_input_shape(input_shape)
    result = summary(model, shape)
    if as_json:
        print_json(result.to_dict())
    else:
        typer.echo(str(result))
