"""Reading source text: `read_source`, `read_cells`, `read_notebook`, `read_file`; nothing is executed or imported."""

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path

from diabolo.checks.source.assemble import assemble
from diabolo.checks.source.interpreter import Interpreter
from diabolo.checks.source.libraries import libraries_for
from diabolo.checks.source.notebook import cells_of
from diabolo.checks.source.recover import parse_cells, parse_source
from diabolo.checks.source.rows import SourceText
from diabolo.checks.subject import Problem, Subject
from diabolo.checks.text import EncodingError, decode, read_bytes
from diabolo.errors import DiaboloError
from diabolo.graph import Place

_DEPTH = 6_000
"""Python's own recursion limit while a source is read; the interpreter's budget of depth ends long before."""


def read_source(text: str, name: str = "source", *, is_guarded: bool = True) -> Subject:
    """The models, trainings and problems of a piece of Python.

    Args:
        text: a file, a snippet from a thread, a pasted session, or Markdown with fenced code.
        name: of the file, as places and messages say it.
        is_guarded: whether a defect of the reader becomes a problem; False in tests.
    """
    with _deep():
        return _read(parse_source(text, name), is_guarded)


def read_cells(
    texts: Sequence[str], name: str = "notebook", *, is_code: Sequence[bool], is_guarded: bool = True
) -> Subject:
    """The same of a notebook's cells, in their order.

    Args:
        texts: of all cells.
        name: of the file.
        is_code: for each cell whether it holds code.
        is_guarded: as in `read_source`.
    """
    with _deep():
        return _read(parse_cells(texts, name, is_code), is_guarded)


def read_notebook(text: str, name: str = "notebook.ipynb", *, is_guarded: bool = True) -> Subject:
    """The same of the text of an `.ipynb` file."""
    try:
        texts, is_code = cells_of(text)
    except DiaboloError as error:
        return _unreadable(name, str(error), text)
    return read_cells(texts, name, is_code=is_code, is_guarded=is_guarded)


def read_file(path: str | Path, *, is_guarded: bool = True) -> Subject:
    """The same of a `.py`, `.ipynb`, `.md` or `.txt` file.

    Raises:
        DiaboloError: the file is missing, too large, or cannot be opened.
    """
    name = str(path)
    try:
        text, _ = decode(read_bytes(Path(path)))
    except EncodingError as error:
        return _unreadable(name, str(error), "", row=error.row)
    if name.lower().endswith(".ipynb"):
        return read_notebook(text, name, is_guarded=is_guarded)
    return read_source(text, name, is_guarded=is_guarded)


def _read(source: SourceText, is_guarded: bool) -> Subject:
    run = Interpreter(source, libraries_for("\n".join(source.cells) or source.text), is_guarded=is_guarded)
    run.follow()
    whole = run.guard(lambda: assemble(run), None, "the models of this source")
    if whole is None:
        return Subject(
            source=source.name, text=None if source.cells else source.text, cells=source.cells,
            problems=tuple(run.problems),
        )  # fmt: skip
    result: Subject = whole
    return result


def _unreadable(name: str, message: str, text: str, *, row: int = 1) -> Subject:
    place = Place(source=name, row=row, start=0, end=0)
    return Subject(source=name, text=text, problems=(Problem(rule="AE001", message=message, place=place),))


@contextmanager
def _deep() -> Iterator[None]:
    """Room for nested sources; put back afterwards."""
    kept = sys.getrecursionlimit()
    sys.setrecursionlimit(max(kept, _DEPTH))
    try:
        yield
    finally:
        sys.setrecursionlimit(kept)
