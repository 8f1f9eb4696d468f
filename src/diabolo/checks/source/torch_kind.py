"""What a PyTorch layer class means without PyTorch: parameters, weights, and what it does to a tensor's sizes."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field

from diabolo.vocabulary import Shape, Value, Window

Dims = tuple[int, ...]
"""Sizes of a tensor as PyTorch orders them, (batch, channels, height, width); `BATCH` where it is the number of images,
0 where a size is unknown; empty where not even their number is known."""

BATCH = -1_000_003
"""Stands in `Dims` for the number of images in a batch, which no model should depend on; never a size, nor PyTorch's -1
for 'whatever is left'."""

Settings = Mapping[str, object]
"""Arguments of a layer with its defaults filled in; what could not be read of the source is absent."""

REQUIRED = object()
"""Stands for the default of a parameter that has none."""


@dataclass(frozen=True, kw_only=True)
class TorchKind:
    """A layer class of PyTorch."""

    kind: str
    """Its name in the vocabulary, or one of the foreign kinds."""
    parameters: tuple[tuple[str, object], ...] = ()
    """Names and defaults of its parameters, in order; `REQUIRED` where there is no default."""
    dims: Callable[[Dims, Settings], Dims] = field(default=lambda dims, settings: dims)
    """Sizes that come out; raises `Misfit` where the layer cannot take the input."""
    attributes: Callable[[Settings], dict[str, Value]] = field(default=lambda settings: {})
    """Count and settings by the vocabulary's names."""
    weights: Callable[[Dims, Settings], tuple[int, int]] = field(default=lambda dims, settings: (0, 0))
    """Trained parameters and values that are kept without being trained; input sizes matter to lazy classes alone."""
    window: Callable[[Settings], Window] = field(default=lambda settings: Window())
    """Its share of the receptive field."""
    macs: Callable[[Dims, Settings], int] = field(default=lambda dims, settings: 0)
    """Multiply-accumulates an image, from the sizes that come out; 0 where they are unknown."""
    is_random: bool = False
    """Whether it draws random numbers in training."""

    def settings(self, given: Settings) -> dict[str, object]:
        """Defaults with what is given written over them."""
        return {name: default for name, default in self.parameters if default is not REQUIRED} | dict(given)


def shape_of(dims: Dims) -> Shape:
    """Sizes as a graph says them: without the batch, channels last; empty where the batch does not come first."""
    if len(dims) < 2 or dims[0] != BATCH or BATCH in dims[1:]:
        return ()
    return (*dims[2:], dims[1]) if len(dims) != 3 else dims[1:]


def dims_of(shape: Shape) -> Dims:
    """Sizes of a batch of images from (height, width, channels)."""
    return (BATCH, shape[-1], *shape[:-1])


def number(settings: Settings, name: str) -> int | None:
    """An argument that is a whole number, or a tuple of equal ones; None where it is not known."""
    value = settings.get(name)
    if isinstance(value, (tuple, list)) and value and all(item == value[0] for item in value):
        value = value[0]
    return value if isinstance(value, int) and not isinstance(value, bool) else None


def numbers(settings: Settings, name: str, rank: int) -> tuple[int, ...] | None:
    """An argument with a whole number an axis, or one for all of them; None where it is not known."""
    value = settings.get(name)
    if isinstance(value, int) and not isinstance(value, bool):
        return (value,) * rank
    if isinstance(value, (tuple, list)):
        if len(value) == 1:
            value = tuple(value) * rank
        if len(value) == rank and all(isinstance(item, int) for item in value):
            return tuple(value)
    return None


def is_on(settings: Settings, name: str) -> bool | None:
    """An argument that is true or false; None where it is not known."""
    value = settings.get(name)
    return value if isinstance(value, bool) else None


def known(**values: object) -> dict[str, Value]:
    """Attributes without those that are not known."""
    found: dict[str, Value] = {}
    for name, value in values.items():
        if isinstance(value, (tuple, list)) and value and all(isinstance(item, int) for item in value):
            found[name] = value[0] if len(set(value)) == 1 else tuple(value)
        elif isinstance(value, (int, float, bool, str)):
            found[name] = value
    return found
