"""`nn.Sequential`, `nn.ModuleList`, `nn.ModuleDict`, a bare `nn.Module()`, and sets of parameters."""

from collections.abc import Iterator
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from diabolo.checks.source.classes import Instance
from diabolo.checks.source.torch_layer import TorchClass, TorchLayer
from diabolo.checks.source.torch_spans import begin_span, end_span
from diabolo.checks.source.torch_state import state_of
from diabolo.checks.source.values import (
    NONE,
    Argument,
    Call,
    Constant,
    DictValue,
    ListValue,
    Native,
    Unknown,
    Value,
    tuple_of,
)
from diabolo.graph import Place

if TYPE_CHECKING:
    from diabolo.checks.source.interpreter import Interpreter


class ContainerClass(TorchClass):
    """`nn.Sequential`, `nn.ModuleList`, `nn.ModuleDict`."""

    def make(self, run: "Interpreter", call: Call) -> Value:
        """A container of the modules that it is given."""
        container = Container(kind=self.name, place=call.place, branch=run.branch)
        if not call.is_complete:
            container.items = None
        elif (
            self.name == "Sequential" and len(call.positional) == 1 and isinstance(call.positional[0].value, DictValue)
        ):
            container.take_named(run, call.positional[0].value)
        elif self.name == "Sequential":
            container.take(run, call.values)
        else:
            for argument in call.positional[:1]:
                container.take_all(run, argument.value)
        if run.branch is None:
            run.notes.setdefault("torch containers", []).append(container)
        return container


