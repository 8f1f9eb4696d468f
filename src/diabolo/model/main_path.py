"""The main path of a line, which is linear, and the branches beside it, which start at zero."""

from collections.abc import Sequence
from typing import TYPE_CHECKING

import torch
from torch import nn

from diabolo.errors import RecipeError
from diabolo.graph import ModelGraph, Node
from diabolo.layers.convolution import Conv, Deconv
from diabolo.layers.dense import Dense
from diabolo.vocabulary import KINDS, activation, attention, convolution, dense, normalisation, regularisation, sampling

if TYPE_CHECKING:
    from diabolo.model.autoencoder import AutoEncoder

INNER_GAIN = 0.1
"""Of the last weights of a block within a branch; the branch itself starts at zero."""
_REMEDY = "put it into the branch of a `res{…}`, or take another `initialisation`"
_INSTEAD = {
    "pool": "write `unshuffle` and a `conv` after it",
    "avgpool": "write `unshuffle` and a `conv` after it",
    "up": "write a `conv` to four times the channels and `shuffle`",
    "deconv": "write a `conv` and `shuffle`",
    "sigmoid": "leave it out and train with `loss=mse` or `loss=psnr`, or take another `initialisation`",
}
_LINEAR = frozenset({"conv", "dense", "shuffle", "unshuffle", "flatten", "unflatten", "noise", "dropout"})
"""Layers that are linear in evaluation, and can pass on what they get."""
_PLAIN = (activation, attention, convolution, dense, normalisation, regularisation, sampling)
_BOTTLENECKS = KINDS.keys() - {kind.name for family in _PLAIN for kind in family.KINDS}
"""Layers that may stand before the decoder: what they do to the latent is part of what the decoder is fitted to."""
_BEGIN_AT_ZERO = frozenset({"bn", "gn", "ln", "rms", "deconv", "attention"})
"""Layers beside `conv` and `dense` that give zero where their `weight` and `bias` are zero."""
_ZERO_STAYS_ZERO = frozenset({
    "leaky", "gelu", "silu", "tanh", "pool", "avgpool", "up", "shuffle", "unshuffle", "flatten", "unflatten", "dropout",
    "noise", "gdn",
})  # fmt: skip
"""Layers that turn zero into zero and let a gradient through there."""


def main_path(graph: ModelGraph) -> tuple[Node, ...]:
    """The layers from the image to the output where every `res` is only its skip connection, in order.

    Raises:
        RecipeError: one of them is not linear, or a convolution cannot pass on what it gets.
    """
    path = nodes_on_main_path(graph)
    for node in reversed(path):
        _check(node)
    return path


def nodes_on_main_path(graph: ModelGraph) -> tuple[Node, ...]:
    """The same layers, linear or not."""
    return tuple(node for node in _from_image_to_output(graph) if node.kind != "add")


def _from_image_to_output(graph: ModelGraph) -> list[Node]:
    """The layers of the main path, and the sums on it."""
    path: list[Node] = []
    node = graph[graph.output]
    while node.inputs:
        path.append(node)
        node = graph[node.inputs[0]]  # of an `add` the skip connection
    return path[::-1]


def names_in_float32(graph: ModelGraph) -> frozenset[str]:
    """Layers that autocast leaves in float32: the sums of residual blocks, and a linear main path beside branches.

    What flows there carries nearly all of an image. Rounded to the eight bits of bfloat16, it drowns what the branches
    add to it: they are there for the last percents.
    """
    sums = {node.name for node in graph.layers if node.kind == "add"}
    return frozenset(sums | {node.name for node in _linear_beside_branches(graph) if node.kind in ("conv", "dense")})


def _linear_beside_branches(graph: ModelGraph) -> tuple[Node, ...]:
    """The layers of a main path that is linear and has branches beside it; none where it is not, or has none."""
    path = nodes_on_main_path(graph)
    has_branches = any(node.kind == "add" for node in graph.layers)
    return () if not has_branches or any(_problem(node) for node in path) else path


def parameters_on_main_path(model: "AutoEncoder") -> tuple[nn.Parameter, ...]:
    """The parameters of those layers, in order."""
    nodes = nodes_on_main_path(model.graph)
    return tuple(parameter for node in nodes for parameter in model.layers[node.name].parameters())


