"""Text into statements: prompts, indentation and magics are understood, what cannot be parsed is left out."""

import ast
import re
import warnings
from collections.abc import Sequence
from dataclasses import replace

from diabolo.checks.source.rows import Row, SourceText
from diabolo.checks.subject import Problem
from diabolo.checks.text import split_rows
from diabolo.errors import clip
from diabolo.graph import Place

_PROMPT = re.compile(r"\s*(?:>>>|In ?\[[\d *]*\]:) ?")
_MORE = re.compile(r"\s*(?:\.\.\.:?)(?: |$)")
_OUTPUT = re.compile(r"\s*Out ?\[[\d ]*\]:")
_MAGIC = re.compile(r"(\s*)(?:!|\?|%{1,2}(?=[A-Za-z]))")
_CAPTURED = re.compile(r"(\s*[\w, ]+=\s*)[!%](?!=)")
_PRINT = re.compile(r"^(\s*)print\s+(?![=(.,\[:])(?!\w+\s*=(?!=))\S")
_PRINT_MORE = re.compile(r"^(\s*)print\s+\([^)]*\)\s*[%,.]")
_FENCE = re.compile(r"^\s*(```+|~~~+)\s*([\w+-]*)")
_MAX_TRIES = 60
MAX_CHARACTERS = 4_000_000
"""Longest text that is parsed."""


def parse_source(text: str, name: str) -> SourceText:
    """A file or snippet, ready to be followed.

    Args:
        text: as it was read; Python, a pasted session, or Markdown with fenced code.
        name: of the file; what ends in `.md`, `.markdown` or `.rst` is looked through for code.
    """
    text = text.removeprefix("\ufeff")
    if len(text) > MAX_CHARACTERS:
        return _failed(text, name, f"the file has {len(text):,} characters; more than {MAX_CHARACTERS:,} are not read")
    rows = _rows(text, name)
    return _parsed(name, rows, text=text)


def parse_cells(cells: Sequence[str], name: str, is_code: Sequence[bool]) -> SourceText:
    """The cells of a notebook, in their order, ready to be followed."""
    whole = SourceText(name=name, rows=[], statements=[], cells=tuple(cells))
    if sum(map(len, cells)) > MAX_CHARACTERS:
        return _failed("", name, f"the notebook has more than {MAX_CHARACTERS:,} characters", tuple(cells))
    for number, (cell, holds_code) in enumerate(zip(cells, is_code, strict=True), start=1):
        if not holds_code or re.match(r"\s*%%(?!time|capture|prun)", cell):
            continue
        part = _parsed(name, _python_rows(cell, number), text="")
        for statement in part.statements:
            ast.increment_lineno(statement, len(whole.rows))
        whole.rows += part.rows
        whole.statements += part.statements
        whole.problems += part.problems
    whole.rows = whole.rows or [Row(text="", number=1)]
    return whole


def _failed(text: str, name: str, message: str, cells: tuple[str, ...] = ()) -> SourceText:
    problem = Problem(rule="AE001", message=message, place=Place(source=name, start=0, end=0))
    return SourceText(
        name=name, rows=[Row(text="", number=1)], statements=[], problems=[problem], text=text, cells=cells
    )


def _rows(text: str, name: str) -> list[Row]:
    is_markdown = name.lower().endswith((".md", ".markdown", ".txt", ".rst")) and _has_fence(text)
    if not is_markdown:
        return _python_rows(text, 0)
    inside, is_python = "", False
    result: list[Row] = []
    block: list[tuple[int, str]] = []
    for number, row in enumerate(split_rows(text), start=1):
        fence = _FENCE.match(row)
        if fence and not inside:
            inside, is_python = fence.group(1)[:3], fence.group(2).lower() in ("", "python", "py", "python3", "ipython")
            block = []
        elif fence and row.strip().startswith(inside) and not fence.group(2):
            if is_python:
                result += _block_rows(block)
            inside = ""
        elif inside:
            block.append((number, row))
    if inside and is_python:
        result += _block_rows(block)
    return result or [Row(text="", number=1)]


