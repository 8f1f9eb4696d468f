"""Abstract values, all in one place: what an expression stands for, the arguments of a call, plain Python values."""

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any

from diabolo.checks.source.base_values import (
    Constant,
    Function,
    Layer,
    Module,
    Native,
    Tensor,
    Unknown,
    Value,
    is_key,
)
from diabolo.checks.source.containers import DictValue, ListValue
from diabolo.graph import Place

__all__ = [
    "NONE", "Argument", "Call", "Constant", "DictValue", "Function", "Layer", "ListValue", "Module", "Native",
    "Tensor", "Unknown", "Value", "constant_of", "is_key", "is_none", "plain", "tuple_of",
]  # fmt: skip


@dataclass(frozen=True, kw_only=True)
class Argument:
    """One argument of a call."""

    value: Value
    text: str = ""
    """As it is written."""
    place: Place | None = None
    """Where."""
    parts: tuple[Place, ...] = ()
    """Of a list or tuple that is written out: where each member is."""


@dataclass(frozen=True, kw_only=True)
class Call:
    """The arguments of one call, and where it is written."""

    positional: tuple[Argument, ...] = ()
    keywords: dict[str, Argument] = field(default_factory=dict)
    place: Place | None = None
    """The whole call."""
    is_complete: bool = True
    """False where `*args` or `**kwargs` could not be followed: arguments may be missing."""
    function_text: str = ""
    """The called expression as it is written."""
    arguments_end: Place | None = None
    """The empty place right behind the last argument, where another can be written; None where that is not plain."""

    @property
    def values(self) -> list[Value]:
        """All values."""
        return [argument.value for argument in (*self.positional, *self.keywords.values())]

    def argument(self, position: int | None, *names: str) -> Argument | None:
        """The argument of a position or of one of the names; None where it is not given."""
        for name in names:
            if name in self.keywords:
                return self.keywords[name]
        if position is not None and position < len(self.positional):
            return self.positional[position]
        return None

    def value(self, position: int | None, *names: str) -> Value | None:
        """The value of that argument; None where it is not given."""
        argument = self.argument(position, *names)
        return None if argument is None else argument.value

    def constant(self, position: int | None, *names: str, default: Any = None) -> Any:
        """The argument as a plain Python value; `default` where it is not given or not known."""
        return plain(self.value(position, *names), default)


def plain(value: Value | None, default: Any = None) -> Any:
    """A value as a plain Python value: constants, tuples and lists of constants (as tuples); else `default`."""
    if isinstance(value, Constant):
        return value.value
    if isinstance(value, ListValue) and value.items is not None:
        missing = object()
        items = tuple(plain(item, missing) for item in value.items)
        return default if any(item is missing for item in items) else items
    return default


def tuple_of(values: Sequence[Value]) -> ListValue:
    """A tuple."""
    return ListValue(list(values), is_mutable=False)


def constant_of(value: Any) -> Value:
    """A plain Python value as an abstract one."""
    if isinstance(value, tuple | list):
        return ListValue([constant_of(item) for item in value], is_mutable=isinstance(value, list))
    return Constant(value)


NONE = Constant(None)
"""`None`; compare with `is_none`."""


def is_none(value: Value | None) -> bool:
    """Whether an argument is missing or None."""
    return value is None or (isinstance(value, Constant) and value.value is None)
