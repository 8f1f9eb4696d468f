"""Small graphs and subjects made by hand, for what no front end is needed for."""

from typing import Any

from diabolo.checks import Images, LossTerm, Subject, Training
from diabolo.graph import ModelGraph, Node, Origin, Place


def place(row: int, start: int = 0, end: int = 4) -> Place:
    return Place(source="model.py", row=row, start=start, end=end)


def chain(
    *layers: tuple[str, dict[str, Any]], origin: Origin = "keras", name: str = "model", **fields: Any
) -> ModelGraph:
    """A model of layers in a row, one row of source each, from an input of 32×32×3 on.

    Args:
        layers: kind and fields of each node.
        origin: whose layers they are.
        name: of the model.
        fields: of the graph.
    """
    nodes = [
        Node(name="input", kind="input", title="Input", inputs=(), shape=(32, 32, 3), section="input", place=place(1))
    ]
    for number, (kind, values) in enumerate(layers, 2):
        given: dict[str, Any] = {
            "name": f"{kind}_{number}",
            "title": kind.capitalize(),
            "inputs": (nodes[-1].name,),
            "shape": nodes[-1].shape,
            "section": "encoder",
            "place": place(number),
            **values,
        }
        nodes.append(Node(kind=kind, **given))
    graph: dict[str, Any] = {"latent": "", "output": nodes[-1].name, **fields}
    return ModelGraph(nodes=tuple(nodes), origin=origin, name=name, **graph)


def trained(graph: ModelGraph, *losses: LossTerm, **fields: Any) -> Subject:
    """A model and its training."""
    training = Training(graph=graph.name, losses=losses, place=place(90), **fields)
    return Subject(source="model.py", text="", graphs=(graph,), trainings=(training,))


def codes(subject: Subject) -> list[str]:
    """Codes of all findings, with their severities' first letters: `E AE101`."""
    from diabolo.checks import diagnose

    return [f"{finding.severity[0].upper()} {finding.code}" for finding in diagnose(subject)]


X = Images(text="x_train", split="train", low=0, high=1, num_images=50_000)