@dataclass(eq=False, kw_only=True)
class Container(Value):
    """Modules in an order; `items` is None once they are not known."""

    kind: str
    items: dict[str, Value] | None = field(default_factory=dict)
    place: Place | None = None
    variable: str = ""
    branch: object = None
    names: dict[str, Value] = field(default_factory=dict)
    """Attributes that the source sets."""

    @property
    def text(self) -> str:  # type: ignore[override]
        """Its variable, or its class."""
        return self.variable or self.kind

    @property
    def length(self) -> int | None:
        """How many modules it holds, where that is known."""
        return None if self.items is None else len(self.items)

    def named(self, name: str) -> None:
        """Its first name; what it holds is called by it, too."""
        if self.variable:
            return
        self.variable = name
        for key, value in (self.items or {}).items():
            name_module(value, f"{name}[{key}]" if key.isdigit() else f"{name}.{key}")

    def parts(self) -> Iterator[Value]:
        """Its modules."""
        return iter([*(self.items or {}).values(), *self.names.values()])

    def truth(self) -> bool | None:
        """A `ModuleList` is false where it is empty."""
        return None if self.items is None else bool(self.items)

    def elements(self, run: "Interpreter") -> list[Value] | None:
        """Its modules; the names of a `ModuleDict`."""
        if self.items is None:
            return None
        if self.kind == "ModuleDict":
            return [Constant(name) for name in self.items]
        return list(self.items.values())

    def take(self, run: "Interpreter", values: list[Value]) -> None:
        """Adds modules behind the last one."""
        for value in values:
            self.put(run, str(len(self.items or {})), value)

    def take_named(self, run: "Interpreter", value: DictValue) -> None:
        """Adds named modules."""
        if value.entries is None:
            self._lose(run, value)
            return
        for name, item in value.entries.items():
            self.put(run, str(name), item)

    def take_all(self, run: "Interpreter", value: Value) -> None:
        """Adds the modules of a list or dictionary."""
        if isinstance(value, DictValue):
            self.take_named(run, value)
            return
        elements = value.elements(run)
        if elements is None or isinstance(value, Constant):
            self._lose(run, value)
        else:
            self.take(run, elements)

    def put(self, run: "Interpreter", name: str, value: Value) -> None:
        """Adds one module."""
        if self.items is None or self.branch is not run.branch or len(self.items) >= run.MAX_ELEMENTS:
            self._lose(run, value)
            return
        self.items[name] = value
        if self.variable:
            name_module(value, f"{self.variable}[{name}]" if name.isdigit() else f"{self.variable}.{name}")

    def _lose(self, run: "Interpreter", *values: Value) -> None:
        for value in (*values, *self.parts()):
            run.escape(value)
        self.items = None

    def item(self, run: "Interpreter", index: Value, place: Place | None) -> Value:
        """A module by position or name; a slice of them."""
        if self.items is not None and isinstance(index, Constant):
            found = list(self.items.values())
            try:
                if isinstance(index.value, str):
                    return self.items[index.value]
                if isinstance(index.value, slice):
                    part = Container(kind=self.kind, place=self.place, branch=run.branch)
                    part.items = {str(number): value for number, value in enumerate(found[index.value])}
                    return part
                return found[index.value]
            except (KeyError, IndexError, TypeError, ValueError):
                return Unknown(text=self.text)
        self._lose(run)
        return Unknown(text=self.text, sources=(self,))

    def set_item(self, run: "Interpreter", index: Value, value: Value, place: Place | None) -> None:
        """Replaces a module."""
        if self.items is None or not isinstance(index, Constant) or self.branch is not run.branch:
            self._lose(run, value)
            return
        key = index.value
        if isinstance(key, int) and not isinstance(key, bool) and -len(self.items) <= key < len(self.items):
            key = list(self.items)[key]
        self.put(run, str(key), value)

    def attribute(self, run: "Interpreter", name: str, place: Place | None) -> Value:
        """A module by its name, or a method."""
        from diabolo.checks.source.torch_module import attribute_of_module

        if name in self.names:
            return self.names[name]
        if self.items is not None and name in self.items:
            return self.items[name]
        method = getattr(self, f"_do_{name}", None)
        if method is not None:
            return Native(name, method)
        found = attribute_of_module(run, self, name, place)
        return found if found is not None else Unknown(text=f"{self.text}.{name}", sources=())

    def set_attribute(self, run: "Interpreter", name: str, value: Value, place: Place | None) -> None:
        """An attribute of its own."""
        self.names[name] = value

    def _do_append(self, run: "Interpreter", call: Call) -> Value:
        for value in call.values[:1]:
            self.take(run, [value])
        return self

    def _do_extend(self, run: "Interpreter", call: Call) -> Value:
        for value in call.values[:1]:
            self.take_all(run, value)
        return self

    def _do_update(self, run: "Interpreter", call: Call) -> Value:
        return self._do_extend(run, call)

    def _do_insert(self, run: "Interpreter", call: Call) -> Value:
        position, value = call.constant(0), call.value(1)
        if value is None or self.items is None or not isinstance(position, int):
            self._lose(run, *call.values)
            return self
        values = list(self.items.values())
        values.insert(position, value)
        self.items = {str(number): item for number, item in enumerate(values)}
        return self

    def _do_add_module(self, run: "Interpreter", call: Call) -> Value:
        name, value = call.constant(0, "name"), call.value(1, "module")
        if value is not None and isinstance(name, str):
            self.put(run, name, value)
        else:
            self._lose(run, *call.values)
        return NONE

    _do_register_module = _do_add_module

    def _do_forward(self, run: "Interpreter", call: Call) -> Value:
        return self.call(run, call)

    def _do_keys(self, run: "Interpreter", call: Call) -> Value:
        return ListValue(None if self.items is None else [Constant(name) for name in self.items])

    def _do_values(self, run: "Interpreter", call: Call) -> Value:
        return ListValue(None if self.items is None else list(self.items.values()))

    def _do_items(self, run: "Interpreter", call: Call) -> Value:
        if self.items is None:
            return Unknown(text=self.text, sources=(self,))
        return ListValue([tuple_of([Constant(name), value]) for name, value in self.items.items()])

    def call(self, run: "Interpreter", call: Call) -> Value:
        """One after the other."""
        if self.items is None or self.kind != "Sequential" or not call.positional:
            self._lose(run)
            return run.call_unknown(self, call)
        argument, state = call.positional[0], state_of(run)
        span = begin_span(run, self, "forward", call)
        try:
            for value in list(self.items.values()):
                state.is_element = isinstance(value, TorchLayer)
                result = value.call(run, replace(call, positional=(argument,), keywords={}, is_complete=True))
                state.is_element = False
                argument = Argument(value=result, place=None)
        finally:
            end_span(run, span, argument.value)
        return argument.value