def _has_fence(text: str) -> bool:
    return any(_FENCE.match(row) for row in split_rows(text))


def _block_rows(block: list[tuple[int, str]]) -> list[Row]:
    rows = _python_rows("\n".join(row for _, row in block), 0)
    return [Row(text=row.text, number=block[index][0], removed=row.removed) for index, row in enumerate(rows) if block]


def _python_rows(text: str, cell: int) -> list[Row]:
    """Rows without prompts, common indentation and magics; their number stays."""
    raw = split_rows(text)
    stripped = _without_prompts(raw)
    indent = _common_indent([row for row, _ in stripped])
    rows: list[Row] = []
    for number, (row, removed) in enumerate(stripped, start=1):
        cut = indent if len(row) - len(row.lstrip()) >= indent else len(row) - len(row.lstrip())
        row, removed = row[cut:], removed + cut
        if "\f" in row or "\x00" in row:
            row = row.replace("\x00", " ")
        rows.append(Row(text=row, number=number, cell=cell, removed=removed))
    return rows


def _without_prompts(rows: list[str]) -> list[tuple[str, int]]:
    """Rows and how many characters were taken away; the output of a session becomes empty."""
    prompts = sum(1 for row in rows if _PROMPT.match(row))
    is_classic = any(row.lstrip().startswith(">>>") for row in rows)
    if not prompts or (is_classic and _is_python(rows)):  # prompts in the docstrings of a file
        return [(row, 0) for row in rows]
    result: list[tuple[str, int]] = []
    for row in rows:
        match = _PROMPT.match(row) or _MORE.match(row)
        if match:
            result.append((row[match.end() :], match.end()))
        elif _OUTPUT.match(row) or is_classic:
            result.append(("", 0))
        else:
            result.append((row, 0))
    return result


def _is_python(rows: list[str]) -> bool:
    try:
        _parse("\n".join(rows))
    except (SyntaxError, ValueError, RecursionError, MemoryError, OverflowError):
        return False
    return True


def _common_indent(rows: list[str]) -> int:
    """Blanks that a whole block is indented by; only where its first row is, too."""
    written = [row for row in rows if row.strip() and not row.lstrip().startswith("#")]
    if not written or not written[0][0].isspace():
        return 0
    first = len(written[0]) - len(written[0].lstrip())
    return first if sum(len(row) - len(row.lstrip()) >= first for row in written) > len(written) // 2 else 0


def _without_magic(row: str) -> str:
    magic = _MAGIC.match(row)
    if re.fullmatch(r"\s*[\w.]+\?\??\s*", row):
        return f"{row[: len(row) - len(row.lstrip())]}pass"
    captured = _CAPTURED.match(row)
    if captured:
        return f"{captured.group(1)}None"
    if magic:
        rest = row.strip()
        timed = re.match(r"%(?:time|timeit|prun)\s+(.*)", rest)
        return magic.group(1) + (timed.group(1) if timed else "pass")
    return row


def _parsed(name: str, rows: list[Row], *, text: str) -> SourceText:
    """Parses rows; where that fails, row by row what is in the way is left out, and said."""
    texts = [row.text for row in rows]
    problems: list[Problem] = []
    try:
        try:
            statements = _parse("\n".join(texts))
        except SyntaxError:  # `%` may begin a row inside of an expression, so magics are looked for only now
            texts = [_without_magic(row) for row in texts]
            statements = _parse_what_can_be(name, rows, texts, problems)
    except (RecursionError, MemoryError, OverflowError):
        message = "the source is nested too deeply to be parsed, or larger than memory"
        statements, problems = [], [_unreadable(name, rows, message)]
    except ValueError as error:
        statements, problems = [], [_unreadable(name, rows, f"cannot be read as Python: {error}")]
    if problems and statements and not name.lower().endswith((".py", ".ipynb")):  # prose around a snippet is no error
        problems = [replace(problem, rule="AE002") for problem in problems]
    final = [replace(row, text=new) for row, new in zip(rows, texts, strict=False)]
    return SourceText(
        name=name, rows=final or [Row(text="", number=1)], statements=statements, problems=problems, text=text
    )