def matrices(model: "AutoEncoder") -> tuple[nn.Parameter, ...]:
    """The kernels that an optimiser of matrices is for: of convolutions over all channels and of dense layers.

    A linear main path beside branches is not among them: it starts near its best, where most of its directions are
    right, and an equal step in all of them would undo that.
    """
    left_out = {node.name for node in _linear_beside_branches(model.graph)}
    kernels = []
    for name, layer in model.layers.items():
        if name in left_out:
            continue
        if (isinstance(layer, Conv) and layer.groups == 1) or isinstance(layer, Deconv | Dense):
            kernels.append(layer.weight)
    return tuple(kernels)


def waist_on(path: Sequence[Node]) -> int:
    """How many layers of the main path make the latent."""
    return sum(node.section != "decoder" for node in path)


def _check(node: Node) -> None:
    if problem := _problem(node):
        raise RecipeError(f"`initialisation=pca` needs a linear path from image to image, and `{node.name}` {problem}")


def _problem(node: Node) -> str | None:
    """What keeps a layer from standing on a linear main path."""
    is_bottleneck = node.section != "decoder" and node.kind in _BOTTLENECKS
    if node.kind not in _LINEAR and not is_bottleneck:
        return f"is not one that a linear map can start from; {_INSTEAD.get(node.kind, _REMEDY)}"
    if node.kind != "conv":
        return None
    if node.attributes["stride"] != 1:
        stride = node.attributes["stride"]
        return f"has `stride` (={stride}), which skips pixels; write `unshuffle{stride}` before it"
    if node.attributes["groups"] != 1:
        return "has `groups`, which keep channels apart; leave them out"
    if node.attributes["pad"] == "valid" and node.attributes["k"] != 1:
        return "has `pad=valid`, which cuts the border off; use `pad=same`"
    if node.attributes["dilation"] != 1 and int(str(node.attributes["k"])) % 2 == 0:
        return "has `dilation` and an even `k`, so no tap at its centre; use an odd `k`"
    return None


@torch.no_grad()
def quieten_branches(model: "AutoEncoder") -> None:
    """Zeroes the last weights of branches beside the main path; those of blocks within a branch become a tenth.

    So the model starts as its main path, and yet its branches learn from the first steps on.

    Raises:
        RecipeError: a branch has no weights that make it zero, or none that would then learn.
    """
    on_the_path = {node.name for node in _from_image_to_output(model.graph)}
    for node in model.graph.layers:
        if node.kind == "add":
            _scale_branch(model, node, gain=0.0 if node.name in on_the_path else INNER_GAIN)


def _scale_branch(model: "AutoEncoder", block: Node, gain: float) -> None:
    """Multiplies what the branch of a block gives, by its last weights."""
    before, name = _start_of(model.graph, block), block.inputs[1]
    while name != before:
        node = model.graph[name]
        layer = model.layers[name]
        if isinstance(layer, Conv | Dense) or node.kind in _BEGIN_AT_ZERO:
            for attribute in ("weight", "bias"):
                if getattr(layer, attribute, None) is not None:
                    getattr(layer, attribute).mul_(gain)
            return
        if node.kind != "add" and node.kind not in _ZERO_STAYS_ZERO:
            raise RecipeError(
                f"`initialisation=pca` starts the branch of `{block.name}` at zero, where its last layer "
                f"`{node.name}` would not let it learn; end the branch with a `conv` or `dense`"
            )
        if node.kind == "add":
            _scale_branch(model, node, gain)
        name = node.inputs[0]  # of an inner `add` the skip connection
    raise RecipeError(
        f"`initialisation=pca` starts the branch of `{block.name}` at zero, and it has no layer with weights of its "
        "own that could; end the branch with a `conv` or `dense`"
    )


def _start_of(graph: ModelGraph, block: Node) -> str:
    """The node that a residual block reads: the last one that every path into its sum goes through."""
    skip = graph[block.inputs[0]]
    if skip.kind == "conv" and skip.place == block.place and skip.place is not None:
        return skip.inputs[0]
    return skip.name
