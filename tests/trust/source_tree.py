"""The package's source as syntax trees, for the audits."""

import ast
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).parents[2]
PACKAGE = ROOT / "src" / "diabolo"


@cache
def _trees() -> tuple[tuple[str, ast.Module], ...]:
    return tuple(
        (path.relative_to(PACKAGE).as_posix(), ast.parse(path.read_text(encoding="utf-8")))
        for path in sorted(PACKAGE.rglob("*.py"))
    )


def modules() -> Iterator[tuple[str, ast.Module]]:
    """Path below the package, and tree."""
    yield from _trees()


@cache
def calls() -> tuple[tuple[str, ast.Call, str], ...]:
    """Every call: file, the call, and what is called as a dotted name (the last parts that are names)."""
    return tuple(
        (name, node, dotted(node.func))
        for name, tree in modules()
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
    )


def dotted(node: ast.expr) -> str:
    if isinstance(node, ast.Name):
        return node.id
    if isinstance(node, ast.Attribute):
        return f"{dotted(node.value)}.{node.attr}"
    return "?"


def imported() -> Iterator[tuple[str, str]]:
    """Every module imported from elsewhere: file, and first part of its name."""
    for name, tree in modules():
        for node in ast.walk(tree):
            if isinstance(node, ast.Import):
                yield from ((name, alias.name.split(".")[0]) for alias in node.names)
            elif isinstance(node, ast.ImportFrom) and not node.level and node.module:
                yield name, node.module.split(".")[0]
