"""Source text: its rows as Python counts them, places as offsets, bytes to text and back without losing anything."""

import codecs
import contextlib
import io
import re
import tokenize
from pathlib import Path

from diabolo.errors import DataError, DiaboloError
from diabolo.graph import Place

_LARGEST = 50_000_000
"""Bytes of a file that is read; a larger one is data."""
_ROW_END = re.compile(r"\r\n|\r|\n")


def split_rows(text: str) -> list[str]:
    """Rows without their ends, as Python's parser counts them: a form feed or U+2028 ends none."""
    return _ROW_END.split(text)


def row_starts(text: str) -> list[int]:
    """Offset of the first character of each row."""
    return [0, *(match.end() for match in _ROW_END.finditer(text))]


def span_of(starts: list[int], place: Place) -> tuple[int, int]:
    """Offsets of the first character of a place and after its last one.

    Args:
        starts: of the text's rows, from `row_starts`.
        place: in that text.
    """
    return starts[place.row - 1] + place.start, starts[place.last_row - 1] + place.end


class EncodingError(DiaboloError):
    """The bytes of a file are no text.

    Args:
        message: what is wrong and what to do.
        row: where, from 1.
    """

    def __init__(self, message: str, row: int) -> None:
        self.row = row
        super().__init__(message)


def decode(content: bytes) -> tuple[str, str]:
    """Text of a Python file and its encoding, found as Python finds it (PEP 263); row ends stay as they are.

    Raises:
        EncodingError: the bytes are not of that encoding, or the encoding is unknown.
    """
    encoding = "utf-8"
    try:
        with contextlib.suppress(UnicodeDecodeError):
            encoding, _ = tokenize.detect_encoding(io.BytesIO(content).readline)
    except SyntaxError as error:
        if "unknown encoding" in str(error):
            raise EncodingError(f"{error.msg}; save the file as UTF-8", 1) from None
    try:
        return content.decode(encoding), encoding
    except UnicodeDecodeError as error:
        row = content[: error.start].count(b"\n") + 1
        raise EncodingError(
            f"bytes that are not {encoding.upper()}; save the file as UTF-8, or name its encoding in the first line, "
            "as in `# -*- coding: latin-1 -*-`",
            row,
        ) from None


def read_bytes(path: Path) -> bytes:
    """What a source file holds.

    Raises:
        DataError: it is a folder, is too large to be a source, or cannot be opened.
    """
    try:
        if path.is_dir():
            raise DataError(f"`{path}` is a folder; name a file in it")
        size = path.stat().st_size
        if size > _LARGEST:
            raise DataError(
                f"`{path}` has {size / 1e6:,.0f} MB; source files of more than {_LARGEST // 10**6} MB are not read"
            )
        return path.read_bytes()
    except OSError as error:
        raise DataError(f"cannot read `{path}`: {error.strerror or error}; check the path") from error


def encode(text: str, encoding: str) -> bytes:
    """The bytes of a text, with the mark at the beginning that `utf-8-sig` and UTF-16 stand for."""
    return codecs.encode(text, encoding)
