"""Abstract values: what an expression of the source stands for, without anything being executed."""

import ast
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass, field
from typing import TYPE_CHECKING, Any

from diabolo.checks.source.tape import LayerRecord, Op
from diabolo.graph import Place

if TYPE_CHECKING:
    from diabolo.checks.source.interpreter import Interpreter


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
class ListValue(Value):
    """A list, tuple or set; `items` is None once its contents depend on something unknown."""

    items: list[Value] | None
    is_mutable: bool = True
    branch: object = None
    """The uncertain branch that it was made in."""
    text: str = ""

    def parts(self) -> Iterator[Value]:
        """Its items."""
        return iter(self.items or ())

    def attribute(self, run: "Interpreter", name: str, place: Place | None) -> Value:
        """A method of a list."""
        return run.list_method(self, name)

    def elements(self, run: "Interpreter") -> list[Value] | None:
        """Its items."""
        return None if self.items is None else list(self.items)

    def truth(self) -> bool | None:
        """Whether it holds anything."""
        return None if self.items is None else bool(self.items)

    def item(self, run: "Interpreter", index: Value, place: Place | None) -> Value:
        """An item, or a slice of them."""
        if self.items is not None and isinstance(index, Constant):
            try:
                found = self.items[index.value]
            except (IndexError, TypeError, ValueError):
                return Unknown(text=self.text)
            return ListValue(found, self.is_mutable, run.branch) if isinstance(found, list) else found
        run.escape(self)
        return Unknown(text=self.text, sources=(self,))

    def set_item(self, run: "Interpreter", index: Value, value: Value, place: Place | None) -> None:
        """Replaces an item."""
        if not self.change(run, value):
            return
        assert self.items is not None
        if (
            isinstance(index, Constant)
            and isinstance(index.value, int)
            and -len(self.items) <= index.value < len(self.items)
        ):
            self.items[index.value] = value
        else:
            self.lose(run, value)

    def change(self, run: "Interpreter", *added: Value) -> bool:
        """Whether its contents are known and may be changed here; else what is added counts as used."""
        if self.items is not None and self.branch is run.branch and len(self.items) < run.MAX_ELEMENTS:
            return True
        self.lose(run, *added)
        return False

    def lose(self, run: "Interpreter", *added: Value) -> None:
        """From here on its contents are not known."""
        run.escape(self)
        for value in added:
            run.escape(value)
        self.items = None


@dataclass(eq=False)
class DictValue(Value):
    """A dictionary with constant keys; `entries` is None once its contents depend on something unknown."""

    entries: dict[Any, Value] | None
    branch: object = None
    text: str = ""

    def parts(self) -> Iterator[Value]:
        """Its values."""
        return iter((self.entries or {}).values())

    def attribute(self, run: "Interpreter", name: str, place: Place | None) -> Value:
        """A method of a dictionary."""
        return run.mapping_method(self, name)

    def elements(self, run: "Interpreter") -> list[Value] | None:
        """Its keys."""
        return None if self.entries is None else [Constant(key) for key in self.entries]

    def truth(self) -> bool | None:
        """Whether it holds anything."""
        return None if self.entries is None else bool(self.entries)

    def item(self, run: "Interpreter", index: Value, place: Place | None) -> Value:
        """The value of a key."""
        if self.entries is not None and isinstance(index, Constant) and is_key(index.value):
            return self.entries.get(index.value) or Unknown(text=self.text)
        run.escape(self)
        return Unknown(text=self.text, sources=(self,))

    def set_item(self, run: "Interpreter", index: Value, value: Value, place: Place | None) -> None:
        """Sets the value of a key."""
        known = self.entries is not None and isinstance(index, Constant) and is_key(index.value)
        if known and self.branch is run.branch and self.entries is not None and isinstance(index, Constant):
            self.entries[index.value] = value
            return
        run.escape(self)
        run.escape(value)
        self.entries = None


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


def is_key(value: object) -> bool:
    """Whether a constant can be a key."""
    return isinstance(value, str | int | float | bool | tuple | type(None))


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
