"""`Part`: what of an autoencoder is exported, as plain nodes and arrays; no torch."""

import math
from collections.abc import Mapping
from dataclasses import dataclass
from fractions import Fraction
from typing import Literal

import numpy as np
from numpy.typing import NDArray

from diabolo.errors import DiaboloError, clip
from diabolo.graph import ModelGraph, Node
from diabolo.notation import Layer, parse, print_item
from diabolo.vocabulary import KINDS, Shape

PARTS = ("both", "encoder", "decoder")
"""What can be exported: images to images, images to latents, latents to images."""
PartName = Literal["both", "encoder", "decoder"]
Weights = Mapping[str, NDArray[np.float32]]
"""Arrays by node and name, in torch's layout: `conv_1.weight`, `bn_1.moving_mean`."""


@dataclass(frozen=True, kw_only=True)
class Part:
    """A chain of nodes from one value to another, with its weights."""

    name: str
    """One of `PARTS`."""
    graph: ModelGraph
    """The whole model."""
    start: Node
    """The node whose value comes in: the input, or the latent."""
    end: Node
    """The node whose value goes out."""
    nodes: tuple[Node, ...]
    """What is computed, in order; layers of dropped branches are left out."""
    weights: Weights
    """Of all of the model's layers."""

    @property
    def takes_images(self) -> bool:
        """Whether images come in, not latents."""
        return self.name != "decoder"

    @property
    def gives_images(self) -> bool:
        """Whether images come out, not latents."""
        return self.name != "encoder"

    def shape_before(self, node: Node) -> Shape:
        """Shape that reaches a node: (height, width, channels) or (features,)."""
        return self.graph[node.inputs[0]].shape

    def weight(self, node: Node, name: str) -> NDArray[np.float32]:
        """An array of a node's layer."""
        return self.weights[f"{node.name}.{name}"]

    def has_weight(self, node: Node, name: str) -> bool:
        """Whether a node's layer has that array: a convolution may have no `bias`."""
        return f"{node.name}.{name}" in self.weights


def part_of(graph: ModelGraph, weights: Weights, name: str) -> Part:
    """A part of a model.

    Raises:
        DiaboloError: there is no part of that name.
    """
    if name not in PARTS:
        raise DiaboloError(f"`part` (={clip(name)}) must be one of {', '.join(PARTS)}")
    start = graph.latent if name == "decoder" else graph.input.name
    end = graph.latent if name == "encoder" else graph.output
    needed: set[str] = set()
    waiting = [end]
    while waiting:
        current = waiting.pop()
        if current not in needed and current != start:
            needed.add(current)
            waiting.extend(graph[current].inputs)
    nodes = tuple(node for node in graph.nodes if node.name in needed)
    return Part(name=name, graph=graph, start=graph[start], end=graph[end], nodes=nodes, weights=weights)


def takes_any_size(graph: ModelGraph) -> bool:
    """Whether images of other heights and widths fit: no connected layer is flat."""
    return all(len(node.shape) == 3 for node in graph.layers)


def size_multiple(graph: ModelGraph) -> int:
    """Sides of images have to be multiples of this to come back at their size, where `takes_any_size`."""
    reduction = {graph.input.name: Fraction(1)}
    largest = 1
    for node in graph.layers[1:]:
        step = Fraction(node.window.stride).limit_denominator(1000)
        reduction[node.name] = reduction[node.inputs[0]] * step
        largest = math.lcm(largest, reduction[node.name].numerator)
    return largest


def words_of(node: Node) -> str:
    """A node as the line writes it, for messages: `conv64[stride=2]`; the name of a kind that is no word."""
    kind = KINDS.get(node.kind)
    if kind is None:
        return node.kind
    counted = kind.count.name if kind.count is not None else ""
    settings = tuple((name, value) for name, value in node.attributes.items() if name != counted)
    count = node.attributes.get(counted)
    word = print_item(Layer(kind=node.kind, count=count if isinstance(count, int) else None, settings=settings))
    return clip(word)


def line_of(graph: ModelGraph) -> str:
    """The canonical line of a model that has one.

    Raises:
        DiaboloError: the model has none, and nothing could say what a file holds.
    """
    if graph.line is None:
        raise DiaboloError("this model has no line; build it with `diabolo.build`, or load a run")
    return str(parse(graph.line))
