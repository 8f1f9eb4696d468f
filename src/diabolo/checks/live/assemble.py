"""Operations of a live model as a `ModelGraph`: names, sections, the latent."""

from collections.abc import Sequence
from dataclasses import dataclass, replace

from diabolo.checks.live.tape import Entry
from diabolo.graph import ModelGraph, Node, Origin
from diabolo.graph.waist import find_waist


@dataclass(frozen=True, kw_only=True)
class Assembled:
    """A graph and which operation each node was."""

    graph: ModelGraph
    """The graph."""
    names: dict[int, str]
    """Name of the node by `id` of its operation."""


def assemble(
    entries: Sequence[Entry],
    outputs: Sequence[Entry],
    *,
    name: str,
    origin: Origin,
    latent: Entry | None = None,
    idle: tuple[Node, ...] = (),
) -> Assembled:
    """A graph of operations in order of execution.

    Args:
        entries: all operations.
        outputs: those that make the model's results, the reconstruction first.
        name: of the model.
        origin: whose layers these are.
        latent: what the writer's own encoder hands to the decoder, where that is known.
        idle: layers that are never called.
    """
    ordered = sorted(entries, key=lambda entry: entry.kind != "input")
    names: dict[int, str] = {}
    taken: set[str] = set()
    for entry in ordered:
        wanted = entry.variable or entry.kind
        number, free = 1, wanted if entry.variable else f"{wanted}_1"
        while free in taken:
            number += 1
            free = f"{wanted}_{number}"
        taken.add(free)
        names[id(entry)] = free
    nodes = tuple(_node(entry, names) for entry in ordered)
    kept = [names[id(entry)] for entry in ordered if entry.is_kept]
    output = names[id(outputs[0])]
    further = tuple(dict.fromkeys([*(names[id(entry)] for entry in outputs[1:]), *kept]))
    graph = ModelGraph(
        nodes=nodes,
        latent="" if latent is None else names[id(latent)],
        output=output,
        outputs=tuple(other for other in further if other != output),
        name=name,
        origin=origin,
        idle=idle,
    )
    return Assembled(graph=with_waist(graph), names=names)


def with_waist(graph: ModelGraph) -> ModelGraph:
    """The graph with its latent, where that is not known yet, and its nodes divided at it."""
    latent = graph.latent or find_waist(graph.nodes, graph.output)
    behind: set[str] = set()
    for node in graph.nodes:
        if any(name == latent or name in behind for name in node.inputs):
            behind.add(node.name)
    nodes = tuple(replace(node, section="decoder") if node.name in behind else node for node in graph.nodes)
    return replace(graph, nodes=nodes, latent=latent)


def _node(entry: Entry, names: dict[int, str]) -> Node:
    return Node(
        name=names[id(entry)],
        kind=entry.kind,
        title=entry.title,
        inputs=tuple(names[id(source)] for source in entry.inputs),
        shape=entry.shape,
        section="input" if entry.kind == "input" else "encoder",
        attributes=dict(entry.attributes),
        num_trainable=entry.num_trainable,
        num_non_trainable=entry.num_non_trainable,
        window=entry.window,
        is_random=entry.is_random,
        layer=entry.layer,
        variable=entry.variable,
        is_trainable=entry.is_trainable,
        blocks_gradient=entry.blocks_gradient,
    )
