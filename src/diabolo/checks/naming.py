"""How messages call a node: by the name that its writer gave it, by its word on the line, else by its class."""

from collections.abc import Sequence
from dataclasses import replace

from diabolo.graph import ModelGraph, Node


def called(node: Node, *, brief: bool = False) -> str:
    """`` `bnorm1_1` (BatchNormalization) `` where the source has a name for it, else `` `BatchNormalization` ``.

    A node of one of our lines is called by its word there: `` `bn` ``, `` `conv64[k=5]` ``.

    Args:
        node: to be named.
        brief: leaves out the class where there is a name.
    """
    if node.variable:
        return f"`{node.variable}`" if brief else f"`{node.variable}` ({node.title})"
    word = word_of(node)
    if word:
        return f"`{word}`"
    if node.place is not None and node.kind not in ("input", "add"):
        return f"`{node.title}` in row {node.place.row}" if node.place.row > 1 else f"`{node.title}`"
    return f"`{node.name}`" if brief else f"`{node.name}` ({node.title})"


def called_in(graph: ModelGraph, node: Node, *, brief: bool = False) -> str:
    """`called`, with the name of a layer's result also for a convolution whose activation is written into it.

    Of `x = Conv2D(…, activation='relu')(y)` the variable belongs to the activation, but a writer calls the layer so.
    """
    readers = graph.consumers(node.name)
    if not node.variable and len(readers) == 1 and node.place is not None and not word_of(node):
        (reader,) = readers
        if reader.variable and (reader.place, reader.layer) == (node.place, node.layer):
            return called(replace(node, variable=reader.variable), brief=brief)
    return called(node, brief=brief)


def word_of(node: Node) -> str:
    """What stands for a node on one of our lines; empty for nodes from elsewhere."""
    place = node.place
    if place is None or "|" not in place.source:  # every line has a waist, no file name has a `|`
        return ""
    word = place.source[place.start : place.end]
    return word if word.startswith(node.kind) else ""


def listed(names: Sequence[str], *, most: int = 3) -> str:
    """`a`, `a and b`, `a, b and c`, `a, b and 5 more`."""
    if len(names) > most:
        return f"{', '.join(names[: most - 1])} and {len(names) - most + 1} more"
    return " and ".join(filter(None, (", ".join(names[:-1]), *names[-1:])))
