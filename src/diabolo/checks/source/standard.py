"""The little of the standard library that models are built with: `math`, `functools.partial`, `OrderedDict`…"""

import math
from typing import TYPE_CHECKING

from diabolo.checks.source import builtin_functions
from diabolo.checks.source.library import Library
from diabolo.checks.source.values import (
    Call,
    Constant,
    DictValue,
    ListValue,
    Native,
    Unknown,
    Value,
    plain,
    tuple_of,
)

if TYPE_CHECKING:
    from diabolo.checks.source.interpreter import Interpreter

_MATH = ("sqrt", "log", "log2", "log10", "exp", "ceil", "floor", "prod", "gcd", "sin", "cos", "isnan")


def _partial(run: "Interpreter", call: Call) -> Value:
    if not call.positional:
        return Unknown()
    function = call.positional[0].value
    early = call

    def handler(run: "Interpreter", later: Call) -> Value:
        whole = Call(
            positional=(*early.positional[1:], *later.positional), keywords={**early.keywords, **later.keywords},
            place=later.place, is_complete=early.is_complete and later.is_complete, function_text=later.function_text,
        )  # fmt: skip
        return function.call(run, whole)

    return Native(function.text or "partial", handler)


def _product(run: "Interpreter", call: Call) -> Value:
    import itertools

    columns = [value.elements(run) for value in call.values]
    repeat = call.constant(None, "repeat", default=1)
    if any(column is None for column in columns) or repeat != 1:
        return Unknown(sources=tuple(call.values))
    size = math.prod(len(column or ()) for column in columns)
    if size > run.MAX_ELEMENTS:
        return Unknown()
    return ListValue([tuple_of(items) for items in itertools.product(*[column or [] for column in columns])])


def _chain(run: "Interpreter", call: Call) -> Value:
    columns = [value.elements(run) for value in call.values]
    if any(column is None for column in columns):
        return Unknown(sources=tuple(call.values))
    return ListValue([item for column in columns for item in column or ()])


def _namespace(run: "Interpreter", call: Call) -> Value:
    import ast

    from diabolo.checks.source.classes import ClassValue, Instance

    empty = ast.ClassDef(name="SimpleNamespace", bases=[], keywords=[], body=[], decorator_list=[])
    instance = Instance(cls=ClassValue(name="SimpleNamespace", node=empty, bases=()), place=call.place)
    instance.names = {name: argument.value for name, argument in call.keywords.items()}
    return instance


def _numbers(function: object) -> Native:
    handler = builtin_functions.numeric(lambda *values: function(*values))  # type: ignore[operator]
    return Native("math", handler)


class StandardLibrary(Library):
    """`math`, `functools`, `collections`, `itertools`, `copy`."""

    origin = "line"  # it has no tensors

    def resolve(self, run: "Interpreter", path: str) -> Value | None:
        """What a dotted path of the standard library means."""
        root, _, name = path.partition(".")
        if root == "math" and name in _MATH:
            return _numbers(getattr(math, name))
        if path == "math.pi":
            return Constant(math.pi)
        if path == "math.inf":
            return Constant(math.inf)
        found = _KNOWN.get(path)
        return None if found is None else Native(path, found)

    def bare(self, run: "Interpreter", name: str) -> Value | None:
        """`OrderedDict` and `partial` without an import."""
        path = {"OrderedDict": "collections.OrderedDict", "partial": "functools.partial"}.get(name)
        return None if path is None else self.resolve(run, path)


def _deque(run: "Interpreter", call: Call) -> Value:
    return builtin_functions.make_list(run, call)


def _default_dict(run: "Interpreter", call: Call) -> Value:
    return DictValue(None)


def _reduce(run: "Interpreter", call: Call) -> Value:
    function, values = call.value(0), call.value(1)
    elements = values.elements(run) if values is not None else None
    if function is None or elements is None or len(elements) > run.MAX_ROUNDS:
        return Unknown(sources=tuple(call.values))
    start = call.value(2)
    items = elements if start is None else [start, *elements]
    if not items:
        return Unknown()
    result = items[0]
    for item in items[1:]:
        result = run.call_value(function, result, item, place=call.place)
    return result


_KNOWN: dict[str, builtin_functions.Handler] = {
    "functools.partial": _partial, "functools.reduce": _reduce, "collections.OrderedDict": builtin_functions.make_dict,
    "collections.deque": _deque, "collections.defaultdict": _default_dict, "itertools.product": _product,
    "itertools.chain": _chain, "copy.deepcopy": lambda run, call: _copied(run, call),
    "copy.copy": lambda run, call: call.value(0) or Unknown(), "types.SimpleNamespace": _namespace,
    "numpy.prod": lambda run, call: _prod(run, call), "numpy.sqrt": builtin_functions.numeric(math.sqrt),
    "numpy.log2": builtin_functions.numeric(math.log2), "numpy.log": builtin_functions.numeric(math.log),
    "numpy.ceil": builtin_functions.numeric(math.ceil), "numpy.floor": builtin_functions.numeric(math.floor),
}  # fmt: skip


def _prod(run: "Interpreter", call: Call) -> Value:
    numbers = plain(call.value(0), ...)
    if isinstance(numbers, tuple) and all(isinstance(number, int | float) for number in numbers):
        return Constant(math.prod(numbers))
    return Unknown(text="prod")


def _copied(run: "Interpreter", call: Call) -> Value:
    value = call.value(0) or Unknown()
    if isinstance(value, ListValue) and value.items is not None:
        return ListValue(list(value.items), value.is_mutable, run.branch)
    if isinstance(value, DictValue) and value.entries is not None:
        return DictValue(dict(value.entries), branch=run.branch)
    if hasattr(value, "copied"):
        result: Value = value.copied(run)
        return result
    run.escape(value)
    return value if isinstance(value, Constant) else Unknown(text=value.text, sources=(value,))
