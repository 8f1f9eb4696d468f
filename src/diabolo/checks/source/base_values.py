"""The abstract values that others are made of: the base class, constants, tensors, functions, things unknown."""

import ast
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from diabolo.checks.source.tape import LayerRecord, Op
from diabolo.graph import Place

if TYPE_CHECKING:
    from diabolo.checks.source.interpreter import Interpreter
    from diabolo.checks.source.values import Call


class Value:
    """Something that a source can compute with; a library's values are subclasses of it.

    Every method has an answer that is right for a value of which nothing is known.
    """

    text: str = ""
    """How messages call it: the name or expression that it was first seen as."""

    def attribute(self, run: "Interpreter", name: str, place: Place | None) -> "Value":
        """`value.name`."""
        return Unknown(text=f"{self.text}.{name}" if self.text else "", sources=(self,))

    def set_attribute(self, run: "Interpreter", name: str, value: "Value", place: Place | None) -> None:
        """`value.name = …`."""
        run.escape(value)

    def call(self, run: "Interpreter", call: "Call") -> "Value":
        """`value(…)`."""
        return run.call_unknown(self, call)

    def item(self, run: "Interpreter", index: "Value", place: Place | None) -> "Value":
        """`value[index]`."""
        return Unknown(text=self.text, sources=(self,))

    def set_item(self, run: "Interpreter", index: "Value", value: "Value", place: Place | None) -> None:
        """`value[index] = …`."""
        run.escape(value)

    def elements(self, run: "Interpreter") -> "list[Value] | None":
        """What a loop over it meets; None where that is not known."""
        return None

    def element(self, run: "Interpreter") -> "Value":
        """What stands for each element, where `elements` is None."""
        return Unknown(text=self.text, sources=(self,))

    def truth(self) -> bool | None:
        """Whether it counts as true; None where that is not known."""
        return None

    def binary(
        self, run: "Interpreter", operator: str, other: "Value", is_left: bool, place: Place | None
    ) -> "Value | None":
        """`self operator other`, or `other operator self` where `is_left` is false; None: no meaning of its own."""
        return None

    def unary(self, run: "Interpreter", operator: str, place: Place | None) -> "Value | None":
        """`operator self`; None: no meaning of its own."""
        return None

    def enter(self, run: "Interpreter") -> "Value":
        """`with value as …:` begins."""
        return self

    def leave(self, run: "Interpreter") -> None:
        """`with value:` ends."""

    def parts(self) -> Iterator["Value"]:
        """The values that it holds."""
        return iter(())


@dataclass(eq=False)
class Constant(Value):
    """A number, string, bool, None, `...`, bytes or slice of constants."""

    value: Any
    text: str = ""

    def truth(self) -> bool | None:
        """Its own truth."""
        return bool(self.value)

    def attribute(self, run: "Interpreter", name: str, place: Place | None) -> Value:
        """A method of a string or number."""
        return run.constant_method(self, name)

    def item(self, run: "Interpreter", index: Value, place: Place | None) -> Value:
        """A character or a slice of a string."""
        if isinstance(index, Constant) and isinstance(self.value, str | bytes):
            try:
                return Constant(self.value[index.value])
            except (IndexError, TypeError, ValueError):
                pass
        return Unknown()

    def elements(self, run: "Interpreter") -> list[Value] | None:
        """The characters of a string."""
        if isinstance(self.value, str) and len(self.value) <= run.MAX_ELEMENTS:
            return [Constant(character) for character in self.value]
        return None


@dataclass(eq=False)
class Unknown(Value):
    """Something of which nothing is known but what it may depend on."""

    text: str = ""
    sources: tuple[Value, ...] = ()
    op: Op | None = None
    """The input that stands for it, once it was used as a tensor."""
    is_undefined: bool = False
    """Whether it is a name that the source never defines: a snippet."""

    def parts(self) -> Iterator[Value]:
        """What it depends on."""
        return iter(self.sources)


