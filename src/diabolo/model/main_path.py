"""The main path of a line, which is linear, and the branches beside it, which start at zero."""

from collections.abc import Sequence

import torch
from torch import nn

from diabolo.errors import RecipeError
from diabolo.graph import ModelGraph, Node
from diabolo.layers.convolution import Conv
from diabolo.layers.dense import Dense
from diabolo.model.autoencoder import AutoEncoder
from diabolo.vocabulary import KINDS, activation, attention, convolution, dense, normalisation, regularisation, sampling

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
    path: list[Node] = []
    node = graph[graph.output]
    while node.inputs:
        if node.kind != "add":
            path.append(node)
        node = graph[node.inputs[0]]  # of an `add` the skip connection
    return tuple(reversed(path))


def parameters_on_main_path(model: AutoEncoder) -> tuple[nn.Parameter, ...]:
    """The parameters of those layers, in order."""
    nodes = nodes_on_main_path(model.graph)
    return tuple(parameter for node in nodes for parameter in model.layers[node.name].parameters())


def waist_on(path: Sequence[Node]) -> int:
    """How many layers of the main path make the latent."""
    return sum(node.section != "decoder" for node in path)


def _check(node: Node) -> None:
    is_bottleneck = node.section != "decoder" and node.kind in _BOTTLENECKS
    if node.kind not in _LINEAR and not is_bottleneck:
        raise _in_the_way(node, f"is not one that a linear map can start from; {_INSTEAD.get(node.kind, _REMEDY)}")
    if node.kind != "conv":
        return
    if node.attributes["stride"] != 1:
        stride = node.attributes["stride"]
        raise _in_the_way(node, f"has `stride` (={stride}), which skips pixels; write `unshuffle{stride}` before it")
    if node.attributes["groups"] != 1:
        raise _in_the_way(node, "has `groups`, which keep channels apart; leave them out")
    if node.attributes["pad"] == "valid" and node.attributes["k"] != 1:
        raise _in_the_way(node, "has `pad=valid`, which cuts the border off; use `pad=same`")
    if node.attributes["dilation"] != 1 and int(str(node.attributes["k"])) % 2 == 0:
        raise _in_the_way(node, "has `dilation` and an even `k`, so no tap at its centre; use an odd `k`")


def _in_the_way(node: Node, problem: str) -> RecipeError:
    return RecipeError(f"`initialisation=pca` needs a linear path from image to image, and `{node.name}` {problem}")


@torch.no_grad()
def zero_branches(model: AutoEncoder) -> None:
    """Sets the last weights of every branch of a `res` to zero, so that the block starts as its skip connection.

    Raises:
        RecipeError: a branch has no weights that make it zero, or none that would then learn.
    """
    for node in model.graph.layers:
        if node.kind == "add":
            _zero(model, node, node.inputs[1], before=_start_of(model.graph, node))


def _zero(model: AutoEncoder, block: Node, name: str, before: str) -> None:
    """Makes the value of a node zero, whose branch starts from the node `before`."""
    while name != before:
        node = model.graph[name]
        layer = model.layers[name]
        if isinstance(layer, Conv | Dense) or node.kind in _BEGIN_AT_ZERO:
            for attribute in ("weight", "bias"):
                if getattr(layer, attribute, None) is not None:
                    getattr(layer, attribute).zero_()
            return
        if node.kind != "add" and node.kind not in _ZERO_STAYS_ZERO:
            raise RecipeError(
                f"`initialisation=pca` starts the branch of `{block.name}` at zero, where its last layer "
                f"`{node.name}` would not let it learn; end the branch with a `conv` or `dense`"
            )
        name = node.inputs[0]  # of an inner `add` the skip connection: its branch is zero already
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
