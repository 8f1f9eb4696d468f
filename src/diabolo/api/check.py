"""`check`: what is wrong with a line, a model, a file or a run; neither Keras nor PyTorch is loaded for text."""

from collections.abc import Iterator, Sequence
from dataclasses import replace
from pathlib import Path
from typing import Any

from diabolo.api.findings import Findings
from diabolo.checks import Selection, Subject, check_subject, read_graph, read_line
from diabolo.checks.walk import find_files
from diabolo.errors import DataError, DiaboloError, clip
from diabolo.graph import CIFAR_SHAPE, ModelGraph
from diabolo.notation import Spec
from diabolo.runs import RunFolder
from diabolo.vocabulary import Shape
from diabolo.zoo import find_model, zoo
from diabolo.zoo.record import ZooModel
from diabolo.zoo.resolve import is_line

_ACCEPTED = (
    "a line, a zoo name, a model of diabolo, Keras or PyTorch, a run, a file (.py, .ipynb, .keras, .h5, .json), a "
    "folder, source text, or a list of these"
)
_ARCHIVES = (".keras", ".h5", ".hdf5", ".json")


def check(
    what: Any,
    *,
    input_shape: Shape | None = None,
    example: Any = None,
    name: str = "",
    select: Sequence[str] = (),
    ignore: Sequence[str] = (),
) -> Findings:
    """Finds what is wrong with anything that describes an autoencoder, or with several such things.

    Source text and saved models are read and never executed. A PyTorch module runs once, forward and backward, as a
    copy: the module itself, its mode, averages, gradients and hooks stay as they are. A run is watched on its own
    validation images.

    Args:
        what: a line, a zoo name, a `Spec`, an `AutoEncoder`, a `Run` or its folder, a path, source text of more than
            one row, a Keras model, a PyTorch module, or a list of these.
        input_shape: (height, width, channels) of the images; for lines 32×32×3 by default, for PyTorch modules
            needed.
        example: for a PyTorch module that takes something else: a tensor, a tuple of arguments, a dict of named ones.
        name: how messages call a module; its class by default.
        select: only these rules: codes, their beginnings, or names.
        ignore: not these rules.

    Raises:
        DiaboloError: it is nothing that can be checked, a file does not exist, or a rule does not.
    """
    selection = Selection(select=tuple(select), ignore=tuple(ignore))
    subjects = _subjects(what, input_shape, example, name)
    return Findings([check_subject(subject, selection) for subject in subjects])


def _subjects(what: Any, input_shape: Shape | None, example: Any, name: str) -> Iterator[Subject]:
    if isinstance(what, list | tuple):
        for item in what:
            yield from _subjects(item, input_shape, example, name)
    elif isinstance(what, str | Path) and _is_plain_folder(what):
        for file in find_files(Path(what)):
            yield read_anything(file, input_shape=input_shape)
    else:
        yield read_anything(what, input_shape=input_shape, example=example, name=name)


def _is_plain_folder(what: str | Path) -> bool:
    if isinstance(what, str) and (what in zoo() or "|" in what or "\n" in what or not what.strip()):
        return False  # the empty path is the folder at hand, which nobody means by it
    return Path(what).is_dir() and not RunFolder(path=Path(what)).exists()


def read_anything(what: Any, *, input_shape: Shape | None = None, example: Any = None, name: str = "") -> Subject:
    """One thing as a subject, by the front end that is made for it.

    Args:
        what: as of `check`, but no list and no folder of files.
        input_shape: as of `check`.
        example: as of `check`.
        name: as of `check`.

    Raises:
        DiaboloError: it is nothing that can be checked, or it does not exist.
    """
    if isinstance(what, Subject):
        return what
    if isinstance(what, ModelGraph):
        return read_graph(what)
    if isinstance(what, Spec | ZooModel):
        return read_line(what if isinstance(what, Spec) else what.line, input_shape or CIFAR_SHAPE)
    if isinstance(what, RunFolder):
        return _read_run(what.path)
    if isinstance(what, str):
        return _read_text(what, input_shape)
    if isinstance(what, Path):
        return _read_path(what, input_shape)
    return _read_object(what, input_shape, example, name)


def _read_text(text: str, input_shape: Shape | None) -> Subject:
    if text in zoo():
        return read_line(zoo()[text].line, input_shape or CIFAR_SHAPE)
    if "\n" in text.strip("\n"):
        from diabolo.checks.source.read import read_source

        return read_source(text, "<text>")
    if "|" in text:
        return read_line(text, input_shape or CIFAR_SHAPE)
    path = Path(text).expanduser()
    if (
        text.strip()
        and "\0" not in text
        and (path.exists() or path.suffix in (*_ARCHIVES, ".py", ".ipynb", ".txt", ".md"))
    ):
        return _read_path(path, input_shape)
    if is_line(text):
        return read_line(text, input_shape or CIFAR_SHAPE)
    return read_line(find_model(text).line, input_shape or CIFAR_SHAPE)


def _read_path(path: Path, input_shape: Shape | None) -> Subject:
    if path.is_dir():
        return _read_run(path)
    if not path.exists():
        raise DataError(f"there is no file `{path}`; `check` takes {_ACCEPTED}")
    if path.suffix in _ARCHIVES:
        from diabolo.checks.live.keras_archive import read_archive

        return read_archive(path, input_shape=input_shape)
    from diabolo.checks.source.read import read_file

    return read_file(path)


def _read_run(folder: Path) -> Subject:
    from diabolo.use import Run

    return _watched(Run(folder))


def _watched(run: Any) -> Subject:
    from diabolo.api.activity import measure_run

    return replace(read_graph(run.model.graph), activity=measure_run(run))


def _read_object(what: Any, input_shape: Shape | None, example: Any, name: str) -> Subject:
    if isinstance(what, type):
        raise DiaboloError(f"`{what.__name__}` is a class; build a model of it first: `check({what.__name__}(…))`")
    if _is_a(what, "diabolo.use.run", "Run"):
        return _watched(what)
    graph = getattr(what, "graph", None)
    if isinstance(graph, ModelGraph):
        return read_graph(graph)
    if _is_a(what, ("keras.", "tf_keras.", "tensorflow."), "Layer"):  # before torch: on that backend it is both
        if not _is_a(what, ("keras.", "tf_keras.", "tensorflow."), "Model"):
            raise DiaboloError(f"`{type(what).__name__}` is a single Keras layer; `check` takes a whole model")
        from diabolo.checks.live.keras_model import read_keras_model

        return read_keras_model(what, input_shape=input_shape)
    if _is_a(what, "torch.nn.modules.module", "Module"):
        from diabolo.checks.live.torch_module import read_module

        return read_module(what, input_shape=input_shape, example=example, name=name)
    raise DiaboloError(f"`{clip(repr(what))}` ({type(what).__name__}) cannot be checked; `check` takes {_ACCEPTED}")


def _is_a(what: Any, module: str | tuple[str, ...], name: str) -> bool:
    """Whether an object is of a class of a library, without importing the library."""
    return any(cls.__name__ == name and cls.__module__.startswith(module) for cls in type(what).__mro__)
