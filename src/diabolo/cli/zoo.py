"""`diabolo zoo`: the models that come with diabolo."""

import textwrap
from typing import TYPE_CHECKING, Any

import typer

from diabolo.cli.options import Json, print_json

if TYPE_CHECKING:
    from diabolo.graph import ModelGraph
    from diabolo.zoo import ZooModel


def show_zoo(as_json: Json = False) -> None:
    """Show the models that come with diabolo."""
    from diabolo.graph import build_graph, measure
    from diabolo.vocabulary import describe
    from diabolo.zoo import zoo

    models = [(model, build_graph(model.line)) for model in zoo().values()]
    if as_json:
        print_json([_values(model, graph) for model, graph in models])
        return
    for model, graph in models:
        measures = measure(graph)
        typer.echo(
            f"{model.name}: {measures.num_parameters:,} parameters, latent {describe(graph.latent_shape)}, "
            f"{measures.macs / 1e6:.2f} million MACs"
        )
        typer.echo(f"    {model.line}")
        typer.echo(textwrap.indent(textwrap.fill(model.about, 96), "    ") + "\n")


def _values(model: "ZooModel", graph: "ModelGraph") -> dict[str, Any]:
    from diabolo.graph import measure

    measures = measure(graph)
    return {
        "name": model.name,
        "line": graph.line,
        "about": model.about,
        "source": model.source,
        "recipe": model.recipe,
        "total_params": measures.num_parameters,
        "latent_shape": list(graph.latent_shape),
        "macs": measures.macs,
        "unconnected": [node.name for node in graph.unconnected],
    }
