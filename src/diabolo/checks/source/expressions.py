"""Expressions: what each kind of node of Python's syntax tree evaluates to."""

import ast
from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from diabolo.checks.source import operators
from diabolo.checks.source.calling_arguments import read_call
from diabolo.checks.source.classes import Instance, SuperValue
from diabolo.checks.source.frame import Frame
from diabolo.checks.source.values import (
    NONE,
    Constant,
    DictValue,
    Function,
    ListValue,
    Unknown,
    Value,
    is_key,
    plain,
)

if TYPE_CHECKING:
    from diabolo.checks.source.interpreter import Interpreter


def evaluate(run: "Interpreter", node: ast.expr) -> Value:
    """The value of an expression."""
    run.budget.spend(1, None)
    budget = run.budget
    if budget.depth >= budget.MAX_DEPTH:
        run.problem("AE002", "an expression is nested too deeply to be followed", place=run.place(node), once="nested")
        return Unknown()
    handler = _HANDLERS.get(type(node))
    if handler is None:
        return Unknown()
    budget.depth += 1
    try:
        return handler(run, node)
    finally:
        budget.depth -= 1


def _constant(run: "Interpreter", node: ast.Constant) -> Value:
    return Constant(node.value)


def _name(run: "Interpreter", node: ast.Name) -> Value:
    return run.lookup(node.id)


def _attribute(run: "Interpreter", node: ast.Attribute) -> Value:
    owner = run.evaluate(node.value)
    return owner.attribute(run, node.attr, run.place(node))


def _call(run: "Interpreter", node: ast.Call) -> Value:
    if isinstance(node.func, ast.Name) and node.func.id == "super":
        found = _super(run)
        if found is not None:
            return found
    if isinstance(node.func, ast.Name) and node.func.id in ("locals", "globals", "vars", "eval", "exec"):
        return Unknown(text=node.func.id)
    function = run.evaluate(node.func)
    call = read_call(run, node)
    return function.call(run, call)


def _super(run: "Interpreter") -> Value | None:
    frame: Frame | None = run.frame
    while frame is not None and (frame.function is None or frame.function.owner is None):
        frame = frame.parent
    if frame is None:
        return None
    arguments = frame.function.node.args
    names = [parameter.arg for parameter in (*arguments.posonlyargs, *arguments.args)]
    instance = frame.names.get(names[0]) if names else None
    if isinstance(instance, Instance):
        return SuperValue(instance=instance, after=frame.function.owner)
    return None


def _items(run: "Interpreter", nodes: list[ast.expr]) -> list[Value] | None:
    values: list[Value] = []
    is_known = True
    for node in nodes:
        if isinstance(node, ast.Starred):
            value = run.evaluate(node.value)
            several = value.elements(run)
            if several is None:
                run.escape(value)
                is_known = False
            else:
                values.extend(several)
        else:
            value = run.evaluate(node)
            run.hold(value)
            values.append(value)
    if not is_known:
        for value in values:
            run.escape(value)
        return None
    return values


def _list(run: "Interpreter", node: ast.List) -> Value:
    return ListValue(_items(run, node.elts), branch=run.branch)


def _set(run: "Interpreter", node: ast.Set) -> Value:
    return ListValue(_items(run, node.elts), branch=run.branch)


def _tuple(run: "Interpreter", node: ast.Tuple) -> Value:
    return ListValue(_items(run, node.elts), is_mutable=False)


def _dict(run: "Interpreter", node: ast.Dict) -> Value:
    entries: dict[Any, Value] | None = {}
    for key_node, value_node in zip(node.keys, node.values, strict=True):
        value = run.evaluate(value_node)
        if key_node is None:
            if isinstance(value, DictValue) and value.entries is not None and entries is not None:
                entries.update(value.entries)
            else:
                run.escape(value)
                entries = None
            continue
        key = plain(run.evaluate(key_node), ...)
        run.hold(value)
        if entries is not None and is_key(key) and key is not ...:
            entries[key] = value
        else:
            run.escape(value)
            entries = None
    return DictValue(entries, branch=run.branch)


