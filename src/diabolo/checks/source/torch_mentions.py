"""What a source's text says apart from what is followed: which names are ever read, and which functions train."""

import ast
import re
from collections.abc import Iterator
from dataclasses import dataclass, field
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from diabolo.checks.source.interpreter import Interpreter

_CHOICE = re.compile(r"best|patience|min_loss|lowest|min_val|early_stop")
_STEPS = ("backward", "manual_backward")
_BUILDERS = ("__init__", "reset_parameters", "init_weights", "_init_weights", "initialize_weights", "weights_init")


@dataclass(eq=False, kw_only=True)
class Mentions:
    """Of one source."""

    attributes: set[str] = field(default_factory=set)
    """Attribute names that are read outside of `__init__`, and strings that may name one."""
    attributes_anywhere: set[str] = field(default_factory=set)
    """Attribute names that are read anywhere."""
    names: set[str] = field(default_factory=set)
    """Names that are read anywhere."""
    stored: dict[str, ast.expr] = field(default_factory=dict)
    """Attributes of `self` that are set, with the last target."""
    chooses: bool = False
    """Whether something is compared with the best so far, or handed to a scheduler or to early stopping."""
    training: set[str] = field(default_factory=set)
    """Names of functions that train."""


def mentions_of(run: "Interpreter") -> Mentions:
    """What the source mentions; worked out once."""
    found = run.notes.get("torch mentions")
    if not isinstance(found, Mentions):
        found = Mentions()
        for statement in run.source.statements:
            _collect(statement, found)
        _find_training(run, found)
        run.notes["torch mentions"] = found
    return found


def _collect(root: ast.AST, found: Mentions) -> None:
    waiting: list[tuple[ast.AST, bool]] = [(root, False)]
    while waiting:
        node, is_building = waiting.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            is_building = node.name in _BUILDERS
        if isinstance(node, ast.Attribute):
            if isinstance(node.ctx, ast.Load):
                found.attributes_anywhere.add(node.attr)
                if not is_building:
                    found.attributes.add(node.attr)
            elif isinstance(node.value, ast.Name) and node.value.id == "self":
                found.stored[node.attr] = node
        elif isinstance(node, ast.Name) and isinstance(node.ctx, ast.Load):
            found.names.add(node.id)
        elif isinstance(node, ast.Constant) and isinstance(node.value, str) and node.value.isidentifier():
            found.attributes.add(node.value)
            found.attributes_anywhere.add(node.value)
        elif isinstance(node, ast.Compare):
            found.chooses = found.chooses or any(_CHOICE.search(word) for word in _words(node))
        elif isinstance(node, ast.Call):
            words = list(_words(node.func))
            found.chooses = found.chooses or ("step" in words and bool(node.args) and any("sched" in w for w in words))
        elif isinstance(node, ast.AugAssign) and isinstance(node.target, ast.Attribute):
            found.attributes_anywhere.add(node.target.attr)
        waiting.extend((child, is_building) for child in ast.iter_child_nodes(node))


def _words(root: ast.AST) -> Iterator[str]:
    """Names in an expression, lower case."""
    for node in ast.walk(root):
        if isinstance(node, ast.Name):
            yield node.id.lower()
        elif isinstance(node, ast.Attribute):
            yield node.attr.lower()


def _functions(run: "Interpreter") -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    waiting: list[ast.AST] = list(run.source.statements)
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node
        waiting.extend(ast.iter_child_nodes(node))


def _find_training(run: "Interpreter", found: Mentions) -> None:
    calls = {node.name: _called(node) for node in _functions(run)}
    found.training = {name for name, words in calls.items() if words & set(_STEPS)}
    for _ in range(8):
        more = {name for name, words in calls.items() if words & found.training} - found.training
        if not more:
            break
        found.training |= more


def _called(root: ast.AST) -> set[str]:
    """Names of the functions and methods that a piece of source calls."""
    words: set[str] = set()
    waiting: list[ast.AST] = [root]
    while waiting:
        node = waiting.pop()
        if isinstance(node, ast.Call):
            if isinstance(node.func, ast.Attribute):
                words.add(node.func.attr)
            elif isinstance(node.func, ast.Name):
                words.add(node.func.id)
        waiting.extend(ast.iter_child_nodes(node))
    return words


def zeroes(run: "Interpreter", node: ast.AST) -> bool:
    """Whether a loop sets gradients to zero, or calls a function of the source that does; inner loops left out."""
    words = _called(node)
    return "zero_grad" in words or any(
        function.name in words and "zero_grad" in _called(function) for function in _functions(run)
    )


def trains(run: "Interpreter", node: ast.AST) -> bool:
    """Whether a loop or function holds a training step, or calls a function of the source that does."""
    known = run.notes.setdefault("torch trains", {})
    if node not in known:
        found = mentions_of(run)
        known[node] = bool(_called(node) & (set(_STEPS) | found.training))
    return bool(known[node])
