"""Walks through a graph: the one layer before, the one behind, all that something depends on."""

from collections.abc import Collection, Iterable, Iterator

from diabolo.graph import ModelGraph, Node


def before(graph: ModelGraph, node: Node, *, passing: Collection[str] = ()) -> Node | None:
    """The node that this one reads, seen through nodes of the kinds `passing`; None where it reads several or none."""
    current = node
    while len(current.inputs) == 1:
        current = graph[current.inputs[0]]
        if current.kind not in passing:
            return current
    return None


def behind(graph: ModelGraph, node: Node, *, passing: Collection[str] = ()) -> Node | None:
    """The only connected node that reads this one, seen through kinds `passing`; None at the output and at forks."""
    current = node
    while True:
        readers = [reader for reader in graph.consumers(current.name) if reader.name in graph.connected]
        if len(readers) != 1 or current.name in (graph.output, *graph.outputs):
            return None
        current = readers[0]
        if current.kind not in passing:
            return current


def ancestors(graph: ModelGraph, names: Iterable[str], *, stops: Collection[str] = ()) -> set[str]:
    """Names of all nodes that these depend on, themselves included; the walk does not go on from nodes in `stops`."""
    reached: set[str] = set()
    waiting = list(names)
    while waiting:
        name = waiting.pop()
        if name in reached:
            continue
        reached.add(name)
        if name not in stops:
            waiting.extend(graph[name].inputs)
    return reached


def descendants(graph: ModelGraph, name: str) -> set[str]:
    """Names of all nodes that depend on one, itself included."""
    reached: set[str] = set()
    waiting = [name]
    while waiting:
        current = waiting.pop()
        if current not in reached:
            reached.add(current)
            waiting.extend(reader.name for reader in graph.consumers(current))
    return reached


def main_path(graph: ModelGraph, end: str = "") -> tuple[Node, ...] | None:
    """From the input to the output through the first input of each node; None where that ends elsewhere."""
    path = [graph[end or graph.output]]
    while path[-1].inputs:
        path.append(graph[path[-1].inputs[0]])
    return tuple(reversed(path)) if path[-1].kind == "input" else None


def pairs(graph: ModelGraph, first: Collection[str], second: Collection[str]) -> Iterator[tuple[Node, Node]]:
    """Connected nodes of the kinds `second` that read one of the kinds `first` and nothing else, with that one."""
    for node in graph.layers:
        if node.kind in second and len(node.inputs) == 1 and graph[node.inputs[0]].kind in first:
            yield graph[node.inputs[0]], node


def is_known(node: Node) -> bool:
    """Whether every side of what comes out of it is known."""
    return bool(node.shape) and all(node.shape)


def dead_end(graph: ModelGraph, end: Node) -> tuple[tuple[Node, ...], Node | None]:
    """The unconnected nodes in a row that end with this one, first to last, and the live node that they hang on."""
    branch = [end]
    while len(branch[-1].inputs) == 1:
        above = graph[branch[-1].inputs[0]]
        if above.name in graph.connected:
            return tuple(reversed(branch)), above
        branch.append(above)
    return tuple(reversed(branch)), None
