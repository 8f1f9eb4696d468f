"""`SourceText`: the text of a file, snippet or notebook, parsed, with every node's place in the original."""

import ast
from dataclasses import dataclass, field

from diabolo.checks.subject import Problem
from diabolo.graph import Place

_LONGEST_TEXT = 80
"""Characters of an expression that messages repeat."""


@dataclass(frozen=True, kw_only=True)
class Row:
    """One row as the parser sees it."""

    text: str
    """With prompts and indentation taken away, magics and prose blanked."""
    number: int
    """Row in the file or cell, from 1."""
    cell: int = 0
    """Number of the notebook cell, from 1; 0: not a notebook."""
    removed: int = 0
    """Characters taken away at its beginning."""


@dataclass(kw_only=True)
class SourceText:
    """What the interpreter reads."""

    name: str
    """Of the file."""
    rows: list[Row]
    """All rows, of all cells one after another."""
    statements: list[ast.stmt]
    """The syntax tree."""
    problems: list[Problem] = field(default_factory=list)
    """What could not be read."""
    cells: tuple[str, ...] = ()
    """The notebook's cells."""
    text: str = ""
    """The whole text, where it is no notebook."""

    def place(self, node: ast.AST) -> Place:
        """Where a node is written."""
        known: Place | None = getattr(node, "diabolo_place", None)
        if known is not None:
            return known
        found = self._place(node)
        node.diabolo_place = found  # type: ignore[attr-defined]
        return found

    def _place(self, node: ast.AST) -> Place:
        first = getattr(node, "lineno", 1)
        last = getattr(node, "end_lineno", None) or first
        top, bottom = self._row(first), self._row(last)
        start = self._column(top, getattr(node, "col_offset", 0))
        end = self._column(bottom, getattr(node, "end_col_offset", None) or 0)
        return Place(
            source=self.name,
            row=top.number,
            start=start,
            end=end,
            end_row=0 if bottom.number == top.number else bottom.number,
            cell=top.cell,
        )

    def text_of(self, node: ast.AST) -> str:
        """A node as it is written, on one row and not too long."""
        if isinstance(node, ast.Name):
            return node.id
        known: str | None = getattr(node, "diabolo_text", None)
        if known is None:
            known = node.diabolo_text = self._text(node)  # type: ignore[attr-defined]
        return known

    def _text(self, node: ast.AST) -> str:
        first, last = getattr(node, "lineno", None), getattr(node, "end_lineno", None)
        if first is None or last is None:
            return ""
        start, end = node.col_offset, node.end_col_offset  # type: ignore[attr-defined]
        if first == last:
            text = self._row(first).text.encode()[start:end].decode(errors="replace")
        else:
            pieces = [self._row(first).text.encode()[start:].decode(errors="replace")]
            pieces += [self._row(number).text.strip() for number in range(first + 1, min(last, first + 4))]
            if last < first + 4:
                pieces.append(self._row(last).text.encode()[:end].decode(errors="replace").strip())
            text = " ".join(pieces)
        return text if len(text) <= _LONGEST_TEXT else f"{text[: _LONGEST_TEXT - 1]}…"

    def _row(self, number: int) -> Row:
        return self.rows[min(max(number, 1), len(self.rows)) - 1]

    @staticmethod
    def _column(row: Row, offset: int) -> int:
        if row.text.isascii():
            return offset + row.removed
        return len(row.text.encode()[:offset].decode(errors="ignore")) + row.removed
