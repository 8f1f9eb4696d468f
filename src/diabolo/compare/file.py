"""`comparison.json`: a comparison as plain values, and read back."""

import dataclasses
import json
import types
import typing
from pathlib import Path
from typing import Any

from diabolo.compare.comparison import Comparison
from diabolo.errors import RunError
from diabolo.files import write_text

COMPARISON_FILE = "comparison.json"
"""Its name in the folder of a comparison."""
FORMAT = 1
"""Version of the file's format; another one is refused by name."""


def to_dict(comparison: Comparison) -> dict[str, Any]:
    """Plain values for JSON."""
    return {"format": FORMAT, **dataclasses.asdict(comparison)}


def from_dict(values: dict[str, Any]) -> Comparison:
    """A comparison from plain values.

    Raises:
        RunError: something is missing or of another type, or another version of diabolo wrote it.
    """
    if not isinstance(values, dict) or values.get("format") != FORMAT:
        found = values.get("format") if isinstance(values, dict) else type(values).__name__
        raise RunError(f"this comparison has format {found}, and this diabolo reads format {FORMAT}; compare again")
    try:
        found = _read(Comparison, {name: value for name, value in values.items() if name != "format"})
    except (KeyError, TypeError, ValueError, AttributeError) as error:
        raise RunError(f"this comparison lacks something or was edited ({error}); compare again") from None
    assert isinstance(found, Comparison)
    return found


def write_comparison(comparison: Comparison, folder: Path) -> Path:
    """Writes `comparison.json` into a folder and returns its path; raises `OutputError` where it cannot."""
    target = folder / COMPARISON_FILE
    write_text(target, json.dumps(to_dict(comparison), indent=2, allow_nan=False) + "\n")
    return target


def read_comparison(folder: Path) -> Comparison:
    """Reads the `comparison.json` of a folder.

    Raises:
        RunError: there is none, it cannot be read, or it is damaged.
    """
    source = folder / COMPARISON_FILE
    try:
        values = json.loads(source.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        raise RunError(f"`{folder}` is no comparison: it holds no `{COMPARISON_FILE}`") from None
    except OSError as error:
        raise RunError(f"`{source}` cannot be read ({error.strerror})") from None
    except ValueError as error:
        raise RunError(f"`{source}` cannot be read: {error}; it was edited or damaged") from None
    return from_dict(values)


def _read(kind: Any, value: Any) -> Any:
    """A value of JSON as the type of its field."""
    if dataclasses.is_dataclass(kind):
        assert isinstance(kind, type)
        hints = typing.get_type_hints(kind)
        unknown = value.keys() - hints.keys()
        if unknown:
            raise ValueError(f"unknown `{min(unknown)}` in {kind.__name__}")
        return kind(**{name: _read(hints[name], content) for name, content in value.items()})
    origin, arguments = typing.get_origin(kind), typing.get_args(kind)
    if origin is types.UnionType:
        if value is None:
            return None
        return _read(next(argument for argument in arguments if argument is not type(None)), value)
    if origin is tuple:
        if not isinstance(value, list | tuple):
            raise ValueError(f"{value!r} is no list")
        if arguments[-1] is Ellipsis:
            return tuple(_read(arguments[0], item) for item in value)
        return tuple(_read(argument, item) for argument, item in zip(arguments, value, strict=True))
    if origin is dict:
        return {name: _read(arguments[1], item) for name, item in value.items()}
    if kind is Any:
        return value
    if kind is float and isinstance(value, int) and not isinstance(value, bool):
        return float(value)
    if not isinstance(value, kind) or (isinstance(value, bool) and kind is not bool):
        raise ValueError(f"{value!r} is no {kind.__name__}")
    return value
