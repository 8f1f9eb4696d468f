"""The waist of a graph that does not say where it is: the narrowest place that everything goes through."""

import math
from collections.abc import Sequence

from diabolo.graph.model_graph import Node

_WEIGHTS = ("conv", "deconv", "dense", "conv1d", "conv3d", "depthwise", "dwconv", "module", "recurrent", "unknown")
"""Kinds with weights of their own, or of which nothing is known: the waist lies between two of them."""
_GROWS = ("up", "shuffle", "unflatten", "resize", "reshape", "flatten", "pad")
"""Kinds that begin a decoder where they stand behind the narrowest place."""


def find_waist(nodes: Sequence[Node], output: str) -> str:
    """The name of the node that the latent comes from; empty where there is none, or where shapes are not known.

    Candidates are the nodes that no path from an input to the output goes around, with weights before and behind
    them; of these the ones with the fewest values, and of several in a row the last before the decoder's first layer,
    so that an activation or a normalisation behind a pool belongs to the encoder.

    Args:
        nodes: all nodes, each after those that it reads.
        output: name of the node whose output is the reconstruction.
    """
    by_name = {node.name: node for node in nodes}
    chain = dominators(nodes, output)
    weighted = _weights_before(nodes)
    total = weighted.get(output, 0)
    candidates = [
        node
        for node in (by_name[name] for name in chain)
        if node.kind != "input" and 0 < weighted[node.name] < total and not (node.kind in _GROWS and node.shape == ())
    ]
    sized = [node for node in candidates if node.shape and 0 not in node.shape]
    if not sized or len(sized) != len(candidates):
        return ""
    fewest = min(math.prod(node.shape) for node in sized)
    first = next(index for index, node in enumerate(sized) if math.prod(node.shape) == fewest)
    best = sized[first]
    for node in sized[first + 1 :]:
        if math.prod(node.shape) != fewest or node.kind in _WEIGHTS or node.kind in _GROWS:
            break
        best = node
    return best.name


def dominators(nodes: Sequence[Node], output: str) -> list[str]:
    """Names of the nodes that every path from an input to the output goes through, in order, the output last."""
    by_name = {node.name: node for node in nodes}
    parent: dict[str, str | None] = {}
    depth: dict[str, int] = {}
    for node in nodes:
        sources = [name for name in node.inputs if name in depth and not _is_free(by_name[name], depth)]
        common: str | None = sources[0] if sources else None
        for other in sources[1:]:
            common = _meet(common, other, parent, depth)
        parent[node.name] = common
        depth[node.name] = 0 if common is None else depth[common] + 1
    chain: list[str] = []
    current: str | None = output if output in parent else None
    while current is not None:
        chain.append(current)
        current = parent[current]
    return chain[::-1]


def _is_free(node: Node, depth: dict[str, int]) -> bool:
    """Whether a node depends on no input: random numbers and constants start no path."""
    return node.kind in ("sample", "constant") and not node.inputs


def _meet(one: str | None, other: str | None, parent: dict[str, str | None], depth: dict[str, int]) -> str | None:
    while one is not None and other is not None and one != other:
        if depth[one] >= depth[other]:
            one = parent[one]
        else:
            other = parent[other]
    return one if one == other else None


def _weights_before(nodes: Sequence[Node]) -> dict[str, int]:
    """How many layers with weights lie on the longest path up to each node, itself included."""
    found: dict[str, int] = {}
    for node in nodes:
        before = max((found.get(name, 0) for name in node.inputs), default=0)
        found[node.name] = before + (node.kind in _WEIGHTS)
    return found
