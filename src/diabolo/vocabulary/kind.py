"""What a layer name of the line means without torch: its count, its settings, and what it does to a shape."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass

Shape = tuple[int, ...]
"""(height, width, channels) of a map, or (features,) of a flat tensor; the batch axis is left out."""

Value = int | float | bool | str | tuple[int, ...]
Attributes = Mapping[str, Value]
"""A layer's count and settings with all defaults filled in, by name."""


class Misfit(Exception):  # noqa: N818, the word of the messages, never seen outside
    """Raised by an `infer` function: the layer cannot take this shape. The text says the rule and the remedy."""


@dataclass(frozen=True, kw_only=True)
class Setting:
    """One `name=value` inside the square brackets of a layer."""

    name: str
    """Name as written on the line."""
    default: Value
    """Value when the setting is not written; its type is the setting's type."""
    meaning: str
    """What it does, for the help text."""
    choices: tuple[str, ...] = ()
    """For words: the allowed ones."""
    minimum: float | None = None
    """For numbers: the smallest allowed value."""
    maximum: float | None = None
    """For numbers: the largest allowed value."""


@dataclass(frozen=True, kw_only=True)
class Count:
    """The whole number that follows a layer's name, as in `conv64`."""

    name: str
    """What it counts, as an attribute name: `channels`, `size`, `groups`…"""
    default: int | None = None
    """Value when no number is written; None: a number must be written."""
    minimum: int = 1
    """The smallest allowed value."""
    maximum: int = 1_000_000
    """The largest allowed value."""


@dataclass(frozen=True, kw_only=True)
class Window:
    """How output positions look at input positions, for the receptive field; padded as Keras's 'same'."""

    kernel: int = 1
    """Side of the window, dilation included: in input positions, or in output positions where `transposed`."""
    stride: float = 1.0
    """Input positions from one output position to the next: 2 for a pool, 0.5 for an up-sampling by 2."""
    transposed: bool = False
    """Whether it grows the map as a transposed convolution does, where a value is spread over `kernel` positions."""
    everything: bool = False
    """Whether each output value sees the whole input (dense layers)."""


@dataclass(frozen=True, kw_only=True)
class Effect:
    """What a layer does to a shape and what it costs."""

    shape: Shape
    """Shape that comes out."""
    num_trainable: int = 0
    """Trainable parameters, counted as Keras counts them."""
    num_non_trainable: int = 0
    """Parameters that are kept and not trained (moving averages, codebooks)."""
    macs: int = 0
    """Multiply-accumulates an image of convolutions and dense layers, forward."""
    window: Window = Window()
    """Its share of the receptive field."""
    bits: float | None = None
    """For a discrete bottleneck: bits an image that its codes take."""


@dataclass(frozen=True, kw_only=True)
class LayerKind:
    """A layer name of the line."""

    name: str
    """Name on the line."""
    title: str
    """Name in the summary table, as Keras writes it."""
    meaning: str
    """One line for the help text."""
    infer: Callable[[Shape, Attributes], Effect]
    """Shape rule; raises `Misfit`."""
    count: Count | None = None
    """The number after the name; None: the name takes no number."""
    settings: tuple[Setting, ...] = ()
    """What may stand in the square brackets, in printing order."""
    is_random: bool = False
    """Whether it draws random numbers in training."""

    def setting(self, name: str) -> Setting | None:
        """The setting of that name, or None."""
        return next((setting for setting in self.settings if setting.name == name), None)


def require_map(shape: Shape, remedy: str) -> tuple[int, int, int]:
    """The shape as (height, width, channels), or a `Misfit` for a flat one."""
    if len(shape) != 3:
        raise Misfit(f"needs an image-like input (height, width, channels), but it gets {describe(shape)}; {remedy}")
    return shape[0], shape[1], shape[2]


def describe(shape: Shape) -> str:
    """A shape as users read it: `32×32×3`, or `128 values`."""
    return "×".join(map(str, shape)) if len(shape) != 1 else f"{shape[0]} values"
