"""Statements: assignments, loops, branches, definitions and imports, each followed as far as it is certain."""

import ast
from collections.abc import Callable, Sequence
from typing import TYPE_CHECKING, Any

from diabolo.checks.source import operators
from diabolo.checks.source.budget import EndOfBudget
from diabolo.checks.source.classes import ClassValue
from diabolo.checks.source.expressions import make_function
from diabolo.checks.source.frame import Frame, Signal
from diabolo.checks.source.loops import run_for, run_if, run_match, run_while
from diabolo.checks.source.values import NONE, Constant, Module, Tensor, Unknown, Value
from diabolo.graph import Place

if TYPE_CHECKING:
    from diabolo.checks.source.interpreter import Interpreter


def run_block(run: "Interpreter", nodes: Sequence[ast.stmt]) -> Signal | None:
    """Follows statements in order, until one ends the block."""
    for node in nodes:
        signal = _run_statement(run, node)
        if signal is not None:
            return signal
    return None


def _run_statement(run: "Interpreter", node: ast.stmt) -> Signal | None:
    budget = run.budget
    budget.spend(1, run.place(node))
    handler = _HANDLERS.get(type(node))
    if handler is None:
        return None
    if budget.depth >= budget.MAX_DEPTH:
        run.problem("AE002", "statements are nested too deeply to be followed", place=run.place(node), once="nested")
        return None
    budget.depth += 1
    kept = run.frame
    try:
        result: Signal | None = run.guard(lambda: handler(run, node), run.place(node), "this statement")
        return result
    except EndOfBudget as end:
        end.place = end.place or run.place(node)  # the innermost statement comes first
        raise
    finally:
        budget.depth -= 1
        run.frame = kept


def assign(run: "Interpreter", target: ast.expr, value: Value, *, is_quiet: bool = False) -> None:
    """Gives a target a value: a name, an attribute, an item, or several of them at once."""
    if isinstance(target, ast.Name):
        _assign_name(run, target, value, is_quiet)
    elif isinstance(target, ast.Attribute):
        run.evaluate(target.value).set_attribute(run, target.attr, value, run.place(target))
    elif isinstance(target, ast.Subscript):
        run.hold(value)
        run.evaluate(target.value).set_item(run, run.evaluate(target.slice), value, run.place(target))
    elif isinstance(target, ast.Tuple | ast.List):
        _unpack(run, target.elts, value, is_quiet)
    elif isinstance(target, ast.Starred):
        assign(run, target.value, value, is_quiet=is_quiet)


def _assign_name(run: "Interpreter", target: ast.Name, value: Value, is_quiet: bool) -> None:
    name = target.id
    old = run.frame.names.get(name)
    if isinstance(old, Tensor) and (not isinstance(value, Tensor) or value.op is not old.op):
        op = old.op
        if not op.num_readers and not op.is_held and op.overwritten is None and run.branch is None:
            op.overwritten = run.place(target)
    if isinstance(value, Tensor):
        if value.op.variable:
            value.op.is_held = True  # a second name for the same result
        else:
            value.op.variable = name
    else:
        run.name_value(name, value)
    run.frame.bind(name, value)


def _unpack(run: "Interpreter", targets: list[ast.expr], value: Value, is_quiet: bool) -> None:
    elements = value.elements(run)
    starred = next((index for index, target in enumerate(targets) if isinstance(target, ast.Starred)), None)
    if elements is not None and starred is not None and len(elements) >= len(targets) - 1:
        from diabolo.checks.source.values import ListValue

        after = len(targets) - starred - 1
        middle = ListValue(elements[starred : len(elements) - after], branch=run.branch)
        elements = [*elements[:starred], middle, *elements[len(elements) - after :]]
    if elements is None or len(elements) != len(targets):
        elements = [_part(run, value, index) for index in range(len(targets))]
    for target, element in zip(targets, elements, strict=True):
        assign(run, target, element, is_quiet=is_quiet)


def _part(run: "Interpreter", value: Value, index: int) -> Value:
    if isinstance(value, Tensor):
        return value.item(run, Constant(index), value.op.place)
    return value.item(run, Constant(index), None)


def _assignment(run: "Interpreter", node: ast.Assign) -> None:
    value = run.evaluate(node.value)
    for target in node.targets:
        assign(run, target, value)


def _annotated(run: "Interpreter", node: ast.AnnAssign) -> None:
    if node.value is not None:
        assign(run, node.target, run.evaluate(node.value))


def _augmented(run: "Interpreter", node: ast.AugAssign) -> None:
    from diabolo.checks.source.values import ListValue

    old = run.evaluate(node.target)
    added = run.evaluate(node.value)
    symbol = operators.SYMBOLS[type(node.op)]
    if isinstance(old, ListValue) and old.is_mutable and symbol == "+":
        others = added.elements(run)
        if others is not None and old.change(run, *others) and old.items is not None:
            old.items.extend(others[: run.MAX_ELEMENTS])
        elif others is None:
            old.lose(run, added)
        return
    assign(run, node.target, operators.binary(run, symbol, old, added, run.place(node)))


def _expression(run: "Interpreter", node: ast.Expr) -> None:
    value = run.evaluate(node.value)
    if isinstance(node.value, ast.Call) and isinstance(value, Tensor) and value.op.place == run.place(node.value):
        value.op.statement = run.place(node)


