"""`ModelGraph`: what every front end produces and every rule, summary and builder reads."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from functools import cached_property
from typing import Literal

from diabolo.vocabulary import Shape, Value, Window

Section = Literal["input", "encoder", "bottleneck", "decoder"]
"""The part of an autoencoder that a node belongs to."""


@dataclass(frozen=True, kw_only=True)
class Place:
    """Where a node was written."""

    source: str
    """The line itself, or the name of a file."""
    row: int = 1
    """Line number in a file, from 1."""
    start: int
    """Index of the first character, from 0."""
    end: int
    """Index after the last character."""


@dataclass(frozen=True, kw_only=True)
class Node:
    """One operation of a network."""

    name: str
    """Unique in its graph: `conv_1`, `bn_4`."""
    kind: str
    """A name of the vocabulary, or `input`, `add`."""
    title: str
    """Name in the summary table, as Keras writes it."""
    inputs: tuple[str, ...]
    """Names of the nodes that it reads."""
    shape: Shape
    """What comes out, without the batch axis: (height, width, channels) or (features,)."""
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


@dataclass(frozen=True, kw_only=True)
class ModelGraph:
    """An autoencoder as a graph of named nodes."""

    nodes: tuple[Node, ...]
    """All nodes in an order of execution, each after those that it reads; the first is the input."""
    latent: str
    """Name of the node whose output is the latent."""
    output: str
    """Name of the node whose output is the reconstruction."""
    line: str | None = None
    """The canonical line, where the graph comes from one."""

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
        waiting = [self.output]
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

    def consumers(self, name: str) -> tuple[Node, ...]:
        """Nodes that read the output of `name`."""
        return tuple(node for node in self.nodes if name in node.inputs)
