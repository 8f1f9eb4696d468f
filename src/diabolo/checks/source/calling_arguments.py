"""The arguments of a call as they are written: values, names, texts and places."""

import ast
from dataclasses import replace
from typing import TYPE_CHECKING

from diabolo.checks.source.values import Argument, Call, DictValue, Value
from diabolo.graph import Place

if TYPE_CHECKING:
    from diabolo.checks.source.interpreter import Interpreter


def read_call(run: "Interpreter", node: ast.Call) -> Call:
    """Evaluates the arguments of a call, in their order."""
    positional: list[Argument] = []
    keywords: dict[str, Argument] = {}
    is_complete = True
    for argument in node.args:
        if isinstance(argument, ast.Starred):
            value = run.evaluate(argument.value)
            several = value.elements(run)
            if several is None:
                run.escape(value)
                is_complete = False
            else:
                positional += [Argument(value=item, place=run.place(argument)) for item in several]
        else:
            positional.append(_argument(run, argument))
    for keyword in node.keywords:
        if keyword.arg is not None:
            keywords[keyword.arg] = _argument(run, keyword.value)
            continue
        value = run.evaluate(keyword.value)
        if isinstance(value, DictValue) and value.entries is not None:
            for name, item in value.entries.items():
                keywords.setdefault(str(name), Argument(value=item, place=run.place(keyword.value)))
        else:
            run.escape(value)
            is_complete = False
    return Call(
        positional=tuple(positional),
        keywords=keywords,
        place=run.place(node),
        is_complete=is_complete,
        function_text=run.text(node.func),
        arguments_end=_end(run, node),
    )


def _end(run: "Interpreter", node: ast.Call) -> Place | None:
    """The empty place right behind the last argument, or between the parentheses."""
    parts: list[ast.expr] = [*node.args, *(keyword.value for keyword in node.keywords)]
    whole = run.place(node)
    if not parts:
        return replace(whole, row=whole.last_row, start=whole.end - 1, end=whole.end - 1, end_row=0)
    last = run.place(max(parts, key=lambda part: (part.end_lineno or 0, part.end_col_offset or 0)))
    if whole.last_row == last.last_row and whole.end - last.end > 3:
        return None  # parentheses around the argument, a comment, or something else that needs a look
    return replace(last, row=last.last_row, start=last.end, end=last.end, end_row=0)


def _argument(run: "Interpreter", node: ast.expr) -> Argument:
    value: Value = run.evaluate(node)
    members = node.elts if isinstance(node, ast.List | ast.Tuple) and len(node.elts) <= 100 else []
    parts = tuple(run.place(member) for member in members)
    return Argument(value=value, text=run.text(node), place=run.place(node), parts=parts)
