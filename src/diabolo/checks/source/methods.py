"""What the methods of strings, lists and dictionaries do with abstract values."""

from typing import TYPE_CHECKING

from diabolo.checks.source.builtin_functions import Endless, Handler, make_dict
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

_LONGEST = 10_000
"""Strings and lists longer than that are not built."""


def constant_method(constant: Constant, name: str) -> Value:
    """A method of a string or number."""
    if not isinstance(constant.value, str):
        return Unknown(text=name)
    if name == "format":
        return Native("format", lambda run, call: _format(constant.value, call))
    if name not in ("lower", "upper", "strip", "lstrip", "rstrip", "split", "startswith", "endswith", "replace",
                    "join", "title", "capitalize", "isdigit", "count", "find", "rsplit", "partition"):  # fmt: skip
        return Unknown(text=name)

    def handler(run: "Interpreter", call: Call) -> Value:
        values = [list(value) if isinstance(value, tuple) and name == "join" else value
                  for value in (plain(value, ...) for value in call.values)]  # fmt: skip
        if any(value is ... for value in values) or call.keywords or len(constant.value) > _LONGEST:
            return Unknown(text="string")
        try:
            result = getattr(constant.value, name)(*values)
        except (TypeError, ValueError):
            return Unknown()
        if isinstance(result, str) and len(result) > _LONGEST:
            return Unknown()
        return constant_of(result)

    return Native(name, handler)


def _format(text: str, call: Call) -> Value:
    values = [plain(argument.value, ...) for argument in call.positional]
    named = {name: plain(argument.value, ...) for name, argument in call.keywords.items()}
    if ":" in text or "!" in text or len(text) > 500 or ... in values or ... in named.values():
        return Unknown(text="string")
    try:
        return Constant(text.format(*values, **named)[:_LONGEST])
    except (IndexError, KeyError, ValueError, AttributeError, TypeError):
        return Unknown(text="string")


def list_method(value: ListValue, name: str) -> Value:
    """A method of a list."""

    def append(run: "Interpreter", call: Call) -> Value:
        new = call.value(0) or Unknown()
        run.hold(new)
        if value.change(run, new) and value.items is not None:
            value.items.append(new)
        return NONE

    def extend(run: "Interpreter", call: Call) -> Value:
        new = call.value(0) or Unknown()
        others = new.elements(run)
        if others is None or len(others) > run.MAX_ELEMENTS:
            value.lose(run, new)
        elif value.change(run, *others) and value.items is not None:
            value.items.extend(others)
        return NONE

    def insert(run: "Interpreter", call: Call) -> Value:
        position, new = call.constant(0), call.value(1) or Unknown()
        run.hold(new)
        if not isinstance(position, int):
            value.lose(run, new)
        elif value.change(run, new) and value.items is not None:
            value.items.insert(position, new)
        return NONE

    def pop(run: "Interpreter", call: Call) -> Value:
        position = call.constant(0, default=-1)
        if value.change(run) and value.items and isinstance(position, int) and abs(position) <= len(value.items):
            try:
                return value.items.pop(position)
            except IndexError:
                return Unknown()
        return Unknown(sources=(value,))

    def reverse(run: "Interpreter", call: Call) -> Value:
        if value.change(run) and value.items is not None:
            value.items.reverse()
        return NONE

    def copy(run: "Interpreter", call: Call) -> Value:
        return ListValue(None if value.items is None else list(value.items), value.is_mutable, run.branch)

    def clear(run: "Interpreter", call: Call) -> Value:
        if value.change(run) and value.items is not None:
            value.items.clear()
        return NONE

    def index(run: "Interpreter", call: Call) -> Value:
        wanted = call.constant(0, default=...)
        found = plain(value, ...)
        return Constant(found.index(wanted)) if found is not ... and wanted in found else Unknown()

    handlers: dict[str, Handler] = {
        "append": append, "extend": extend, "insert": insert, "pop": pop, "reverse": reverse, "copy": copy,
        "clear": clear, "index": index, "add": append, "update": extend, "appendleft": insert,
    }  # fmt: skip
    if name not in handlers or name == "appendleft":
        return Unknown(text=name, sources=(value,))
    return Native(name, handlers[name])


def mapping_method(value: DictValue, name: str) -> Value:
    """A method of a dictionary."""

    def get(run: "Interpreter", call: Call) -> Value:
        key = call.constant(0, default=...)
        if value.entries is None or not is_key(key) or key is ...:
            run.escape(value)
            return Unknown(sources=(value,))
        return value.entries.get(key) or call.value(1, "default") or NONE

    def items(run: "Interpreter", call: Call) -> Value:
        if value.entries is None:
            return Endless([Unknown(text="key"), Unknown(sources=(value,))])
        return ListValue([tuple_of([Constant(key), item]) for key, item in value.entries.items()])

    def keys(run: "Interpreter", call: Call) -> Value:
        return ListValue(value.elements(run))

    def values(run: "Interpreter", call: Call) -> Value:
        return ListValue(None if value.entries is None else list(value.entries.values()))

    def update(run: "Interpreter", call: Call) -> Value:
        new = make_dict(run, call)
        if isinstance(new, DictValue) and new.entries is not None:
            for key, item in new.entries.items():
                value.set_item(run, Constant(key), item, call.place)
        else:
            run.escape(new)
            value.entries = None
        return NONE

    def pop(run: "Interpreter", call: Call) -> Value:
        key = call.constant(0, default=...)
        if value.entries is None or key is ... or not is_key(key) or value.branch is not run.branch:
            run.escape(value)
            return Unknown(sources=(value,))
        return value.entries.pop(key, None) or call.value(1) or Unknown()

    def copy(run: "Interpreter", call: Call) -> Value:
        return DictValue(None if value.entries is None else dict(value.entries), branch=run.branch)

    def setdefault(run: "Interpreter", call: Call) -> Value:
        key = call.constant(0, default=...)
        if value.entries is not None and key is not ... and is_key(key) and key not in value.entries:
            value.set_item(run, Constant(key), call.value(1) or NONE, call.place)
        return get(run, call)

    handlers: dict[str, Handler] = {
        "get": get, "items": items, "iteritems": items, "keys": keys, "values": values, "update": update, "pop": pop,
        "copy": copy, "setdefault": setdefault,
    }  # fmt: skip
    return Native(name, handlers[name]) if name in handlers else Unknown(text=name, sources=(value,))
