"""What to do about a decoder that does not return to the shape of the image."""

import math

from diabolo.errors import counted
from diabolo.graph.model_graph import ModelGraph, Node


def remedy(graph: ModelGraph) -> str:
    """The likeliest mend, for a graph whose output has another shape than its input; the end of an error message."""
    wanted, got = graph.input_shape, graph[graph.output].shape
    if len(got) != 3:
        return "write `unflatten` after the last `dense`, and the layers that bring the size back"
    if got[:2] == wanted[:2]:
        other = f", or give it images of {counted(got[2], 'channel')}: `--channels {got[2]}` for a folder"
        return f"end it with `conv{wanted[2]}`, or `conv{wanted[2]} sigmoid`{other if got[2] in (1, 3) else ''}"
    return _rounded_up(graph) or _not_padded(graph) or _factor(wanted[:2], got[:2])


def _rounded_up(graph: ModelGraph) -> str | None:
    """For sizes that pooling or striding rounds up: no up-sampling by whole numbers brings them back."""
    for node, before in _maps(graph):
        if node.section == "decoder" or node.window.stride <= 1 or node.attributes.get("pad") == "valid":
            continue
        stride = int(node.window.stride)
        if before[0] % stride or before[1] % stride:
            sizes = f"{before[0]}×{before[1]} up to {node.shape[0]}×{node.shape[1]}"
            return (
                f"`{node.kind}` rounds {sizes}, which does not come back: shrink less often, "
                f"or resize the images to a multiple of {_whole_reduction(graph)}"
            )
    return None


def _whole_reduction(graph: ModelGraph) -> int:
    strides = (int(node.window.stride) for node, _ in _maps(graph) if node.section != "decoder")
    return math.prod(stride for stride in strides if stride > 1)


def _not_padded(graph: ModelGraph) -> str | None:
    if any(node.attributes.get("pad") == "valid" for node in graph.layers):
        return "`pad=valid` cuts the border off; use `pad=same`"
    return None


def _factor(wanted: tuple[int, ...], got: tuple[int, ...]) -> str:
    for times in range(1, 7):  # `up64` is the largest
        factor = 2**times
        if tuple(side * factor for side in got) == wanted:
            many = "one more `up`" if times == 1 else f"{times} more `up`, or one `up{factor}`"
            return f"the decoder needs {many}"
        if tuple(side * factor for side in wanted) == got:
            return (
                "the decoder has one `up` too many" if times == 1 else f"the decoder grows it {factor} times too large"
            )
    return "let the decoder's `up`, `deconv` and `shuffle` grow the map by what the encoder shrinks it"


def _maps(graph: ModelGraph) -> list[tuple[Node, tuple[int, ...]]]:
    """Connected layers that read a map and put one out, each with the shape that reaches it."""
    pairs = [(node, graph[node.inputs[0]].shape) for node in graph.layers if node.inputs]
    return [(node, before) for node, before in pairs if len(before) == len(node.shape) == 3]