def _parse_what_can_be(name: str, rows: list[Row], texts: list[str], problems: list[Problem]) -> list[ast.stmt]:
    """Leaves rows out of `texts` until the rest can be parsed; the first of them is told."""
    dropped: set[int] = set()
    previous = 0
    for _ in range(max(8, min(_MAX_TRIES, MAX_CHARACTERS // (sum(map(len, texts)) + 1)))):
        try:
            return _parse("\n".join(texts))
        except SyntaxError as error:
            index = min(max((error.lineno or 1) - 1, 0), max(len(texts) - 1, 0))
            if not problems:
                problems.append(_syntax_problem(name, rows, index, error))
            _leave_out(texts, index, index in dropped or index < previous)
            dropped.add(index)
            previous = max(previous, index)
    texts[previous:] = [""] * (len(texts) - previous)
    return _longest_prefix(texts)


def _unreadable(name: str, rows: list[Row], message: str) -> Problem:
    cell = rows[0].cell if rows else 0
    return Problem(rule="AE001", message=message, place=Place(source=name, start=0, end=0, cell=cell))


def _parse(text: str) -> list[ast.stmt]:
    with warnings.catch_warnings():
        warnings.simplefilter("ignore")
        return ast.parse(text).body


def _syntax_problem(name: str, rows: list[Row], index: int, error: SyntaxError) -> Problem:
    row = rows[index] if rows else Row(text="", number=1)
    is_print = bool(_PRINT.match(row.text) or _PRINT_MORE.match(row.text))
    column = min(max((error.offset or 1) - 1, 0), len(row.text))
    place = Place(source=name, row=row.number, start=row.removed + column, end=row.removed + max(
        column, len(row.text.rstrip())
    ), cell=row.cell)  # fmt: skip
    if is_print:
        return Problem(
            rule="AE002", message="`print` without parentheses is Python 2; the row was passed over",
            remedy="Write `print(…)`.", place=place,
        )  # fmt: skip
    what = clip(row.text.strip()) or "the end"
    return Problem(
        rule="AE001",
        message=f"cannot be read as Python at `{what}`: {error.msg}; what could not be parsed was left out",
        remedy="Mend the row, or leave out what is no code.",
        place=place,
    )


def _leave_out(texts: list[str], index: int, is_stubborn: bool) -> None:
    """Takes the row that is in the way out; where that did not help, the whole statement around it."""
    row = texts[index]
    indent = row[: len(row) - len(row.lstrip())]
    if not is_stubborn and row.strip():
        texts[index] = f"{indent}pass"
        return
    start = index
    while start > 0 and (not texts[start].strip() or texts[start][0].isspace() or texts[start][0] in ")]}"):
        start -= 1
    end = index + 1
    while end < len(texts) and (not texts[end].strip() or texts[end][0].isspace() or texts[end][0] in ")]}"):
        end += 1
    while start > 0 and texts[start - 1].startswith("@"):
        start -= 1
    for number in range(start, end):
        texts[number] = ""


def _longest_prefix(texts: list[str]) -> list[ast.stmt]:
    """What parses of the rows from the beginning."""
    low, high = 0, len(texts)
    best: list[ast.stmt] = []
    for _ in range(20):
        if low >= high:
            break
        middle = (low + high + 1) // 2
        try:
            best = _parse("\n".join(texts[:middle]))
            low = middle
        except (SyntaxError, ValueError, RecursionError, MemoryError):
            high = middle - 1
    return best
