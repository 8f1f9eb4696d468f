"""Classes of the source and their instances: attributes by the order of bases, `super()`, properties, bound methods."""

import ast
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

from diabolo.checks.source.library import LibraryClass
from diabolo.checks.source.values import Argument, Call, Function, Native, Unknown, Value
from diabolo.graph import Place

if TYPE_CHECKING:
    from diabolo.checks.source.interpreter import Interpreter


@dataclass(eq=False, kw_only=True)
class ClassValue(Value):
    """A class of the source."""

    name: str
    node: ast.ClassDef
    bases: tuple[Value, ...]
    names: dict[str, Value] = field(default_factory=dict)
    """What its body defines."""
    annotated: tuple[str, ...] = ()
    """Fields in order, for data classes."""
    is_data: bool = False
    """Whether it is a data class or named tuple: its `__init__` sets the fields."""
    num_instances: int = 0
    place: Place | None = None

    @property
    def text(self) -> str:  # type: ignore[override]
        """Its name."""
        return self.name

    def truth(self) -> bool | None:
        """A class is true."""
        return True

    def lineage(self, _depth: int = 0) -> "Iterator[ClassValue]":
        """The class and those of the source that it derives from, nearest first."""
        yield self
        if _depth < 20:
            for base in self.bases:
                if isinstance(base, ClassValue) and base is not self:
                    yield from base.lineage(_depth + 1)

    def libraries(self) -> list[LibraryClass]:
        """The library classes that it derives from."""
        return [base for cls in self.lineage() for base in cls.bases if isinstance(base, LibraryClass)]

    def has_unknown_base(self) -> bool:
        """Whether it derives from something that is neither of the source nor of a known library."""
        return any(not isinstance(base, ClassValue | LibraryClass) for cls in self.lineage() for base in cls.bases)

    def find(self, name: str, after: "ClassValue | None" = None) -> Value | None:
        """What the class or its bases define by that name; `after`: only behind that class, for `super()`."""
        passed = after is None
        for cls in self.lineage():
            if passed and name in cls.names:
                return cls.names[name]
            passed = passed or cls is after
        return None

    def attribute(self, run: "Interpreter", name: str, place: Place | None) -> Value:
        """A method or constant of the class."""
        found = self.find(name)
        if found is not None:
            if isinstance(found, Function) and _is_decorated(found, "classmethod"):
                return BoundMethod(function=found, instance=self)
            return found
        if name == "__name__":
            from diabolo.checks.source.values import Constant

            return Constant(self.name)
        return super().attribute(run, name, place)

    def set_attribute(self, run: "Interpreter", name: str, value: Value, place: Place | None) -> None:
        """Sets a constant of the class."""
        self.names[name] = value

    def call(self, run: "Interpreter", call: Call) -> Value:
        """A new instance, its `__init__` followed."""
        self.num_instances += 1
        instance = Instance(cls=self, call_made=call, place=call.place)
        run.instances.append(instance)
        run.initialise(instance, call)
        return instance

    def parts(self) -> Iterator[Value]:
        """Nothing: what a class defines is not lost where the class is handed on."""
        return iter(())


