"""Calls of functions and classes of the source: arguments bound to parameters, bodies followed, results joined."""

import ast
from collections.abc import Callable
from typing import TYPE_CHECKING

from diabolo.checks.source import statements
from diabolo.checks.source.classes import Instance
from diabolo.checks.source.frame import Frame
from diabolo.checks.source.values import (
    NONE,
    Argument,
    Call,
    DictValue,
    Function,
    ListValue,
    Unknown,
    Value,
    tuple_of,
)
from diabolo.graph import Place

if TYPE_CHECKING:
    from diabolo.checks.source.interpreter import Interpreter

MAX_SAME = 12
"""Most calls of one function inside of itself, where it certainly calls itself."""
MAX_SAME_UNCERTAIN = 1
"""The same where it may or may not: every level would double the ways."""


def call_function(run: "Interpreter", function: Function, call: Call) -> Value:
    """Follows a function's body with the arguments of a call."""
    run.budget.spend(3, call.place)
    function.num_calls += 1
    most = MAX_SAME if run.branch is None else MAX_SAME_UNCERTAIN
    if run.budget.calls >= run.budget.MAX_CALLS or _times_open(run, function) >= most:
        run.problem(
            "AE002",
            f"`{function.name}` calls itself, or calls go deeper than they are followed",
            place=call.place,
            once=f"deep {function.name}",
        )
        return run.call_unknown(Unknown(text=function.name), call)
    frame = Frame(parent=function.frame, name=function.name, function=function)
    endings = [ending for library in run.libraries if (ending := library.entered(run, function, call)) is not None]
    result: Value | None = None
    try:
        result = _follow(run, function, call, frame)
    finally:
        for ending in reversed(endings):
            ending(result)
    return result


def _follow(run: "Interpreter", function: Function, call: Call, frame: Frame) -> Value:
    if isinstance(function.node, ast.Lambda):
        body = function.node.body
        frame.names = bind(run, function, call)
        return _inside(run, frame, lambda: run.evaluate(body))
    frame.names = bind(run, function, call)
    if is_generator(function.node):
        frame.yields = []
    result = _inside(run, frame, lambda: _body(run, frame, function))
    if frame.yields is not None:
        return ListValue(frame.yields, branch=run.branch)
    return result


def _times_open(run: "Interpreter", function: Function) -> int:
    return run.notes.setdefault("open calls", {}).get(function, 0)


def _inside(run: "Interpreter", frame: Frame, action: Callable[[], Value]) -> Value:
    kept = run.frame
    opened = run.notes.setdefault("open calls", {})
    function = frame.function
    opened[function] = opened.get(function, 0) + 1
    run.frame, run.budget.calls = frame, run.budget.calls + 1
    try:
        return action()
    finally:
        run.frame, run.budget.calls = kept, run.budget.calls - 1
        opened[function] -= 1


def _body(run: "Interpreter", frame: Frame, function: Function) -> Value:
    signal = statements.run_block(run, function.node.body)  # type: ignore[arg-type]
    result: Value = NONE
    if signal is not None and signal.kind == "return" and signal.value is not None:
        result = signal.value
    elif signal is not None and signal.kind == "raise" and frame.returns:
        result = frame.returns.pop()
    place = run.place(function.node)
    for earlier in reversed(frame.returns):
        result = _join_results(run, earlier, result, place)
    return result


def _join_results(run: "Interpreter", first: Value, second: Value, place: Place) -> Value:
    if (
        isinstance(first, ListValue)
        and isinstance(second, ListValue)
        and first.items is not None
        and second.items is not None
        and len(first.items) == len(second.items)
    ):
        return ListValue(
            [run.join(one, two, place) for one, two in zip(first.items, second.items, strict=True)],
            first.is_mutable,
            run.branch,
        )
    return run.join(first, second, place)


def bind(run: "Interpreter", function: Function, call: Call) -> dict[str, Value]:
    """The parameters of a function by name: arguments of the call, else defaults, else something unknown."""
    arguments = function.node.args
    names = [parameter.arg for parameter in (*arguments.posonlyargs, *arguments.args)]
    bound: dict[str, Value] = {}
    given = list(call.positional)
    for name, argument in zip(names, given, strict=False):
        bound[name] = argument.value
    rest = [argument.value for argument in given[len(names) :]]
    keywords = dict(call.keywords)
    for name in (*names, *(parameter.arg for parameter in arguments.kwonlyargs)):
        if name in keywords:
            bound[name] = keywords.pop(name).value
        elif name not in bound:
            known = function.defaults.get(name) if call.is_complete else None
            bound[name] = known if known is not None else Unknown(text=name)
    if arguments.vararg is not None:
        bound[arguments.vararg.arg] = tuple_of(rest) if call.is_complete else ListValue(None)
    else:
        for value in rest:
            run.escape(value)
    if arguments.kwarg is not None:
        entries = {name: argument.value for name, argument in keywords.items()} if call.is_complete else None
        bound[arguments.kwarg.arg] = DictValue(entries, branch=run.branch)
    else:
        for argument in keywords.values():
            run.escape(argument.value)
    for value in bound.values():
        run.hold(value)
    return bound


def unknown_call(function: Function, *first: Value, place: Place | None = None) -> Call:
    """A call that gives only what has no default, each of it unknown; `first` go in front."""
    arguments = function.node.args
    names = [parameter.arg for parameter in (*arguments.posonlyargs, *arguments.args)]
    positional = [Argument(value=value) for value in first]
    for name in names[len(first) :]:
        positional.append(Argument(value=function.defaults.get(name) or Unknown(text=name), text=name))
    return Call(positional=tuple(positional), place=place)


def initialise(run: "Interpreter", instance: Instance, call: Call) -> None:
    """Follows the `__init__` of an instance: its class's own, the fields of a data class, or the library's."""
    own = instance.cls.find("__init__")
    if isinstance(own, Function):
        first = Argument(value=instance)
        whole = Call(
            positional=(first, *call.positional), keywords=call.keywords, place=call.place, is_complete=call.is_complete
        )
        call_function(run, own, whole)
        return
    fields = [name for cls in reversed(list(instance.cls.lineage())) if cls.is_data for name in cls.annotated]
    if fields:
        for position, name in enumerate(fields):
            given = call.value(position, name)
            value = given if given is not None else instance.cls.find(name)
            instance.names[name] = value if value is not None else Unknown(text=name)
        after = instance.cls.find("__post_init__")
        if isinstance(after, Function):
            run.call_value(after, instance, place=call.place)
        return
    prepare_bases(run, instance, call)


def prepare_bases(run: "Interpreter", instance: Instance, call: Call) -> Value:
    """The `__init__` of the library classes that an instance derives from."""
    libraries = instance.cls.libraries()
    for base in libraries:
        base.prepare(run, instance, call)
    if not libraries:
        for value in call.values:
            run.escape(value)
    return NONE


def is_generator(node: ast.AST) -> bool:
    """Whether a function yields; remembered, since a function may be called often."""
    known: bool | None = getattr(node, "diabolo_yields", None)
    if known is None:
        known = node.diabolo_yields = _yields(node)  # type: ignore[attr-defined]
    return known


def _yields(node: ast.AST) -> bool:
    waiting: list[ast.AST] = list(getattr(node, "body", []))
    while waiting:
        current = waiting.pop()
        if isinstance(current, ast.Yield | ast.YieldFrom):
            return True
        if not isinstance(current, ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda | ast.ClassDef):
            waiting.extend(ast.iter_child_nodes(current))
    return False
