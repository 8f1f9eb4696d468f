"""Receptive fields: how many input pixels, side by side, one value of each layer can depend on."""

from collections.abc import Sequence

from diabolo.graph.model_graph import ModelGraph, Node
from diabolo.vocabulary import Shape, Window

Interval = tuple[int, int]
"""First and last index of input pixels along one axis."""


def receptive_fields(graph: ModelGraph) -> dict[str, int]:
    """Side of the square of input pixels that a value of each connected layer sees at most.

    The interval of pixels that every position of every layer sees is followed from the input on, along both axes, as in
    Araujo, Norris & Sim, Computing receptive fields of convolutional neural networks, Distill 2019; but position by
    position, since behind an up-sampling neighbours see intervals of different lengths. Pixels outside the image do
    not count. What group normalisation sees through its statistics is left out.
    """
    rows, columns = (seen_pixels(graph, axis) for axis in (0, 1))
    return {name: max(_longest(rows[name]), _longest(columns[name])) for name in rows}


def seen_pixels(graph: ModelGraph, axis: int) -> dict[str, list[Interval]]:
    """For each connected layer and each position along an axis the pixels seen; for flat layers in any order."""
    size = graph.input_shape[axis]
    seen: dict[str, list[Interval]] = {graph.input.name: [(pixel, pixel) for pixel in range(size)]}
    for node in graph.layers[1:]:
        branches = [_through(node, seen[name], graph[name].shape, axis) for name in node.inputs]
        seen[node.name] = branches[0] if len(branches) == 1 else _joined(branches)
    return seen


def _through(node: Node, before: list[Interval], shape: Shape, axis: int) -> list[Interval]:
    if node.window.everything:
        return [_union(before)] * (1 if len(node.shape) == 1 else node.shape[axis])
    if len(node.shape) == 1 or (len(shape) == 3 and node.window.kernel == 1 and node.window.stride == 1):
        return before
    if len(shape) == 1:  # back from flat values to a map: the map that was flattened, unless its size is another
        return before if len(before) == node.shape[axis] else [_union(before)] * node.shape[axis]
    last_index = len(before) - 1
    after: list[Interval] = []
    for position in range(node.shape[axis]):
        first, last = looks_at(node.window, position, len(before), node.shape[axis])
        first, last = min(max(first, 0), last_index), min(max(last, 0), last_index)
        after.append((before[first][0], before[last][1]))
    return after


def looks_at(window: Window, position: int, size_in: int, size_out: int) -> Interval:
    """First and last input position that an output position looks at, which may lie outside the map.

    Args:
        window: how the layer looks at its input.
        position: of the output, along one axis.
        size_in: positions of the input.
        size_out: positions of the output.
    """
    if window.transposed:
        growth = round(1 / window.stride)
        cut = (window.kernel - growth) // 2  # what a transposed convolution crops at the near border
        return -((window.kernel - 1 - position - cut) // growth), (position + cut) // growth
    stride = round(window.stride)
    padding = max((size_out - 1) * stride + window.kernel - size_in, 0) // 2
    first = position * stride - padding
    return first, first + window.kernel - 1


def _joined(branches: list[list[Interval]]) -> list[Interval]:
    if len({len(branch) for branch in branches}) > 1:  # flat ones, of which one sees everything
        return [_union([interval for branch in branches for interval in branch])]
    return [_union(parts) for parts in zip(*branches, strict=True)]


def _union(parts: Sequence[Interval]) -> Interval:
    return min(first for first, _ in parts), max(last for _, last in parts)


def _longest(intervals: list[Interval]) -> int:
    return max(last - first + 1 for first, last in intervals)
