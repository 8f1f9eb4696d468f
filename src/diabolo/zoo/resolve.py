"""MODEL on the command line: a zoo name, a line, a run folder, or `file.py:name`; no torch unless the file needs it."""

import importlib.util
import os
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from diabolo.errors import DiaboloError
from diabolo.notation import Spec, parse
from diabolo.runs import RunFolder
from diabolo.vocabulary import Shape
from diabolo.zoo import find_model, zoo
from diabolo.zoo.record import ZooModel


@dataclass(frozen=True, kw_only=True)
class NamedLine:
    """What a MODEL argument stands for."""

    name: str
    """Short name for folders and figures."""
    spec: Spec
    """The model."""
    input_shape: Shape | None = None
    """(height, width, channels) where the argument fixes it (a run)."""
    record: ZooModel | None = None
    """The zoo's record, where the argument is a model of the zoo."""


def resolve(model: str | Spec | ZooModel) -> NamedLine:
    """Finds out what a MODEL argument means.

    Raises:
        LineError: it is a line, with a mistake.
        DiaboloError: it is none of the four, or the file lacks the name.
        RunError: the folder is a run of another version.
    """
    if isinstance(model, Spec):
        return NamedLine(name="model", spec=model)
    if isinstance(model, ZooModel):
        return NamedLine(name=model.name, spec=parse(model.line), record=model)
    if model in zoo():
        return resolve(zoo()[model])
    if is_line(model):
        return NamedLine(name="model", spec=parse(model))
    path, separator, attribute = model.rpartition(":")
    if separator and path.endswith(".py"):
        return _from_file(Path(path), attribute)
    if os.path.isdir(model):  # noqa: PTH112  (a name too long to be a path is no folder, and no error)
        record = RunFolder(path=Path(model)).record()
        return NamedLine(name=record.name, spec=parse(record.line), input_shape=record.input_shape)
    if "/" in model or model.endswith(".py"):
        raise DiaboloError(
            f"`{model}` is no run folder; MODEL is a zoo name, a line with `|`, a run folder, or `file.py:name`"
        )
    return resolve(find_model(model))


def is_line(word: str) -> bool:
    """Whether a word that names no model and no file is meant as a line, with or without mistakes."""
    return "|" in word or " " in word.strip() or not word.strip()


def _from_file(path: Path, attribute: str) -> NamedLine:
    if not os.path.isfile(path):  # noqa: PTH113
        raise DiaboloError(f"there is no file `{path}`; `file.py:name` reads a line from a Python file")
    specification = importlib.util.spec_from_file_location(path.stem, path)
    assert specification is not None
    assert specification.loader is not None
    module = importlib.util.module_from_spec(specification)
    try:
        specification.loader.exec_module(module)
    except Exception as error:
        raise DiaboloError(f"`{path}` stopped with {type(error).__name__}: {error}") from error
    value: Any = getattr(module, attribute, None)
    if isinstance(value, str):
        return NamedLine(name=attribute, spec=parse(value))
    if isinstance(value, Spec | ZooModel):
        return NamedLine(name=attribute, spec=resolve(value).spec)
    line = getattr(value, "line", None)
    if isinstance(line, str):
        return NamedLine(name=attribute, spec=parse(line), input_shape=value.graph.input_shape)
    what = "is missing" if value is None else f"is a {type(value).__name__}"
    raise DiaboloError(f"`{attribute}` in `{path}` {what}; it must be a line (a string) or a model built by diabolo")
