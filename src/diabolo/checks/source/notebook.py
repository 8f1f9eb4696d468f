"""A notebook's JSON: the texts of its cells, and the same notebook with other texts, laid out as it was."""

import json
import re
from collections.abc import Sequence
from typing import Any

from diabolo.errors import DiaboloError


def cells_of(text: str) -> tuple[tuple[str, ...], tuple[bool, ...]]:
    """The texts of a notebook's cells, and which of them hold code.

    Raises:
        DiaboloError: the text is no notebook.
    """
    cells = _cells(_parse(text))
    is_code = tuple(isinstance(cell, dict) and cell.get("cell_type") == "code" for cell in cells)
    return tuple(map(_text_of, cells)), is_code


def with_cells(text: str, texts: Sequence[str]) -> str:
    """The notebook with other texts in its cells; outputs, metadata, indentation and escapes stay as they are.

    Args:
        text: the notebook's JSON.
        texts: of all its cells.

    Raises:
        DiaboloError: the text is no notebook.
    """
    content = _parse(text)
    for cell, wanted in zip(_cells(content), texts, strict=True):
        if _text_of(cell) != wanted:
            key = "source" if "source" in cell else "input"  # `input` before version 4
            cell[key] = wanted.splitlines(keepends=True) if isinstance(cell[key], list) else wanted
    indent = re.match(r"\{\s*\n([ \t]+)", text)
    layout: Any = None if indent is None else indent[1] if "\t" in indent[1] else len(indent[1])
    written = json.dumps(content, indent=layout, ensure_ascii="\\u" in text and text.isascii())
    return written + ("\n" if text.endswith("\n") else "")


def _parse(text: str) -> Any:
    try:
        return json.loads(text)
    except (ValueError, RecursionError):
        raise DiaboloError("the file is no notebook: it is not JSON; save it again from Jupyter") from None


def _cells(content: Any) -> list[Any]:
    sheets = content.get("worksheets") if isinstance(content, dict) else None
    holder = sheets[0] if isinstance(sheets, list) and sheets else content
    cells = holder.get("cells") if isinstance(holder, dict) else None
    if not isinstance(cells, list):
        raise DiaboloError("the file is no notebook: it holds no cells; save it again from Jupyter")
    return cells


def _text_of(cell: Any) -> str:
    source = cell.get("source", cell.get("input", "")) if isinstance(cell, dict) else ""
    if isinstance(source, list):
        source = "".join(part for part in source if isinstance(part, str))
    return source if isinstance(source, str) else ""
