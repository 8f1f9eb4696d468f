"""`Plan`: what a Keras layer is, from its class and plain configuration, without keras and without a source.

Live models and `.keras` files use it as well as source text. A configuration holds plain values by the names of the
class's signature; `UNKNOWN` stands for a value that is given and not known.
"""

import math
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any

from diabolo.vocabulary import Misfit, Shape, Value, Window

UNKNOWN = ...
"""A value that is given and not known."""

Config = Mapping[str, Any]
Shapes = tuple[Shape, ...]


def same_shape(shapes: Shapes) -> Shape:
    """The shape of the first input."""
    return shapes[0] if shapes else ()


def no_parameters(shapes: Shapes) -> tuple[int, int]:
    """Of a layer without weights."""
    return 0, 0


@dataclass(frozen=True, kw_only=True)
class Plan:
    """What a layer does."""

    kind: str
    """As `Node.kind`."""
    attributes: dict[str, Value] = field(default_factory=dict)
    """As `Node.attributes`; what is not known is left out."""
    shape: Callable[[Shapes], Shape] = same_shape
    """Shape of the result from those of the inputs; raises `Misfit` where they do not fit."""
    count: Callable[[Shapes], tuple[int, int]] = no_parameters
    """Trainable and other parameters from the inputs' shapes; 0 where they are not known."""
    window: Window = field(default_factory=Window)
    """As `Node.window`."""
    is_random: bool = False
    """As `Node.is_random`."""
    activation: Any = None
    """The activation that it ends with: a name, `UNKNOWN`, or None."""


Planner = Callable[[Config], Plan]


@dataclass(frozen=True, kw_only=True)
class KerasKind:
    """A class of Keras layers."""

    names: tuple[str, ...]
    """The class's names, the present one first."""
    parameters: tuple[str, ...]
    """Of its signature, in order."""
    plan: Planner
    """What a configuration of it does."""
    is_merge: bool = False
    """Whether it takes a list of tensors."""


def number(config: Config, name: str, default: int | None = None) -> int:
    """A whole number from 1; 0 where it is not known."""
    value = config.get(name, default)
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    return value if isinstance(value, int) and not isinstance(value, bool) and value > 0 else 0


def several(config: Config, name: str, rank: int, default: Any) -> tuple[int, ...]:
    """One whole number a side; 0 where one is not known."""
    value = config.get(name, default)
    if value is None:
        value = default
    if isinstance(value, float) and value.is_integer():
        value = int(value)
    if isinstance(value, int) and not isinstance(value, bool):
        return (value,) * rank
    if isinstance(value, tuple | list):
        sides = tuple(side if isinstance(side, int) and side > 0 else 0 for side in value)
        if len(sides) == rank:
            return sides
        if len(sides) == 1:
            return sides * rank
    return (0,) * rank


def told(config: Config, name: str, default: Any) -> Any:
    """A value, or its default; `UNKNOWN` where it is given and not known."""
    return config.get(name, default)


def attribute_of(sides: tuple[int, ...]) -> Value | None:
    """Sides as an attribute: one number where they are equal; None where one is not known."""
    if not sides or 0 in sides:
        return None
    return sides[0] if len(set(sides)) == 1 else sides


def known(**attributes: Any) -> dict[str, Value]:
    """Attributes without those that are None or not known."""
    return {name: value for name, value in attributes.items() if value is not None and value is not UNKNOWN}


def needs_rank(shape: Shape, rank: int, what: str) -> None:
    """Raises where a shape is known and has another number of axes.

    Raises:
        Misfit: it has.
    """
    if shape and len(shape) != rank:
        if rank == 3:
            raise Misfit(
                f"{what} needs images (height, width, channels), but it gets {shown(shape)}; "
                "put a `Reshape` in front of it"
            )
        raise Misfit(f"{what} needs {rank} axes beside the batch, but it gets {shown(shape)}")


def shown(shape: Shape) -> str:
    """A shape as users read it, `?` for an unknown side."""
    if not shape:
        return "an unknown shape"
    sides = "×".join(str(side) if side else "?" for side in shape)
    return sides if len(shape) > 1 else f"{sides} values"


def volume(shape: Shape) -> int:
    """Number of values; 0 where it is not known."""
    return math.prod(shape) if shape else 0
