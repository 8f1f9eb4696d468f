"""`[tool.diabolo.check]` of the `pyproject.toml` above a file: which rules run there, and how bad they are."""

import difflib
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from fnmatch import fnmatch
from functools import cache
from pathlib import Path
from typing import Any

from diabolo.checks.diagnose import Selection
from diabolo.checks.finding import SEVERITIES, Severity
from diabolo.checks.rules import all_rules
from diabolo.errors import DiaboloError, clip
from diabolo.vocabulary import Shape

_NEVER = (".git", ".venv", "venv", "node_modules", "__pycache__", ".tox", ".mypy_cache", ".ruff_cache", "site-packages")
"""Folders that a walk leaves out; beside every folder whose name begins with a point."""


@dataclass(frozen=True, kw_only=True)
class Config:
    """What a project asks of the doctor."""

    select: tuple[str, ...] = ()
    """Rules that run; empty: all."""
    ignore: tuple[str, ...] = ()
    """Rules that do not."""
    exclude: tuple[str, ...] = ()
    """Patterns of files and folders that a walk leaves out, below the configuration's folder."""
    per_file_ignores: Mapping[str, tuple[str, ...]] = field(default_factory=dict)
    """Patterns of files, and the rules that do not run there."""
    severity: Mapping[str, Severity] = field(default_factory=dict)
    """Rules, by code or name, that are worse or milder here."""
    input_shape: Shape | None = None
    """(height, width, channels) of the images, for our lines; None: 32×32×3."""
    folder: Path = Path()
    """Folder of the configuration; patterns are relative to it."""

    def selection(self, path: Path | None = None) -> Selection:
        """Which rules run, in a file or anywhere.

        Raises:
            DiaboloError: a word names no rule.
        """
        ignored = list(self.ignore)
        if path is not None:
            for pattern, words in self.per_file_ignores.items():
                if self._matches(path, pattern):
                    ignored.extend(words)
        return Selection(select=self.select, ignore=tuple(ignored), severity=dict(self.severity))

    def excludes(self, path: Path) -> bool:
        """Whether a walk leaves a file or folder out."""
        name = path.name
        if name in _NEVER or (name.startswith(".") and len(name) > 1 and name != ".."):
            return True
        return any(self._matches(path, pattern) for pattern in self.exclude)

    def with_options(self, select: tuple[str, ...], ignore: tuple[str, ...]) -> "Config":
        """The same with what the command line says: `select` takes the place of the file's, `ignore` is added."""
        return replace(self, select=select or self.select, ignore=(*self.ignore, *ignore))

    def _matches(self, path: Path, pattern: str) -> bool:
        absolute = path.absolute()
        below = absolute.relative_to(self.folder) if absolute.is_relative_to(self.folder) else absolute
        text, wanted = below.as_posix(), pattern.strip("/")
        return fnmatch(text, wanted) or fnmatch(text, f"{wanted}/*") or fnmatch(below.name, wanted)


def config_for(path: Path) -> Config:
    """The configuration of the nearest `pyproject.toml` with a `[tool.diabolo.check]`, from the file's folder upwards.

    Raises:
        DiaboloError: that table is wrong, or its file cannot be read.
    """
    start = path.absolute()
    return _nearest(start if start.is_dir() else start.parent)


@cache
def _nearest(folder: Path) -> Config:
    for place in (folder, *folder.parents):
        file = place / "pyproject.toml"
        try:
            text = file.read_text(encoding="utf-8")
        except (FileNotFoundError, NotADirectoryError, PermissionError):
            continue
        except (OSError, UnicodeDecodeError) as error:
            raise DiaboloError(f"`{file}` cannot be read: {error}") from None
        if "diabolo" not in text:
            continue
        try:
            tool = tomllib.loads(text).get("tool", {})
        except tomllib.TOMLDecodeError as error:
            raise DiaboloError(f"`{file}` is no TOML: {error}") from None
        table = tool.get("diabolo", {}).get("check") if isinstance(tool.get("diabolo", {}), dict) else None
        if table is not None:
            return _read(table, file)
    return Config()


def _read(table: Any, file: Path) -> Config:
    where = f"`[tool.diabolo.check]` in `{file}`"
    if not isinstance(table, dict):
        raise DiaboloError(f"{where} must be a table")
    known = {"select", "ignore", "exclude", "per-file-ignores", "severity", "input"}
    for name in table:
        if name not in known:
            close = difflib.get_close_matches(name, known, n=1)
            hint = f"did you mean `{close[0]}`?" if close else f"there are {', '.join(sorted(known))}"
            raise DiaboloError(f"{where} has no setting `{clip(name)}`; {hint}")
    per_file = table.get("per-file-ignores", {})
    severity = table.get("severity", {})
    if not isinstance(per_file, dict) or not isinstance(severity, dict):
        raise DiaboloError(
            f"{where}: `per-file-ignores` and `severity` are tables, as in `severity = {{ AE301 = 'error' }}`"
        )
    config = Config(
        select=_words(table, "select", where),
        ignore=_words(table, "ignore", where),
        exclude=_words(table, "exclude", where),
        per_file_ignores={pattern: _words(per_file, pattern, where) for pattern in per_file},
        severity={code: _severity(code, value, where) for code, value in severity.items()},
        input_shape=_shape(table.get("input"), where),
        folder=file.parent,
    )
    try:
        config.selection()
        for words in config.per_file_ignores.values():
            Selection(ignore=words)
    except DiaboloError as error:
        raise DiaboloError(f"{where}: {error}") from None
    return config


def _words(table: Mapping[str, Any], name: str, where: str) -> tuple[str, ...]:
    value = table.get(name, [])
    if not isinstance(value, list) or not all(isinstance(word, str) for word in value):
        raise DiaboloError(f"{where}: `{clip(name)}` must be a list of words, as in `{clip(name)} = ['AE301']`")
    return tuple(value)


def _severity(code: str, value: Any, where: str) -> Severity:
    if all(code not in (rule.code, rule.name) for rule in all_rules().values()):
        raise DiaboloError(f"{where}: `severity` names `{clip(code)}`, which is no rule; `diabolo rule` lists them")
    for severity in SEVERITIES:
        if value == severity:
            return severity
    raise DiaboloError(f"{where}: the severity of {code} (={value!r}) must be one of {', '.join(SEVERITIES)}")


def _shape(value: Any, where: str) -> Shape | None:
    if value is None:
        return None
    sides = value.lower().replace("×", "x").split("x") if isinstance(value, str) else []
    if len(sides) != 3 or not all(
        side.isascii() and side.isdigit() and 0 < len(side) < 8 and int(side) for side in sides
    ):
        raise DiaboloError(f"{where}: `input` (={value!r}) must be height x width x channels, as in '28x28x1'")
    return tuple(int(side) for side in sides)
