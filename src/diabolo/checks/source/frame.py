"""Scopes of names, and how a block ends."""

from dataclasses import dataclass, field
from typing import Any, Literal

from diabolo.checks.source.values import Value


@dataclass(eq=False, kw_only=True)
class Frame:
    """The names of a module, class body or function call."""

    parent: "Frame | None"
    """The scope around it; class bodies are skipped."""
    name: str
    """Of the function, for messages."""
    names: dict[str, Value] = field(default_factory=dict)
    shared: dict[str, "Frame"] = field(default_factory=dict)
    """Names that `global` and `nonlocal` give to other frames."""
    returns: list[Value] = field(default_factory=list)
    """What was returned in branches that may not be taken."""
    yields: list[Value] | None = None
    """What a generator yields; None: not a generator."""
    function: Any = None
    """The function that is followed."""
    is_class: bool = False
    """Whether it is a class body, whose names its methods do not see."""

    def find(self, name: str) -> Value | None:
        """The value of a name, here or in the scopes around."""
        frame: Frame | None = self
        first = True
        while frame is not None:
            if name in frame.shared:
                return frame.shared[name].names.get(name)
            if name in frame.names and (first or not frame.is_class):
                return frame.names[name]
            frame, first = frame.parent, False
        return None

    def bind(self, name: str, value: Value) -> None:
        """Gives a name a value."""
        self.shared.get(name, self).names[name] = value


@dataclass(frozen=True, kw_only=True)
class Signal:
    """How a block ended before its last statement."""

    kind: Literal["return", "break", "continue", "raise"]
    value: Value | None = None
