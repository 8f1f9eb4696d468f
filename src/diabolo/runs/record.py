"""`run.toml`: all that says what a run is and how to make it again."""

import shlex
import tomllib
import typing
from dataclasses import MISSING, asdict, dataclass, field, fields
from pathlib import Path
from typing import Any

import tomli_w

from diabolo.errors import RunError
from diabolo.files import write_text

FORMAT = 1
"""Version of the run folder's format; a folder of another one is refused by name."""

STATUSES = ("running", "stopped", "diverged", "trained", "finished", "imported")
"""`running` also of a training that was killed; `trained` between the last epoch and the test results; `imported`
of a model that another program trained, which has no history."""


@dataclass(frozen=True, kw_only=True)
class RunRecord:
    """The contents of `run.toml`."""

    name: str
    """Short name of the model: its zoo name, or `model`."""
    line: str
    """The canonical line."""
    input_shape: tuple[int, int, int]
    """(height, width, channels) of the images."""
    seed: int
    """Of initial weights and batch order."""
    recipe: dict[str, Any]
    """Every training choice by name."""
    data: dict[str, Any]
    """Name by which a resume loads the images, content digest, source, counts, options; `in_memory` where none can."""
    command: str
    """The command that made the run."""
    threads: int
    """CPU threads of torch; bit-identical results need the same number."""
    device: str
    """`cpu`, `cuda`…"""
    engine: str = "plain"
    """Which implementation trained it."""
    status: str = "running"
    """One of `STATUSES`."""
    versions: dict[str, str] = field(default_factory=dict)
    """Of diabolo, Python, torch and numpy."""
    machine: dict[str, Any] = field(default_factory=dict)
    """System, processor, cores."""
    created: str = ""
    """Local time of the start, ISO 8601 with zone."""
    test: dict[str, float] = field(default_factory=dict)
    """Test set results of the kept weights, measured once at the end; empty before."""
    format: int = FORMAT
    """Version of the folder's format."""


def write_record(target: Path, record: RunRecord) -> None:
    """Writes `run.toml` atomically; raises `OutputError` where it cannot."""
    values = {name: value for name, value in asdict(record).items() if value != {} or name == "recipe"}
    values["input_shape"] = list(record.input_shape)
    scalars = {name: value for name, value in values.items() if not isinstance(value, dict)}
    tables = {name: value for name, value in values.items() if isinstance(value, dict)}
    write_text(target, tomli_w.dumps({**scalars, **tables}))


def read_record(source: Path) -> RunRecord:
    """Reads `run.toml`.

    Raises:
        RunError: there is none, it cannot be read, something in it is missing or of the wrong type, or another version
            of diabolo wrote it.
    """
    try:
        values = tomllib.loads(source.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        raise RunError(
            f"`{source.parent}` is no run: it holds no `{source.name}`; "
            f"`diabolo train MODEL --out {shlex.quote(str(source.parent))}` makes one"
        ) from None
    except OSError as error:
        raise RunError(f"`{source}` cannot be read ({error.strerror}); is it a file that you may read?") from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise RunError(f"`{source}` cannot be read: {error}; it was edited or damaged") from None
    version = values.get("format")
    if version != FORMAT:
        writer = values.get("versions")
        named = writer.get("diabolo", "unknown") if isinstance(writer, dict) else "unknown"
        raise RunError(
            f"`{source.parent}` has run format {version}, and this diabolo reads format {FORMAT}; "
            f"use the version that wrote it ({named}), or train again"
        )
    problem = _problem(values)
    if problem is not None:
        raise RunError(f"`{source}` {problem}; it was edited or damaged")
    known = {field.name for field in fields(RunRecord)}
    kept = {name: value for name, value in values.items() if name in known}
    return RunRecord(**{**kept, "input_shape": tuple(values["input_shape"])})


def _problem(values: dict[str, Any]) -> str | None:
    """What is wrong with the contents of a `run.toml` of this format, in words; None where nothing is."""
    for name, kind in typing.get_type_hints(RunRecord).items():
        if name == "input_shape":
            continue
        expected = typing.get_origin(kind) or kind
        value = values.get(name, expected() if name in _OPTIONAL else None)
        if value is None:
            return f"lacks `{name}`"
        if not isinstance(value, expected) or isinstance(value, bool):
            return f"has `{name}` = {value!r}, which is not {_TYPE_NAMES[expected]}"
    shape = values.get("input_shape")
    if not (isinstance(shape, list) and len(shape) == 3 and all(type(side) is int and side > 0 for side in shape)):
        return f"has `input_shape` = {shape!r}, which is not height, width and channels"
    if values["threads"] < 1:
        return f"has `threads` = {values['threads']}, which is less than 1"
    if values.get("status", "running") not in STATUSES:
        return f"has `status` = {values['status']!r}, which is none of {', '.join(STATUSES)}"
    for name in ("name", "digest", "source"):
        if not isinstance(values["data"].get(name), str):
            return f"lacks `{name}` in its table `data`"
    return None


_OPTIONAL = {
    field.name for field in fields(RunRecord) if field.default_factory is not MISSING or field.default != MISSING
}
_TYPE_NAMES: dict[Any, str] = {str: "a text", int: "a whole number", dict: "a table"}