@dataclass(eq=False)
class Tensor(Value):
    """The result of an operation; its library says what its attributes and methods mean."""

    op: Op

    @property
    def text(self) -> str:  # type: ignore[override]
        """Its variable, or its class."""
        return self.op.variable or self.op.title

    def attribute(self, run: "Interpreter", name: str, place: Place | None) -> Value:
        """As its library says."""
        return run.library(self.op.origin).tensor_attribute(run, self, name, place)

    def set_attribute(self, run: "Interpreter", name: str, value: Value, place: Place | None) -> None:
        """As its library says."""
        run.library(self.op.origin).set_tensor_attribute(run, self, name, value, place)

    def item(self, run: "Interpreter", index: Value, place: Place | None) -> Value:
        """As its library says."""
        return run.library(self.op.origin).tensor_item(run, self, index, place)

    def set_item(self, run: "Interpreter", index: Value, value: Value, place: Place | None) -> None:
        """Both count as used."""
        run.escape(self)
        run.escape(value)

    def binary(
        self, run: "Interpreter", operator: str, other: Value, is_left: bool, place: Place | None
    ) -> Value | None:
        """An arithmetic operation."""
        return run.library(self.op.origin).tensor_binary(run, self, operator, other, is_left, place)

    def unary(self, run: "Interpreter", operator: str, place: Place | None) -> Value | None:
        """An arithmetic operation."""
        return run.library(self.op.origin).tensor_unary(run, self, operator, place)

    def call(self, run: "Interpreter", call: "Call") -> Value:
        """A tensor cannot be called: whatever is meant, it is used."""
        return run.call_unknown(self, call)


@dataclass(eq=False)
class Native(Value):
    """A function whose meaning is written here: `handler(run, call)`."""

    name: str
    handler: "Callable[[Interpreter, Call], Value]"

    @property
    def text(self) -> str:  # type: ignore[override]
        """Its name."""
        return self.name

    def truth(self) -> bool | None:
        """A function is true."""
        return True

    def call(self, run: "Interpreter", call: "Call") -> Value:
        """What the handler says."""
        return self.handler(run, call)


@dataclass(eq=False)
class Module(Value):
    """A module, or something inside of a known library that has no meaning of its own here: `keras.layers`."""

    path: str

    @property
    def text(self) -> str:  # type: ignore[override]
        """Its dotted path."""
        return self.path

    def attribute(self, run: "Interpreter", name: str, place: Place | None) -> Value:
        """What the libraries know by that path."""
        return run.resolve(f"{self.path}.{name}")

    def truth(self) -> bool | None:
        """A module is true."""
        return True

    def call(self, run: "Interpreter", call: "Call") -> Value:
        """A function that no library knows."""
        return run.call_unknown(self, call)


@dataclass(eq=False)
class Layer(Value):
    """A layer object; libraries derive theirs from it and say what a call does."""

    record: LayerRecord

    @property
    def text(self) -> str:  # type: ignore[override]
        """Its variable, or its class."""
        return self.record.variable or self.record.title

    def truth(self) -> bool | None:
        """An object is true."""
        return True


@dataclass(eq=False, kw_only=True)
class Function(Value):
    """A function or lambda of the source."""

    name: str
    node: "ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda"
    frame: Any
    """Where it was defined."""
    defaults: dict[str, Value] = field(default_factory=dict)
    owner: Any = None
    """The class whose method it is."""
    decorators: tuple[Value, ...] = ()
    num_calls: int = 0

    @property
    def text(self) -> str:  # type: ignore[override]
        """Its name."""
        return self.name

    def truth(self) -> bool | None:
        """A function is true."""
        return True

    def call(self, run: "Interpreter", call: "Call") -> Value:
        """Its body is followed."""
        return run.call_function(self, call)


def is_key(value: object) -> bool:
    """Whether a constant can be a key."""
    return isinstance(value, str | int | float | bool | tuple | type(None))
