"""What Python's built-in functions do with abstract values."""

import math
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from diabolo.checks.source import operators
from diabolo.checks.source.values import (
    NONE,
    Call,
    Constant,
    DictValue,
    ListValue,
    Native,
    Unknown,
    Value,
    constant_of,
    is_key,
    plain,
    tuple_of,
)

if TYPE_CHECKING:
    from diabolo.checks.source.interpreter import Interpreter

Handler = Callable[["Interpreter", Call], Value]

_LONGEST_RANGE = 10_000


def _range(run: "Interpreter", call: Call) -> Value:
    ends = [plain(value) for value in call.values]
    if not ends or len(ends) > 3 or not all(isinstance(end, int) for end in ends) or (len(ends) == 3 and not ends[2]):
        return Unknown(text="range")
    numbers = range(*ends)
    if len(numbers) > _LONGEST_RANGE:
        return Unknown(text="range")
    return ListValue([Constant(number) for number in numbers], is_mutable=False)


def _len(run: "Interpreter", call: Call) -> Value:
    value = call.value(0)
    has_length = hasattr(value, "length")
    elements = value.elements(run) if value is not None and not has_length else None
    if elements is None:
        size = getattr(value, "length", None)
        return Constant(size) if isinstance(size, int) else Unknown(text=f"len({value.text})" if value else "len")
    return Constant(len(elements))


def _enumerate(run: "Interpreter", call: Call) -> Value:
    value = call.value(0, "iterable")
    start = call.constant(1, "start", default=0)
    elements = value.elements(run) if value is not None else None
    if elements is None or not isinstance(start, int):
        return Endless([Unknown(text="index"), value.element(run) if value is not None else Unknown()])
    return ListValue([tuple_of([Constant(start + index), item]) for index, item in enumerate(elements)])


class Endless(Value):
    """Tuples of which it is not known how many there are: what `enumerate` and `zip` give of something unknown."""

    def __init__(self, items: list[Value]) -> None:
        self.items = items

    def element(self, run: "Interpreter") -> Value:
        """One of the tuples."""
        return tuple_of(self.items)

    def parts(self) -> Any:
        """What the tuples hold."""
        return iter(self.items)


def _zip(run: "Interpreter", call: Call) -> Value:
    columns = [value.elements(run) for value in call.values]
    known = [column for column in columns if column is not None]
    if len(known) != len(columns) or not known:
        return Endless([value.element(run) for value in call.values])
    return ListValue([tuple_of(items) for items in zip(*known, strict=False)])


def _reversed(run: "Interpreter", call: Call) -> Value:
    value = call.value(0)
    elements = value.elements(run) if value is not None else None
    return ListValue(None if elements is None else elements[::-1], branch=run.branch)


def make_list(run: "Interpreter", call: Call) -> Value:
    """`list(…)`."""
    value = call.value(0)
    if value is None:
        return ListValue([], branch=run.branch)
    elements = value.elements(run)
    if elements is None:
        return Unknown(text=value.text, sources=(value,))
    return ListValue(elements, branch=run.branch)


def _tuple(run: "Interpreter", call: Call) -> Value:
    value = call.value(0)
    elements = value.elements(run) if value is not None else []
    if elements is None:
        return Unknown(text=value.text if value else "", sources=(value,) if value else ())
    return ListValue(elements, is_mutable=False)


def _sorted(run: "Interpreter", call: Call) -> Value:
    value = call.value(0)
    elements = value.elements(run) if value is not None else None
    numbers = [plain(item, ...) for item in elements] if elements is not None else [...]
    if call.keywords.get("key") is not None or any(number is ... for number in numbers):
        return ListValue(None) if elements is None else Unknown(sources=(value,) if value else ())
    try:
        return constant_of(sorted(numbers, reverse=bool(call.constant(None, "reverse", default=False))))
    except TypeError:
        return Unknown()


