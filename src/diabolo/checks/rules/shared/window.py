"""Receptive fields of graphs that need not come from a line: windows are taken from kernels and strides."""

from diabolo.checks.rules.shared.kinds import POOLS
from diabolo.checks.rules.shared.scale import growth_of, step_of
from diabolo.checks.rules.shared.walk import main_path
from diabolo.graph import ModelGraph, Node
from diabolo.graph.receptive_field import receptive_fields
from diabolo.vocabulary import Window

_POINTWISE = frozenset({
    "input", "bn", "relu", "leaky", "gelu", "silu", "sigmoid", "tanh", "softmax", "elu", "selu", "prelu", "softplus",
    "dropout", "noise", "linear", "gdn", "vq", "fsq", "gaussian",
})  # fmt: skip


_MOST_LAYERS = 500
"""Up to so many layers the fields are followed through every branch, position by position, which takes a while."""


def fields_of(graph: ModelGraph) -> tuple[int, int] | None:
    """Side of the square of pixels that one latent value sees, and one output value; None where that is not known."""
    path = main_path(graph)
    if path is not None and all(len(node.inputs) < 2 and window_of(node) is not None for node in path):
        if graph.latent not in {node.name for node in path}:
            return None
        return _field(path, graph.latent), _field(path, graph.output)
    if graph.origin == "line" and len(graph.layers) < _MOST_LAYERS:
        fields = receptive_fields(graph)
        return fields[graph.latent], fields[graph.output]
    return None


def window_of(node: Node) -> Window | None:
    """How a layer looks at its input; None where that is not known."""
    if node.kind in _POINTWISE:
        return Window()
    if node.kind in ("conv", "depthwise", "dwconv"):
        kernel, dilation = node.attributes.get("k"), node.attributes.get("dilation", 1)
        if isinstance(kernel, int) and isinstance(dilation, int):
            return Window(kernel=dilation * (kernel - 1) + 1, stride=step_of(node))
        return None
    if node.kind in POOLS and isinstance(size := node.attributes.get("size"), int):
        return Window(kernel=size, stride=step_of(node))
    if node.kind == "deconv" and isinstance(kernel := node.attributes.get("k"), int):
        return Window(kernel=kernel, stride=1 / growth_of(node), transposed=True)
    if node.kind in ("up", "shuffle") and growth_of(node) > 1:
        return Window(kernel=growth_of(node), stride=1 / growth_of(node), transposed=True)
    return None


def _field(path: tuple[Node, ...], name: str) -> int:
    """Walks back from a layer: the number of positions that one of its values sees, layer by layer."""
    names = [node.name for node in path]
    seen = 1
    for node in reversed(path[: names.index(name) + 1]):
        window = window_of(node)
        assert window is not None
        if window.transposed:
            growth = round(1 / window.stride)
            seen = (seen + window.kernel - 2) // growth + 1
        else:
            seen = (seen - 1) * round(window.stride) + window.kernel
    return seen
