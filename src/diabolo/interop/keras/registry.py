"""Converters to Keras source, and what they are handed."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import NDArray

from diabolo.errors import DiaboloError
from diabolo.graph import Node
from diabolo.interop.converters import Converters
from diabolo.interop.part import Part, words_of

Convert = Callable[["SourceWriter"], None]
"""Writes the layers of `writer.node`."""

KERAS: Converters[Convert] = Converters(
    "Keras",
    {
        "lloyd": "its levels are tables by channel, which no layer of Keras holds; export it to ONNX",
        "topk": "which values are kept is chosen among all of an image's, which no layer of Keras does",
    },
)

LayerWeights = dict[str, list[NDArray[np.float32]]]
"""What `set_weights` of each layer takes, by the layer's name."""


class SourceWriter:
    """Collects the lines of a function that builds a Keras model; converters see one node at a time.

    In Keras maps are (batch, height, width, channels). `layer` and `expression` continue from the last result.
    """

    def __init__(self, part: Part) -> None:
        self.part = part
        self.node: Node = part.start
        self.rows: list[str] = []
        self.weights: LayerWeights = {}
        self.names: dict[str, str] = {}
        self.current = ""
        self.uses_operations = False
        self.uses_numpy = False

    def begin(self, node: Node) -> None:
        """Turns to a node."""
        self.node = node
        self.current = self.names[node.inputs[0]]

    def end(self) -> None:
        """The node's value is what was written last."""
        if not self.current_is_variable(self.target):
            self.rows.append(f"{self.target} = {self.current}")
            self.current = self.target
        self.names[self.node.name] = self.current

    def current_is_variable(self, name: str) -> bool:
        """Whether the last result has that name, or needs none of its own."""
        return self.current == name or name == "x"

    @property
    def target(self) -> str:
        """Variable of the node's value: `x`, or its own name where a later layer comes back to it."""
        index = self.part.nodes.index(self.node)
        consumers = [other for other in self.part.graph.consumers(self.node.name) if other in self.part.nodes]
        following = self.part.nodes[index + 1 : index + 2]
        return "x" if consumers in ([], [*following]) else self.node.name

    def layer(self, call: str, *weights: NDArray[np.float32], name: str = "", last: bool = True) -> None:
        """Applies a layer.

        Args:
            call: its construction without a name, as `layers.Conv2D(64, 3, padding="same")`.
            weights: what its `set_weights` takes.
            name: of the layer; the node's by default.
            last: whether its result is the node's.
        """
        name = name or self.node.name
        inside = call[:-1] + (", " if not call.endswith("()") else "") + f'name="{name}")'
        variable = self.target if last else "x"
        self.rows.append(f"{variable} = {inside}({self.current})")
        self.current = variable
        if weights:
            self.weights[name] = [np.ascontiguousarray(array) for array in weights]

    def expression(self, text: str, *, last: bool = True) -> None:
        """Applies an expression in which `{x}` is the last result."""
        variable = self.target if last else "x"
        self.uses_operations = self.uses_operations or "ops." in text
        self.uses_numpy = self.uses_numpy or "np." in text
        self.rows.append(f"{variable} = {text.replace('{x}', self.current)}")
        self.current = variable

    @property
    def shape(self) -> tuple[int, ...]:
        """Shape that reaches the node."""
        return self.part.shape_before(self.node)

    @property
    def is_map(self) -> bool:
        """Whether that is a map."""
        return len(self.shape) == 3

    def whole(self, name: str) -> int:
        """A whole-number attribute of the node."""
        value = self.node.attributes[name]
        assert isinstance(value, int)
        return value

    def setting(self, name: str) -> Any:
        """An attribute of the node."""
        return self.node.attributes[name]

    def weight(self, name: str) -> NDArray[np.float32]:
        """An array of the node's layer, in torch's layout."""
        return self.part.weight(self.node, name)

    def refuse(self, reason: str) -> DiaboloError:
        """The error for a node that Keras has no counterpart of."""
        return DiaboloError(
            f"the model cannot become Keras: `{words_of(self.node)}` ({self.node.name}) has no counterpart there: "
            f"{reason}"
        )


def kernel(array: NDArray[np.float32]) -> NDArray[np.float32]:
    """A kernel in Keras's layout: (k, k, channels, out) of a convolution, (features, units) of a dense layer."""
    return array.transpose((2, 3, 1, 0) if array.ndim == 4 else (1, 0))