def make_dict(run: "Interpreter", call: Call) -> Value:
    """`dict(…)`."""
    entries: dict[Any, Value] = {}
    first = call.value(0)
    if isinstance(first, DictValue) and first.entries is not None:
        entries.update(first.entries)
    elif first is not None:
        pairs = first.elements(run)
        if pairs is None:
            return Unknown(sources=(first,))
        for pair in pairs:
            both = pair.elements(run)
            key = plain(both[0], ...) if both is not None and len(both) == 2 else ...
            if key is ... or both is None or not is_key(key):
                return Unknown(sources=(first,))
            entries[key] = both[1]
    if not call.is_complete:
        return DictValue(None)
    entries.update({name: argument.value for name, argument in call.keywords.items()})
    return DictValue(entries, branch=run.branch)


def numeric(function: Callable[..., Any]) -> Handler:
    """A function of plain numbers, as one of abstract values."""

    def handler(run: "Interpreter", call: Call) -> Value:
        values = [plain(value, ...) for value in call.values]
        if any(value is ... or (isinstance(value, str) and len(value) > 100) for value in values) or call.keywords:
            return Unknown(sources=tuple(value for value in call.values if not isinstance(value, Constant)))
        try:
            return constant_of(function(*values))
        except (TypeError, ValueError, ArithmeticError, IndexError):
            return Unknown()

    return handler


def _sum(run: "Interpreter", call: Call) -> Value:
    value = call.value(0)
    elements = value.elements(run) if value is not None else None
    if elements is None:
        return Unknown(sources=(value,) if value else ())
    total: Value = call.value(1, "start") or Constant(0)
    for item in elements:
        if isinstance(total, Constant) and total.value == 0 and not isinstance(item, Constant):
            total = item
        else:
            total = operators.binary(run, "+", total, item, call.place)
    return total


def _isinstance(run: "Interpreter", call: Call) -> Value:
    from diabolo.checks.source.classes import ClassValue, Instance

    value, wanted = call.value(0), call.value(1)
    if value is not None and wanted is not None and hasattr(value, "is_instance"):
        answers = [value.is_instance(part) for part in (wanted.elements(run) or [wanted])]
        return Constant(True) if True in answers else Unknown() if None in answers else Constant(False)
    names = {part.text for part in (wanted.elements(run) or [wanted])} if wanted is not None else set()
    known = {"int": int, "float": float, "str": str, "bool": bool, "list": list, "tuple": tuple, "dict": dict}
    if isinstance(value, Constant | ListValue | DictValue) and names and names <= set(known):
        kind: type = (
            type(value.value)
            if isinstance(value, Constant)
            else dict
            if isinstance(value, DictValue)
            else (list if value.is_mutable else tuple)
        )
        return Constant(any(issubclass(kind, known[name]) for name in names))
    if isinstance(value, Instance) and isinstance(wanted, ClassValue):
        return Constant(any(cls is wanted for cls in value.cls.lineage()))
    return Unknown()


def _getattr(run: "Interpreter", call: Call) -> Value:
    value, name = call.value(0), call.constant(1)
    if value is None or not isinstance(name, str):
        run.escape(value)
        return Unknown()
    return value.attribute(run, name, call.place)


def _setattr(run: "Interpreter", call: Call) -> Value:
    value, name, new = call.value(0), call.constant(1), call.value(2)
    if value is not None and isinstance(name, str) and new is not None:
        value.set_attribute(run, name, new, call.place)
    else:
        for given in call.values:
            run.escape(given)
    return NONE


def _hasattr(run: "Interpreter", call: Call) -> Value:
    from diabolo.checks.source.classes import Instance

    value, name = call.value(0), call.constant(1)
    if isinstance(value, Instance) and isinstance(name, str):
        if name in value.names or value.cls.find(name) is not None:
            return Constant(True)
        return Unknown() if value.cls.has_unknown_base() or value.cls.libraries() else Constant(False)
    return Unknown()


