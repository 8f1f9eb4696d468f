"""From a node of the graph to its torch module: every layer family registers its builders here."""

from collections.abc import Callable

from torch import nn

from diabolo.graph import ModelGraph, Node
from diabolo.vocabulary import Attributes, Shape

Builder = Callable[["Request"], nn.Module]


class Request:
    """What a builder needs to know of its node: attributes, the shape that comes in, the whole graph."""

    def __init__(self, node: Node, graph: ModelGraph) -> None:
        self.node = node
        self.graph = graph

    @property
    def attributes(self) -> Attributes:
        """Count and settings of the node by name."""
        return self.node.attributes

    @property
    def input_shape(self) -> Shape:
        """Shape that comes in, channels last, without the batch axis."""
        return self.graph[self.node.inputs[0]].shape

    @property
    def channels(self) -> int:
        """Channels (or features) that come in."""
        return self.input_shape[-1]

    def whole(self, name: str) -> int:
        """A whole-number attribute."""
        value = self.attributes[name]
        assert isinstance(value, int)
        return value

    def number(self, name: str) -> float:
        """A numeric attribute."""
        value = self.attributes[name]
        assert isinstance(value, int | float)
        return float(value)


_BUILDERS: dict[str, Builder] = {}


def builds(kind: str) -> Callable[[Builder], Builder]:
    """Registers the builder of one kind of node; a second one for the same kind is refused."""

    def register(builder: Builder) -> Builder:
        assert kind not in _BUILDERS, f"two builders for {kind}"
        _BUILDERS[kind] = builder
        return builder

    return register


def build_layer(node: Node, graph: ModelGraph) -> nn.Module:
    """The torch module of one node."""
    return _BUILDERS[node.kind](Request(node, graph))


def known_kinds() -> frozenset[str]:
    """Kinds of node that have a builder."""
    return frozenset(_BUILDERS)
