"""`diabolo zoo`: the models that come with diabolo."""

import textwrap

import typer

from diabolo.cli.options import Json, print_json


def show_zoo(as_json: Json = False) -> None:
    """Show the models that come with diabolo."""
    from diabolo.graph import build_graph, measure
    from diabolo.zoo import zoo

    models = []
    for model in zoo().values():
        graph = build_graph(model.line)
        measures = measure(graph)
        models.append({
            "name": model.name,
            "line": graph.line,
            "about": model.about,
            "source": model.source,
            "recipe": model.recipe,
            "total_params": measures.num_parameters,
            "latent_shape": list(graph.latent_shape),
            "macs": measures.macs,
            "unconnected": [node.name for node in graph.unconnected],
        })
    if as_json:
        print_json(models)
        return
    for values, model in zip(models, zoo().values(), strict=True):
        latent = "×".join(map(str, values["latent_shape"]))
        typer.echo(
            f"{model.name}: {values['total_params']:,} parameters, latent {latent}, {values['macs'] / 1e6:.2f} million MACs"
        )
        typer.echo(f"    {model.line}")
        typer.echo(textwrap.indent(textwrap.fill(model.about, 96), "    ") + "\n")