def _print(run: "Interpreter", call: Call) -> Value:
    return NONE


def _map(run: "Interpreter", call: Call) -> Value:
    function, value = call.value(0), call.value(1)
    elements = value.elements(run) if value is not None else None
    if function is None or elements is None or len(call.positional) != 2 or len(elements) > run.MAX_ROUNDS:
        run.escape(function)
        run.escape(value)
        return Unknown(sources=tuple(call.values))
    return ListValue([run.call_value(function, item, place=call.place) for item in elements], branch=run.branch)


def _repr(run: "Interpreter", call: Call) -> Value:
    value = call.value(0)
    if isinstance(value, Constant) and isinstance(value.value, str | int | float | bool):
        return Constant(str(value.value)[:_LONGEST_RANGE])
    return Unknown(text="string")


def _any_all(is_any: bool) -> Handler:
    def handler(run: "Interpreter", call: Call) -> Value:
        value = call.value(0)
        elements = value.elements(run) if value is not None else None
        truths = [item.truth() for item in elements] if elements is not None else [None]
        if is_any in truths:
            return Constant(is_any)
        return Unknown() if None in truths else Constant(not is_any)

    return handler


def _type(run: "Interpreter", call: Call) -> Value:
    from diabolo.checks.source.classes import Instance

    value = call.value(0)
    return value.cls if isinstance(value, Instance) else Unknown(text="type")


def _next(run: "Interpreter", call: Call) -> Value:
    value = call.value(0)
    return value.element(run) if value is not None else Unknown()


def _same(run: "Interpreter", call: Call) -> Value:
    return call.value(0) or Unknown()


_HANDLERS: dict[str, Handler] = {
    "range": _range, "xrange": _range, "len": _len, "enumerate": _enumerate, "zip": _zip, "reversed": _reversed,
    "list": make_list, "tuple": _tuple, "sorted": _sorted, "set": make_list, "dict": make_dict, "int": numeric(int),
    "float": numeric(float), "bool": numeric(bool), "abs": numeric(abs), "round": numeric(round),
    "min": numeric(min), "max": numeric(max), "pow": numeric(lambda *a: math.pow(*a)), "divmod": numeric(divmod),
    "sum": _sum, "isinstance": _isinstance, "getattr": _getattr, "setattr": _setattr, "hasattr": _hasattr,
    "print": _print, "map": _map, "str": _repr, "repr": _repr, "any": _any_all(True), "all": _any_all(False),
    "type": _type, "next": _next, "iter": _same, "id": lambda run, call: Unknown(), "callable": lambda run, call: (
        Unknown()
    ), "input": lambda run, call: Unknown(text="input()"), "open": lambda run, call: Unknown(text="open"),
}  # fmt: skip

BUILTINS: dict[str, Value] = {
    **{name: Native(name, handler) for name, handler in _HANDLERS.items()},
    "__name__": Constant("__main__"),
    "__file__": Unknown(text="__file__"),
    "__doc__": NONE,
    "object": Unknown(text="object"),
    "property": Unknown(text="property"),
    "staticmethod": Unknown(text="staticmethod"),
    "classmethod": Unknown(text="classmethod"),
    **{
        name: Unknown(text=name)
        for name in (
            "Exception", "ValueError", "TypeError", "KeyError", "IndexError", "NotImplementedError", "RuntimeError",
            "ImportError", "AssertionError", "AttributeError", "StopIteration", "KeyboardInterrupt", "OSError",
            "FileNotFoundError", "ModuleNotFoundError", "NotImplemented", "Ellipsis", "filter", "bytes", "bytearray",
            "frozenset", "complex", "slice", "hash", "format", "chr", "ord", "hex", "bin", "dir", "help", "exit",
            "quit", "memoryview", "issubclass", "delattr", "super", "compile_", "warnings",
        )
    },
}  # fmt: skip
"""Built-in names and what they stand for."""