@dataclass(eq=False, kw_only=True)
class Instance(Value):
    """An object of a class of the source."""

    cls: ClassValue
    names: dict[str, Value] = field(default_factory=dict)
    """Its attributes."""
    call_made: Call | None = None
    """The call that made it."""
    place: Place | None = None
    variable: str = ""
    """The first name that it is given."""
    num_calls: int = 0
    """How often it was called as a layer or model."""
    is_within: bool = False
    """Whether it was called inside of another model."""
    is_escaped: bool = False
    """Whether it was handed to something that is not followed."""
    is_built: bool = False
    """Whether its `build` was followed."""
    is_frozen: bool = False
    """Whether its parameters are not trained."""
    notes: dict[str, object] = field(default_factory=dict)
    """For its library."""

    @property
    def text(self) -> str:  # type: ignore[override]
        """Its variable, or its class."""
        return self.variable or self.cls.name

    def truth(self) -> bool | None:
        """An object is true."""
        return True

    def parts(self) -> Iterator[Value]:
        """What its attributes hold."""
        return iter(list(self.names.values()))

    def attribute(self, run: "Interpreter", name: str, place: Place | None) -> Value:
        """Its own, its class's, its library's attribute."""
        if name in self.names:
            return self.names[name]
        return self.inherited(run, name, place, None)

    def inherited(self, run: "Interpreter", name: str, place: Place | None, after: ClassValue | None) -> Value:
        """An attribute of its class, or behind `after` for `super()`."""
        found = self.cls.find(name, after)
        if isinstance(found, Function):
            if _is_decorated(found, "staticmethod"):
                return found
            if _is_decorated(found, "classmethod"):
                return BoundMethod(function=found, instance=self.cls)
            bound = BoundMethod(function=found, instance=self)
            if any(_is_decorated(found, word) for word in ("property", "cached_property")):
                return bound.call(run, Call(place=place))
            return bound
        if found is not None:
            return found
        if name == "__class__":
            return self.cls
        for base in self.cls.libraries():
            given = base.instance_attribute(run, self, name, place)
            if given is not None:
                return given
        if name == "__init__":
            return Native("__init__", lambda run, call: run.prepare_bases(self, call))
        return Unknown(text=f"{self.text}.{name}", sources=())

    def set_attribute(self, run: "Interpreter", name: str, value: Value, place: Place | None) -> None:
        """Sets it, and tells the libraries."""
        run.name_value(f"self.{name}" if run.is_self(self) else f"{self.text}.{name}", value)
        self.names[name] = value
        run.hold(value)
        for base in self.cls.libraries():
            base.instance_set(run, self, name, value)

    def call(self, run: "Interpreter", call: Call) -> Value:
        """As its library or its `__call__` says."""
        own = self.cls.find("__call__")
        if isinstance(own, Function):
            return BoundMethod(function=own, instance=self).call(run, call)
        for base in self.cls.libraries():
            result = base.instance_call(run, self, call)
            if result is not None:
                return result
        return run.call_unknown(self, call)

    def item(self, run: "Interpreter", index: Value, place: Place | None) -> Value:
        """Its `__getitem__`."""
        own = self.cls.find("__getitem__")
        if isinstance(own, Function):
            return BoundMethod(function=own, instance=self).call(
                run, Call(positional=(Argument(value=index),), place=place)
            )
        return super().item(run, index, place)

    def enter(self, run: "Interpreter") -> Value:
        """Itself, unless its `__enter__` says otherwise."""
        return self


@dataclass(eq=False, kw_only=True)
class BoundMethod(Value):
    """A method of an instance, or a class method."""

    function: Function
    instance: Value

    @property
    def text(self) -> str:  # type: ignore[override]
        """The method's name."""
        return self.function.name

    def truth(self) -> bool | None:
        """A method is true."""
        return True

    def call(self, run: "Interpreter", call: Call) -> Value:
        """The function with the instance in front."""
        first = Argument(value=self.instance)
        whole = Call(
            positional=(first, *call.positional), keywords=call.keywords, place=call.place,
            is_complete=call.is_complete, function_text=call.function_text,
        )  # fmt: skip
        return run.call_function(self.function, whole)


@dataclass(eq=False, kw_only=True)
class SuperValue(Value):
    """`super()` inside of a method."""

    instance: Instance
    after: ClassValue

    def attribute(self, run: "Interpreter", name: str, place: Place | None) -> Value:
        """An attribute of the classes behind the method's."""
        return self.instance.inherited(run, name, place, self.after)

    def call(self, run: "Interpreter", call: Call) -> Value:
        """`super()(…)` means nothing."""
        return run.call_unknown(self, call)


def _is_decorated(function: Function, word: str) -> bool:
    return any(decorator.text.rpartition(".")[2] == word for decorator in function.decorators)