@dataclass(eq=False, kw_only=True)
class Bag(Value):
    """A bare `nn.Module()` that the source hangs modules on."""

    names: dict[str, Value] = field(default_factory=dict)
    variable: str = ""

    @property
    def text(self) -> str:  # type: ignore[override]
        """Its variable."""
        return self.variable or "Module"

    def named(self, name: str) -> None:
        """Its first name."""
        self.variable = self.variable or name

    def parts(self) -> Iterator[Value]:
        """What hangs on it."""
        return iter(list(self.names.values()))

    def attribute(self, run: "Interpreter", name: str, place: Place | None) -> Value:
        """What hangs on it."""
        from diabolo.checks.source.torch_module import attribute_of_module

        if name in self.names:
            return self.names[name]
        found = attribute_of_module(run, self, name, place)
        return found if found is not None else Unknown(text=f"{self.text}.{name}")

    def set_attribute(self, run: "Interpreter", name: str, value: Value, place: Place | None) -> None:
        """Hangs something on it."""
        run.name_value(f"{self.text}.{name}", value)
        self.names[name] = value


@dataclass(eq=False, kw_only=True)
class ParameterSet(Value):
    """`model.parameters()`, and each of them."""

    owners: tuple[Value, ...]
    """The modules whose parameters they are."""
    text: str = "parameters"

    def elements(self, run: "Interpreter") -> list[Value] | None:
        """One that stands for all."""
        return [self]

    def attribute(self, run: "Interpreter", name: str, place: Place | None) -> Value:
        """`requires_grad_`; anything else is a number or a tensor that no model depends on."""
        if name == "requires_grad_":
            return Native(name, self._require)
        if name in ("data", "grad"):
            return self
        return Unknown(text=name)

    def _require(self, run: "Interpreter", call: Call) -> Value:
        freeze(run, self.owners, call.constant(0, "requires_grad", default=True))
        return self

    def set_attribute(self, run: "Interpreter", name: str, value: Value, place: Place | None) -> None:
        """`requires_grad = False`."""
        if name == "requires_grad" and isinstance(value, Constant):
            freeze(run, self.owners, value.value)


def freeze(run: "Interpreter", owners: tuple[Value, ...], requires_grad: Any) -> None:
    """Whether the parameters of modules are trained from here on, where it is certain."""
    if run.branch is not None or not isinstance(requires_grad, bool):
        return
    for owner in owners:
        for module in modules_of(owner):
            if isinstance(module, TorchLayer):
                module.record.is_trainable = requires_grad
            elif isinstance(module, Instance):
                module.is_frozen = not requires_grad


def modules_of(value: Value) -> Iterator[Value]:
    """A module and all inside of it, as `modules()` lists them: what hangs in plain lists is not found."""
    seen: set[int] = set()
    waiting = [value]
    while waiting:
        current = waiting.pop(0)
        if id(current) in seen or not is_module(current):
            continue
        seen.add(id(current))
        yield current
        waiting.extend(children_of(current).values())


def children_of(value: Value) -> dict[str, Value]:
    """The modules right inside of a module, by their names."""
    if isinstance(value, Container):
        found: dict[str, Value] = {**(value.items or {}), **value.names}
    elif isinstance(value, Instance):
        found = dict(value.names)
        base = value.notes.get("torch base")
        if isinstance(base, Container):
            found |= base.items or {}
        elif isinstance(base, TorchLayer):
            found["(base)"] = base
    elif isinstance(value, Bag):
        found = value.names
    else:
        found = {}
    return {name: item for name, item in found.items() if is_module(item)}


def is_module(value: Value) -> bool:
    """Whether a value is a module that another one registers."""
    if isinstance(value, Instance):
        return any(isinstance(base, TorchClass) for base in value.cls.libraries())
    return isinstance(value, (TorchLayer, Container, Bag))


def name_module(value: Value, name: str) -> None:
    """Gives a module its first name."""
    if isinstance(value, TorchLayer):
        value.record.variable = value.record.variable or name
    elif isinstance(value, (Container, Bag)):
        value.named(name)
    elif isinstance(value, Instance):
        value.variable = value.variable or name
