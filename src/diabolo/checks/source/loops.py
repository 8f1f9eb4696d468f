"""Loops and branches: followed where their bounds and conditions are known, joined where they are not."""

import ast
from typing import TYPE_CHECKING

from diabolo.checks.source.frame import Signal
from diabolo.checks.source.values import Constant, Tensor, Unknown, Value

if TYPE_CHECKING:
    from diabolo.checks.source.interpreter import Interpreter


def run_if(run: "Interpreter", node: ast.If) -> Signal | None:
    """`if`: one branch where the condition is known, else both."""
    from diabolo.checks.source.statements import run_block

    truth = run.evaluate(node.test).truth()
    if truth is not None:
        return run_block(run, node.body if truth else node.orelse)
    return _alternatives(run, [node.body, node.orelse], node, f"`if {run.text(node.test)}`")


def run_match(run: "Interpreter", node: ast.Match) -> Signal | None:
    """`match`: every case may be the one."""
    run.escape(run.evaluate(node.subject))
    return _alternatives(run, [*(case.body for case in node.cases), []], node, "`match`")


def _alternatives(run: "Interpreter", bodies: list[list[ast.stmt]], node: ast.stmt, what: str) -> Signal | None:
    """Follows branches of which any may be taken, and joins what they leave behind."""
    from diabolo.checks.source.statements import run_block

    frame = run.frame
    before = dict(frame.names)
    before_ops = len(run.tape.ops)
    ends: list[tuple[dict[str, Value], Signal | None]] = []
    for body in bodies:
        frame.names.clear()
        frame.names.update(before)
        with run.uncertain():
            signal = run_block(run, body)
        ends.append((dict(frame.names), signal))
    frame.names.clear()
    place = run.place(node)
    if len(run.tape.ops) > before_ops:
        run.problem(
            "AE002", f"{what}: which way is taken is not known here, so both were followed", place=place,
            once=f"if {place.row} {place.cell}",
        )  # fmt: skip
    open_ends = [names for names, signal in ends if signal is None]
    returned = [signal.value for _, signal in ends if signal is not None and signal.kind == "return"]
    if not open_ends:
        frame.names.update(ends[0][0])
        if returned:
            for value in returned[:-1]:
                if value is not None:
                    frame.returns.append(value)
            return Signal(kind="return", value=returned[-1])
        return ends[0][1]
    for value in returned:
        if value is not None:
            frame.returns.append(value)
    merged = dict(open_ends[0])
    for other in open_ends[1:]:
        for name in dict.fromkeys([*merged, *other]):
            first, second = merged.get(name), other.get(name)
            if first is None or second is None:
                known = first if first is not None else second
                assert known is not None
                merged[name] = known
            elif first is not second:
                merged[name] = run.join(first, second, place)
    frame.names.update(merged)
    return None


def run_for(run: "Interpreter", node: ast.For | ast.AsyncFor) -> Signal | None:
    """`for`: every round where the elements are known, else one round that stands for all."""
    iterable = run.evaluate(node.iter)
    elements = iterable.elements(run)
    for library in run.libraries:
        chosen = library.rounds(run, node, iterable, elements)
        if chosen is not None:
            try:
                return _rounds(run, node, chosen[0])
            finally:
                chosen[1]()
    if elements is None:
        return _one_round(run, node, iterable.element(run))
    return _rounds(run, node, elements)


def _rounds(run: "Interpreter", node: ast.For | ast.AsyncFor, elements: list[Value]) -> Signal | None:
    """Follows a loop round by round."""
    from diabolo.checks.source.statements import assign, run_block

    quiet_rounds = 0
    for index, element in enumerate(elements):
        made = len(run.tape.ops) + len(run.tape.layers)
        assign(run, node.target, element, is_quiet=True)
        signal = run_block(run, node.body)
        if signal is not None:
            if signal.kind == "break":
                return None
            if signal.kind in ("return", "raise"):
                return signal
        quiet_rounds = quiet_rounds + 1 if len(run.tape.ops) + len(run.tape.layers) == made else 0
        if index >= run.MAX_ROUNDS:
            if not quiet_rounds:
                run.problem(
                    "AE002",
                    f"only the first {run.MAX_ROUNDS} of {len(elements):,} rounds of this loop were followed",
                    place=run.place(node),
                    once=f"rounds {node.lineno}",
                )
            break
    return run_block(run, node.orelse)


def _one_round(run: "Interpreter", node: "ast.For | ast.AsyncFor | ast.While", element: Value | None) -> Signal | None:
    """One round of a loop whose number of rounds is not known; afterwards both the old and the new values may be."""
    from diabolo.checks.source.statements import assign, run_block

    frame = run.frame
    before = dict(frame.names)
    before_ops = len(run.tape.ops)
    with run.uncertain():
        if element is not None and isinstance(node, ast.For | ast.AsyncFor):
            assign(run, node.target, element, is_quiet=True)
        signal = run_block(run, node.body)
    changed = False
    for name, old in before.items():
        new = frame.names.get(name)
        if new is None or new is old:
            continue
        if isinstance(old, Tensor) and isinstance(new, Tensor):
            changed = True
            frame.names[name] = run.join(old, new, run.place(node), "loop")
        elif isinstance(old, Constant):
            frame.names[name] = Unknown(text=name)
        else:
            frame.names[name] = run.join(old, new, run.place(node), "loop")
    if changed and len(run.tape.ops) > before_ops:
        run.problem(
            "AE002", "how often this loop runs is not known here, so one round stands for all", place=run.place(node),
            once=f"loop {node.lineno}",
        )  # fmt: skip
    if signal is not None and signal.kind == "return" and signal.value is not None:
        frame.returns.append(signal.value)
    return run_block(run, node.orelse)


def run_while(run: "Interpreter", node: ast.While) -> Signal | None:
    """`while`: as long as the condition is known, else one round that stands for all."""
    from diabolo.checks.source.statements import run_block

    for _ in range(run.MAX_ROUNDS):
        truth = run.evaluate(node.test).truth()
        if truth is False:
            return run_block(run, node.orelse)
        if truth is None or (isinstance(node.test, ast.Constant)):
            return _one_round(run, node, None)
        signal = run_block(run, node.body)
        if signal is not None:
            if signal.kind == "break":
                return None
            if signal.kind in ("return", "raise"):
                return signal
    return _one_round(run, node, None)