def _function(run: "Interpreter", node: ast.FunctionDef | ast.AsyncFunctionDef) -> None:
    function = make_function(run, node, node.name)
    function.decorators = tuple(run.evaluate(decorator) for decorator in node.decorator_list)
    if run.frame.is_class:
        function.owner = run.notes.get("class")
    else:
        run.functions.append(function)
    run.frame.bind(node.name, function)


def _class(run: "Interpreter", node: ast.ClassDef) -> None:
    bases = tuple(run.evaluate(base) for base in node.bases if not isinstance(base, ast.Starred))
    decorators = [run.evaluate(decorator).text for decorator in node.decorator_list]
    is_data = any("dataclass" in text or text.endswith(("define", "frozen")) for text in decorators)
    is_data = is_data or any(base.text.endswith("NamedTuple") for base in bases)
    cls = ClassValue(name=node.name, node=node, bases=bases, is_data=is_data, place=run.place(node))
    cls.annotated = tuple(
        part.target.id for part in node.body if isinstance(part, ast.AnnAssign) and isinstance(part.target, ast.Name)
    )
    around, kept = run.frame, run.notes.get("class")
    run.frame = Frame(parent=around, name=node.name, names=cls.names, is_class=True)
    run.notes["class"] = cls
    try:
        run_block(run, node.body)
    finally:
        run.frame = around
        run.notes["class"] = kept
    run.classes.append(cls)
    run.frame.bind(node.name, cls)
    for base in cls.libraries():
        base.derived(run, cls)


def _import(run: "Interpreter", node: ast.Import) -> None:
    for alias in node.names:
        if alias.asname is not None:
            run.frame.bind(alias.asname, run.resolve(alias.name))
        else:
            root = alias.name.partition(".")[0]
            run.frame.bind(root, run.resolve(root))


def _import_from(run: "Interpreter", node: ast.ImportFrom) -> None:
    for alias in node.names:
        if alias.name == "*":
            continue  # names without a definition are looked up as in a snippet
        name = alias.asname or alias.name
        if node.level or not node.module:
            run.frame.bind(name, Unknown(text=alias.name))
        else:
            run.frame.bind(name, run.resolve(f"{node.module}.{alias.name}"))


def _return(run: "Interpreter", node: ast.Return) -> Signal:
    value = NONE if node.value is None else run.evaluate(node.value)
    run.hold(value)
    return Signal(kind="return", value=value)


def _raise(run: "Interpreter", node: ast.Raise) -> Signal:
    if node.exc is not None:
        run.evaluate(node.exc)
    return Signal(kind="raise")


def _with(run: "Interpreter", node: ast.With | ast.AsyncWith) -> Signal | None:
    entered: list[Value] = []
    for item in node.items:
        value = run.evaluate(item.context_expr)
        inner = value.enter(run)
        entered.append(value)
        if item.optional_vars is not None:
            assign(run, item.optional_vars, inner)
    try:
        return run_block(run, node.body)
    finally:
        for value in reversed(entered):
            value.leave(run)


def _try(run: "Interpreter", node: Any) -> Signal | None:
    signal = run_block(run, node.body)
    if signal is not None and signal.kind == "raise" and node.handlers:
        handler = node.handlers[0]
        if handler.name:
            run.frame.bind(handler.name, Unknown(text=handler.name))
        signal = run_block(run, handler.body)
    elif signal is None:
        signal = run_block(run, node.orelse)
    last = run_block(run, node.finalbody)
    return last if last is not None else signal


def _delete(run: "Interpreter", node: ast.Delete) -> None:
    for target in node.targets:
        if isinstance(target, ast.Name):
            run.frame.names.pop(target.id, None)


def _global(run: "Interpreter", node: ast.Global | ast.Nonlocal) -> None:
    for name in node.names:
        owner: Frame | None = run.globals if isinstance(node, ast.Global) else run.frame.parent
        while owner is not None and isinstance(node, ast.Nonlocal) and name not in owner.names:
            owner = owner.parent
        if owner is not None and owner is not run.frame:
            run.frame.shared[name] = owner


def _assert(run: "Interpreter", node: ast.Assert) -> None:
    run.evaluate(node.test)


def _break(run: "Interpreter", node: ast.Break) -> Signal:
    return Signal(kind="break")


def _continue(run: "Interpreter", node: ast.Continue) -> Signal:
    return Signal(kind="continue")


_HANDLERS: dict[type, Callable[[Any, Any], Signal | None]] = {
    ast.Assign: _assignment, ast.AnnAssign: _annotated, ast.AugAssign: _augmented, ast.Expr: _expression,
    ast.FunctionDef: _function, ast.AsyncFunctionDef: _function, ast.ClassDef: _class, ast.Import: _import,
    ast.ImportFrom: _import_from, ast.Return: _return, ast.Raise: _raise, ast.With: _with, ast.AsyncWith: _with,
    ast.Try: _try, ast.TryStar: _try, ast.For: run_for, ast.AsyncFor: run_for, ast.While: run_while, ast.If: run_if,
    ast.Match: run_match, ast.Delete: _delete, ast.Global: _global, ast.Nonlocal: _global, ast.Assert: _assert,
    ast.Break: _break, ast.Continue: _continue,
}  # fmt: skip

__all__ = ["Module", "Place", "assign", "run_block"]
