"""Brings the generated parts of the documents up to date: `python docs/generate.py`; with `--check` it only looks."""

import ast
import inspect
import itertools
import sys
import textwrap
import typing
from pathlib import Path

from rule_pages import FOLDER, rule_pages
from zoo_page import zoo_page

from diabolo.explain.reference import reference_text
from diabolo.files import write_text
from diabolo.notation.reference import with_table
from diabolo.runs import EpochRow
from diabolo.train import Recipe, all_recipes

DOCS = Path(__file__).parent


def documents() -> dict[Path, str]:
    """Each document with generated parts, and each generated page, with its text as it should be."""
    parts = {
        path: make(path.read_text(encoding="utf-8"))
        for path, make in (
            (DOCS / "line.md", with_table),
            (DOCS / "explain.md", lambda text: _between(text, "readings", reference_text())),
            (DOCS / "recipes.md", lambda text: _between(text, "choices of a recipe", recipe_table())),
            (DOCS / "run-folder.md", lambda text: _between(text, "columns of the history", history_table())),
        )
    }
    return {**parts, **rule_pages(), DOCS / "zoo.md": zoo_page()}


def recipe_table() -> str:
    """Every choice of a recipe: its values, what it does, and what the named recipes choose."""
    recipes = all_recipes()
    meanings, hints = _field_docs(Recipe), typing.get_type_hints(Recipe)
    lines = [
        f"| Choice | Values | {' | '.join(f'`{name}`' for name in recipes)} | What it is |",
        f"|---|---|{'---|' * len(recipes)}---|",
    ]
    for name in recipes["fast"].choices():
        allowed = typing.get_args(hints[name])
        kind = {int: "whole number", float: "number", str: "text"}.get(hints[name], "")
        values = ", ".join(f"`{value}`" for value in allowed) or kind
        chosen = " | ".join(f"`{_plain(getattr(recipe, name))}`" for recipe in recipes.values())
        lines.append(f"| `{name}` | {values} | {chosen} | {meanings[name]} |")
    return "\n".join(lines)


def history_table() -> str:
    """Every column of `history.csv`."""
    rows = [f"| `{name}` | {meaning} |" for name, meaning in _field_docs(EpochRow).items()]
    return "\n".join(["| Column | What it is |", "|---|---|", *rows])


def _plain(value: object) -> str:
    return f"{value:g}" if isinstance(value, float) else str(value)


def _field_docs(owner: type) -> dict[str, str]:
    """The docstring below each field of a dataclass, which Python itself throws away."""
    body = ast.parse(textwrap.dedent(inspect.getsource(owner))).body[0].body  # type: ignore[attr-defined]
    found = {}
    for field, below in itertools.pairwise(body):
        if isinstance(field, ast.AnnAssign) and isinstance(below, ast.Expr) and isinstance(below.value, ast.Constant):
            found[field.target.id] = " ".join(str(below.value.value).split())  # type: ignore[union-attr]
    return found


def _text(path: Path) -> str | None:
    return path.read_text(encoding="utf-8") if path.exists() else None


def _between(text: str, name: str, content: str) -> str:
    begin, end = f"<!-- generated: {name} -->", "<!-- end -->"
    before, found, rest = text.partition(begin)
    _, closed, after = rest.partition(end)
    assert found, f"no marker for {name}"
    assert closed, f"the part {name} has no end"
    return f"{before}{begin}\n\n{content}\n\n{end}{after}"


def main() -> None:
    """Writes what is stale; with `--check`, names it and exits with 1."""
    wanted = documents()
    stale = {path: text for path, text in wanted.items() if text != _text(path)}
    orphans = sorted(set(FOLDER.glob("*.md")) - set(wanted))
    if "--check" in sys.argv[1:]:
        for path in (*stale, *orphans):
            print(f"{path.name} is not up to date: `make format` mends it")
        sys.exit(bool(stale or orphans))
    for path in orphans:
        path.unlink()
        print(f"{path.name} removed: no rule has that code")
    for path, text in stale.items():
        write_text(path, text)
        print(f"{path.name} brought up to date")


if __name__ == "__main__":
    main()
