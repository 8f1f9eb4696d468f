"""`ModelGraph`: what every front end produces and every rule, summary and builder reads."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from diabolo.vocabulary import Shape, Value, Window

Section = Literal["input", "encoder", "bottleneck", "decoder"]
"""The part of an autoencoder that a node belongs to."""

Origin = Literal["line", "keras", "torch"]
"""What a graph was read from: our line, Keras (source, file or live), PyTorch (source or live)."""

FOREIGN_KINDS = (
    "add", "subtract", "multiply", "concat", "average", "split", "reshape", "permute", "pad", "crop", "resize",
    "softmax", "elu", "selu", "prelu", "softplus", "linear", "globalpool", "in", "ln", "rms", "gdn", "attention",
    "lambda", "sample", "constant", "conv1d", "conv3d", "depthwise", "recurrent", "embedding", "arithmetic", "module",
    "unknown",
)  # fmt: skip
"""Kinds of operations that models outside of the line's vocabulary hold. `linear` is an activation that does nothing,
`in`, `ln`, `rms` are instance, layer and root-mean-square normalisation, `sample` draws a random latent,
`arithmetic` is an elementwise operation that is none of the others, `module` a sub-model that was not looked into."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a node was written."""

    source: str
    """The line itself, or the name of a file."""
    row: int = 1
    """Line number in a file or notebook cell, from 1."""
    start: int
    """Index of the first character in its row, from 0."""
    end: int
    """Index after the last character in the last row."""
    end_row: int = 0
    """Line number of the last row; 0: the same row."""
    cell: int = 0
    """Number of the notebook cell, from 1; 0: not a notebook."""

    @property
    def last_row(self) -> int:
        """Line number of the last row, from 1."""
        return self.end_row or self.row


@dataclass(frozen=True, kw_only=True)
class Node:
    """One operation of a network."""

    name: str
    """Unique in its graph: `conv_1`, `bn_4`."""
    kind: str
    """A name of the vocabulary, or `input`, `add`; from source text and foreign models also one of `FOREIGN_KINDS`."""
    title: str
    """Name in the summary table, as Keras writes it; for foreign models the layer's class."""
    inputs: tuple[str, ...]
    """Names of the nodes that it reads."""
    shape: Shape
    """What comes out, without the batch axis: (height, width, channels) or (features,). From source text a side may be
    unknown (0), or the whole shape (an empty tuple)."""
    section: Section
    """The part of the autoencoder."""
    attributes: Mapping[str, Value] = field(default_factory=dict)
    """Count and settings with all defaults filled in."""
    num_trainable: int = 0
    """Trainable parameters."""
    num_non_trainable: int = 0
    """Parameters kept and not trained."""
    macs: int = 0
    """Multiply-accumulates an image, forward."""
    window: Window = field(default_factory=Window)
    """How it looks at its input, for the receptive field."""
    bits: float | None = None
    """For a discrete bottleneck: bits an image."""
    is_random: bool = False
    """Whether it draws random numbers in training."""
    place: Place | None = None
    """Where it was written, if known."""
    input_places: tuple[Place | None, ...] = ()
    """Where each of `inputs` is written in the call, if known; empty: not known for any."""
    layer: str = ""
    """The layer object that it calls; nodes of the same layer share their weights. Empty: a layer of its own."""
    variable: str = ""
    """Name that the source gives the result, or the layer in a live model; empty where it has none."""
    overwritten: Place | None = None
    """Where its variable was given another value before anything had read this one."""
    is_trainable: bool = True
    """Whether its parameters are trained: false for frozen layers."""
    blocks_gradient: bool = False
    """Whether no gradient goes through it to what it reads: `detach()`, argmax, rounding, under `no_grad`."""
    is_reached: bool = False
    """Whether a real backward pass gave its parameters a gradient; False where there was none, as in source text."""
    arguments: Mapping[str, Place] = field(default_factory=dict)
    """Where the values of its layer's arguments are written, positional ones by the name of their parameter."""
    arguments_end: Place | None = None
    """The empty place right behind the last argument of its layer, or behind the opening parenthesis where it has none:
    another argument can be written there."""
    statement: Place | None = None
    """The statement that is nothing but this call, so that its result is given no name."""


@dataclass(frozen=True, kw_only=True)
class ModelGraph:
    """An autoencoder as a graph of named nodes."""

    nodes: tuple[Node, ...]
    """All nodes in an order of execution, each after those that it reads; the first is the input."""
    latent: str
    """Name of the node whose output is the latent; empty where a foreign model shows no waist."""
    output: str
    """Name of the node whose output is the reconstruction."""
    line: str | None = None
    """The canonical line, where the graph comes from one."""
    name: str = ""
    """Variable or class name of a model that does not come from a line."""
    origin: Origin = "line"
    """Whose layers these are: they differ in defaults, such as bn's momentum."""
    outputs: tuple[str, ...] = ()
    """Names of further outputs, beside `output`."""
    idle: tuple[Node, ...] = ()
    """Layers that are built and never called: nodes without inputs that stand in no order."""
    place: Place | None = None
    """Where the model itself was written, if known."""

    @cached_property
    def by_name(self) -> dict[str, Node]:
        """Nodes by name."""
        return {node.name: node for node in self.nodes}

    def __getitem__(self, name: str) -> Node:
        return self.by_name[name]

    @property
    def input(self) -> Node:
        """The input node."""
        return self.nodes[0]

    @property
    def input_shape(self) -> Shape:
        """(height, width, channels) of the images."""
        return self.input.shape

    @property
    def latent_shape(self) -> Shape:
        """Shape of the latent."""
        return self[self.latent].shape

    @cached_property
    def connected(self) -> frozenset[str]:
        """Names of the nodes that the output depends on."""
        reached: set[str] = set()
        waiting = [self.output, *self.outputs]
        while waiting:
            name = waiting.pop()
            if name not in reached:
                reached.add(name)
                waiting.extend(self[name].inputs)
        return frozenset(reached)

    @cached_property
    def unconnected(self) -> tuple[Node, ...]:
        """Nodes that are built and whose result never reaches the output, in order."""
        return tuple(node for node in self.nodes if node.name not in self.connected)

    @cached_property
    def layers(self) -> tuple[Node, ...]:
        """Connected nodes in order, input included."""
        return tuple(node for node in self.nodes if node.name in self.connected)

    @cached_property
    def _readers(self) -> dict[str, tuple[Node, ...]]:
        found: dict[str, list[Node]] = {}
        for node in self.nodes:
            for name in dict.fromkeys(node.inputs):
                found.setdefault(name, []).append(node)
        return {name: tuple(readers) for name, readers in found.items()}

    def consumers(self, name: str) -> tuple[Node, ...]:
        """Nodes that read the output of `name`, in order."""
        return self._readers.get(name, ())
