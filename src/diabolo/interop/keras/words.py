"""`Word`: a layer of the line with the Keras weights that it keeps; `Call`: the Keras layer that becomes one."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from diabolo.errors import DiaboloError, clip
from diabolo.graph import Node
from diabolo.interop.keras.layer_list import StoredLayer
from diabolo.notation import Layer
from diabolo.vocabulary import Shape, Value

Arrays = dict[str, NDArray[np.float32]]


@dataclass(frozen=True, kw_only=True)
class Further:
    """A second Keras layer whose weights one layer of the line takes."""

    stored: StoredLayer
    """The layer."""
    names: tuple[str, ...]
    """As of `Word`."""
    shapes: tuple[tuple[int, ...], ...]
    """As of `Word`."""


@dataclass(frozen=True, kw_only=True)
class Word:
    """One layer of the line and where its weights come from."""

    layer: Layer
    """The layer."""
    stored: StoredLayer | None = None
    """The Keras layer whose weights it takes; None where it has none."""
    names: tuple[str, ...] = ()
    """Keras's names of those, in the order that they are kept; `query/kernel` of a layer inside of the layer."""
    shapes: tuple[tuple[int, ...], ...] = ()
    """Their shapes."""
    further: Further | None = None
    """A second Keras layer, whose arrays come behind those of the first."""
    take: Callable[[Sequence[NDArray[np.float32]]], Arrays] = field(default=lambda arrays: {}, repr=False)
    """Keras's arrays -> ours by name, in torch's layout."""
    note: str = ""
    """What a user must know of it."""


@dataclass(frozen=True, kw_only=True)
class Call:
    """A node of the Keras model with all that is known of its layer."""

    node: Node
    """The node."""
    before: Shape
    """Shape that reaches it."""
    stored: StoredLayer | None
    """Its layer in the file."""

    def get(self, name: str, default: Any = None) -> Any:
        """An argument of the layer as the file has it."""
        return default if self.stored is None else self.stored.config.get(name, default)

    def number(self, name: str) -> int:
        """A whole-number attribute, from 1, that is the same for height and width."""
        value = self.node.attributes.get(name)
        if not isinstance(value, int) or isinstance(value, bool) or value < 1:
            raise self.refuse(f"`{name}` is not one whole number from 1 (it is {clip(repr(value))})")
        return value

    def real(self, name: str) -> float:
        """A numeric attribute."""
        value = self.node.attributes.get(name)
        if not isinstance(value, int | float) or isinstance(value, bool):
            raise self.refuse(f"`{name}` is not known")
        return float(value)

    def refuse(self, reason: str) -> DiaboloError:
        """The error for a layer without a counterpart."""
        path = self.node.name if self.stored is None else self.stored.path
        return DiaboloError(f"`{clip(path)}` ({clip(self.node.title)}) has no counterpart on the line: {reason}")


def word(kind: str, count: int | None = None, **settings: Value) -> Layer:
    """A layer of the line."""
    return Layer(kind=kind, count=count, settings=tuple(settings.items()))
