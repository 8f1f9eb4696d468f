"""Converters to ONNX, and what they are handed."""

from collections.abc import Callable
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from diabolo.graph import Node
from diabolo.interop.converters import Converters
from diabolo.interop.part import Part

Convert = Callable[["Writer"], str]
"""Adds the operations of `writer.node` and returns the name of their result."""

ONNX: Converters[Convert] = Converters("ONNX")


class Writer:
    """Collects the operations of an ONNX graph; converters see one node of the model at a time.

    Maps are Float[Tensor, "batch channels height width"], flat values Float[Tensor, "batch features"].
    """

    def __init__(self, part: Part) -> None:
        self.part = part
        self.node: Node = part.start
        self.operations: list[Any] = []
        self.constants: dict[str, NDArray[Any]] = {}
        self.values: dict[str, str] = {}

    @property
    def input(self) -> str:
        """Name of the value that the node reads."""
        return self.values[self.node.inputs[0]]

    @property
    def is_map(self) -> bool:
        """Whether that value has a height and a width."""
        return len(self.part.shape_before(self.node)) == 3

    @property
    def channels(self) -> int:
        """Channels or features of that value."""
        return self.part.shape_before(self.node)[-1]

    def whole(self, name: str) -> int:
        """A whole-number attribute of the node."""
        value = self.node.attributes[name]
        assert isinstance(value, int)
        return value

    def number(self, name: str) -> float:
        """A numeric attribute of the node."""
        value = self.node.attributes[name]
        assert isinstance(value, int | float)
        return float(value)

    def weight(self, name: str, array: NDArray[Any] | None = None) -> str:
        """Name of an array of the node's layer, kept as `conv_1.weight`, perhaps in another form."""
        key = f"{self.node.name}.{name}"
        self.constants[key] = self.part.weight(self.node, name) if array is None else array
        return key

    def constant(self, value: ArrayLike, dtype: Any = np.float32) -> str:
        """Name of a constant."""
        name = f"{self.node.name}/constant_{len(self.constants)}"
        self.constants[name] = np.asarray(value, dtype)
        return name

    def add(self, operation: str, *inputs: str, domain: str = "", **attributes: Any) -> str:
        """Adds an operation with one result, and returns the name of that."""
        from onnx import helper

        result = f"{self.node.name}/{operation}_{len(self.operations)}"
        self.operations.append(
            helper.make_node(operation, list(inputs), [result], name=result, domain=domain, **attributes)
        )
        return result

    def add_two(self, operation: str, *inputs: str, **attributes: Any) -> tuple[str, str]:
        """Adds an operation with two results, and returns their names."""
        from onnx import helper

        name = f"{self.node.name}/{operation}_{len(self.operations)}"
        results = (f"{name}_first", f"{name}_second")
        self.operations.append(helper.make_node(operation, list(inputs), list(results), name=name, **attributes))
        return results

    def by_channel(self, values: NDArray[np.float32]) -> NDArray[np.float32]:
        """One value a channel, in a shape that goes with the node's input."""
        return values.reshape(1, -1, 1, 1) if self.is_map else values.reshape(1, -1)

    def channels_last(self, value: str) -> str:
        """(batch, channels, height, width) -> (batch, height, width, channels); flat values as they are."""
        return self.add("Transpose", value, perm=[0, 2, 3, 1]) if self.is_map else value

    def channels_first(self, value: str) -> str:
        """The inverse of `channels_last`."""
        return self.add("Transpose", value, perm=[0, 3, 1, 2]) if self.is_map else value