def _binary(run: "Interpreter", node: ast.BinOp) -> Value:
    # A long sum leans to the left as deep as it is long: unrolled, so that depth stays small.
    chain: list[ast.BinOp] = []
    current: ast.expr = node
    while isinstance(current, ast.BinOp):
        chain.append(current)
        current = current.left
    value = run.evaluate(current)
    for part in reversed(chain):
        right = run.evaluate(part.right)
        run.budget.spend(1, None)
        value = operators.binary(run, operators.SYMBOLS[type(part.op)], value, right, run.place(part))
    return value


def _unary(run: "Interpreter", node: ast.UnaryOp) -> Value:
    return operators.unary(run, operators.SYMBOLS[type(node.op)], run.evaluate(node.operand), run.place(node))


def _boolean(run: "Interpreter", node: ast.BoolOp) -> Value:
    is_and = isinstance(node.op, ast.And)
    uncertain: list[Value] = []
    for part in node.values:
        value = run.evaluate(part)
        truth = value.truth()
        if truth is None:
            uncertain.append(value)
        elif truth is not is_and:
            return value if not uncertain else Unknown(sources=(*uncertain, value))
    if uncertain:
        return uncertain[-1] if len(uncertain) == 1 and not is_and else Unknown(sources=tuple(uncertain))
    return value


def _compare(run: "Interpreter", node: ast.Compare) -> Value:
    left = run.evaluate(node.left)
    result: Value = Constant(True)
    for operator, right_node in zip(node.ops, node.comparators, strict=True):
        right = run.evaluate(right_node)
        result = operators.compare(run, operators.SYMBOLS[type(operator)], left, right, run.place(node))
        if result.truth() is not True:
            return result
        left = right
    return result


def _conditional(run: "Interpreter", node: ast.IfExp) -> Value:
    truth = run.evaluate(node.test).truth()
    if truth is not None:
        return run.evaluate(node.body if truth else node.orelse)
    with run.uncertain():
        first = run.evaluate(node.body)
    with run.uncertain():
        second = run.evaluate(node.orelse)
    return run.join(first, second, run.place(node))


def _subscript(run: "Interpreter", node: ast.Subscript) -> Value:
    owner = run.evaluate(node.value)
    return owner.item(run, run.evaluate(node.slice), run.place(node))


def _slice(run: "Interpreter", node: ast.Slice) -> Value:
    ends = [NONE if part is None else run.evaluate(part) for part in (node.lower, node.upper, node.step)]
    if all(isinstance(end, Constant) and isinstance(end.value, int | None) for end in ends):
        return Constant(slice(*(end.value for end in ends if isinstance(end, Constant))))
    return Unknown(text="slice")


def _lambda(run: "Interpreter", node: ast.Lambda) -> Value:
    return make_function(run, node, "lambda")


def make_function(run: "Interpreter", node: ast.FunctionDef | ast.AsyncFunctionDef | ast.Lambda, name: str) -> Function:
    """A function value, its defaults evaluated where it is defined."""
    arguments = node.args
    positional = [*arguments.posonlyargs, *arguments.args]
    defaults: dict[str, Value] = {}
    for parameter, default in zip(reversed(positional), reversed(arguments.defaults), strict=False):
        defaults[parameter.arg] = run.evaluate(default)
    for parameter, keyword_default in zip(arguments.kwonlyargs, arguments.kw_defaults, strict=True):
        if keyword_default is not None:
            defaults[parameter.arg] = run.evaluate(keyword_default)
    frame = run.frame
    while frame.is_class and frame.parent is not None:
        frame = frame.parent
    return Function(name=name, node=node, frame=frame, defaults=defaults)


def _joined(run: "Interpreter", node: ast.JoinedStr) -> Value:
    text = ""
    is_known = True
    for part in node.values:
        if isinstance(part, ast.Constant):
            text += str(part.value)
            continue
        if not isinstance(part, ast.FormattedValue):
            return Unknown()
        value = run.evaluate(part.value)
        shown = operators.formatted(run, value, part)
        if shown is None:
            is_known = False
        else:
            text += shown
    return Constant(text) if is_known and len(text) <= run.MAX_ELEMENTS else Unknown(text="string")


