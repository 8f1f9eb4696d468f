"""`diabolo summary`: the table of a model, with what Keras leaves out."""

from typing import Annotated

import typer

from diabolo.cli.echo import echo
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

    Layers that are built and not connected are listed at the end, and count in no total. What `diabolo check` finds
    wrong is said below. Nothing is trained.
    """
    from diabolo.api.preflight import examine_graph, worth_saying
    from diabolo.api.summary import graph_of
    from diabolo.graph import summarise

    shape = None if input_shape is None else read_input_shape(input_shape)
    graph = graph_of(model, shape)
    result, findings = summarise(graph), examine_graph(graph)
    if as_json:
        print_json({**result.to_dict(), "findings": [finding.to_dict() for finding in findings]})
        return
    echo(str(result))
    for line in worth_saying(findings):
        echo(line)
