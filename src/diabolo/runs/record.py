"""`run.toml`: all that says what a run is and how to make it again."""

import os
import platform
import sys
import tomllib
from dataclasses import asdict, dataclass, field, fields
from importlib import metadata
from pathlib import Path
from typing import Any

import tomli_w

from diabolo.errors import RunError
from diabolo.files import write_text

FORMAT = 1
"""Version of the run folder's format; a folder of another one is refused by name."""


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
    """Name, content digest, source and counts of the data set."""
    command: str
    """The command that made the run."""
    threads: int
    """CPU threads of torch; bit-identical results need the same number."""
    device: str
    """`cpu`, `cuda`…"""
    engine: str = "plain"
    """Which implementation trained it."""
    status: str = "running"
    """`running`, `stopped`, `diverged` or `finished`."""
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
    """Writes `run.toml` atomically."""
    values = {name: value for name, value in asdict(record).items() if value != {} or name == "recipe"}
    values["input_shape"] = list(record.input_shape)
    scalars = {name: value for name, value in values.items() if not isinstance(value, dict)}
    tables = {name: value for name, value in values.items() if isinstance(value, dict)}
    write_text(target, tomli_w.dumps({**scalars, **tables}))


def read_record(source: Path) -> RunRecord:
    """Reads `run.toml`.

    Raises:
        RunError: there is none, it cannot be read, or another version of diabolo wrote it.
    """
    try:
        values = tomllib.loads(source.read_text(encoding="utf-8"))
    except (FileNotFoundError, NotADirectoryError):
        raise RunError(
            f"`{source.parent}` is no run: it holds no `run.toml`; "
            f"`diabolo train MODEL --out {source.parent}` makes one"
        ) from None
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise RunError(f"`{source}` cannot be read: {error}; it was edited or damaged") from None
    version = values.get("format")
    if version != FORMAT:
        raise RunError(
            f"`{source.parent}` has run format {version}, and this diabolo reads format {FORMAT}; "
            f"use the version that wrote it ({values.get('versions', {}).get('diabolo', 'unknown')}), or train again"
        )
    known = {field.name for field in fields(RunRecord)}
    try:
        values["input_shape"] = tuple(values["input_shape"])
        return RunRecord(**{name: value for name, value in values.items() if name in known})
    except (KeyError, TypeError) as error:
        raise RunError(f"`{source}` lacks something that a run needs: {error}") from None


def current_versions() -> dict[str, str]:
    """Versions of what computes."""
    names = ("diabolo", "torch", "numpy")
    return {"python": platform.python_version(), **{name: metadata.version(name) for name in names}}


def current_machine() -> dict[str, Any]:
    """System, processor and cores of this machine; nothing that names its owner."""
    return {
        "system": platform.system(),
        "architecture": platform.machine(),
        "processor": _processor(),
        "cores": os.cpu_count() or 1,
    }


def _processor() -> str:
    try:
        for line in Path("/proc/cpuinfo").read_text().splitlines():
            if line.startswith("model name"):
                return line.split(":", 1)[1].strip()
    except OSError:
        pass
    return platform.processor() or "unknown"


def command_line() -> str:
    """The command that is running, with `diabolo` for the program's path."""
    program = Path(sys.argv[0]).name if sys.argv and sys.argv[0] else "python"
    if program in ("__main__.py", "diabolo"):
        program = "diabolo"
    import shlex

    return shlex.join([program, *sys.argv[1:]])