def _comprehension(run: "Interpreter", node: ast.ListComp | ast.SetComp | ast.GeneratorExp | ast.DictComp) -> Value:
    kept = run.frame
    run.frame = Frame(parent=kept, name=kept.name, function=None)
    found: list[tuple[Any, Value]] = []
    try:
        is_known = _generators(run, node, 0, found)
    finally:
        run.frame = kept
    if isinstance(node, ast.DictComp):
        known = is_known and all(is_key(key) for key, _ in found)
        result: Value = DictValue(dict(found) if known else None, branch=run.branch)
    else:
        known = is_known
        result = ListValue([value for _, value in found] if known else None, branch=run.branch)
    if not known:
        for _, value in found:
            run.escape(value)
    return result


def _generators(run: "Interpreter", node: Any, level: int, found: list[tuple[Any, Value]]) -> bool:
    from diabolo.checks.source.statements import assign

    if level == len(node.generators):
        key = plain(run.evaluate(node.key), ...) if isinstance(node, ast.DictComp) else None
        value = run.evaluate(node.value if isinstance(node, ast.DictComp) else node.elt)
        run.hold(value)
        found.append((key, value))
        return key is not ...
    generator = node.generators[level]
    iterable = run.evaluate(generator.iter)
    elements = iterable.elements(run)
    if elements is None or len(elements) > run.MAX_ROUNDS * 4:
        assign(run, generator.target, iterable.element(run), is_quiet=True)
        with run.uncertain():
            _generators(run, node, level + 1, found)
        return False
    for element in elements:
        assign(run, generator.target, element, is_quiet=True)
        truths = [run.evaluate(test).truth() for test in generator.ifs]
        if any(truth is False for truth in truths):
            continue
        if any(truth is None for truth in truths):
            with run.uncertain():
                _generators(run, node, level + 1, found)
            return False
        if not _generators(run, node, level + 1, found):
            return False
    return True


def _named(run: "Interpreter", node: ast.NamedExpr) -> Value:
    from diabolo.checks.source.statements import assign

    value = run.evaluate(node.value)
    assign(run, node.target, value)
    return value


def _await(run: "Interpreter", node: ast.Await) -> Value:
    return run.evaluate(node.value)


def _yield(run: "Interpreter", node: ast.Yield) -> Value:
    value: Value = NONE if node.value is None else run.evaluate(node.value)
    run.escape(value)
    if run.frame.yields is not None and len(run.frame.yields) < run.MAX_ELEMENTS:
        run.frame.yields.append(value)
    return Unknown()


def _yield_from(run: "Interpreter", node: ast.YieldFrom) -> Value:
    value = run.evaluate(node.value)
    run.escape(value)
    if run.frame.yields is not None:
        run.frame.yields.extend(value.elements(run) or [Unknown()])
    return Unknown()


def _starred(run: "Interpreter", node: ast.Starred) -> Value:
    return run.evaluate(node.value)


_HANDLERS: dict[type, Callable[[Any, Any], Value]] = {
    ast.Constant: _constant, ast.Name: _name, ast.Attribute: _attribute, ast.Call: _call, ast.List: _list,
    ast.Set: _set, ast.Tuple: _tuple, ast.Dict: _dict, ast.BinOp: _binary, ast.UnaryOp: _unary, ast.BoolOp: _boolean,
    ast.Compare: _compare, ast.IfExp: _conditional, ast.Subscript: _subscript, ast.Slice: _slice, ast.Lambda: _lambda,
    ast.JoinedStr: _joined, ast.ListComp: _comprehension, ast.SetComp: _comprehension, ast.DictComp: _comprehension,
    ast.GeneratorExp: _comprehension, ast.NamedExpr: _named, ast.Await: _await, ast.Yield: _yield,
    ast.YieldFrom: _yield_from, ast.Starred: _starred,
}  # fmt: skip
