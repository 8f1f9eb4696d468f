"""`.keras` archives, HDF5 and JSON files of Keras models: their description is read, nothing in them is executed."""

import json
import zipfile
import zlib
from collections.abc import Mapping
from pathlib import Path, PurePosixPath
from typing import Any

from diabolo.checks.live.hdf5 import try_hdf5
from diabolo.checks.live.keras_config import read_config
from diabolo.checks.subject import Problem, Subject
from diabolo.errors import DataError, DiaboloError, clip
from diabolo.vocabulary import Shape

_LARGEST_CONFIG = 64_000_000  # bytes; the largest of Keras's own applications has 0.5 MB


def read_archive(path: Path, *, input_shape: Shape | None = None) -> Subject:
    """A saved model as a subject; a file that cannot be read gives a subject that says so.

    Args:
        path: a `.keras`, `.h5`, `.hdf5` or `.json` file.
        input_shape: (height, width, channels), for a `Sequential` that was saved without an input.
    """
    try:
        return _read(path, input_shape)
    except DiaboloError as error:
        return Subject(source=str(path), problems=(Problem(rule="AE001", message=str(error)),))


def _read(path: Path, input_shape: Shape | None) -> Subject:
    content, compile_config = read_description(path)
    return read_config(
        content.get("config"),
        str(content.get("class_name", "")),
        str(path),
        input_shape=input_shape,
        compile_config=compile_config,
    )


def read_description(path: Path) -> tuple[Mapping[str, Any], Any]:
    """What a file says of its model, as plain JSON values, and what the model was compiled with.

    Args:
        path: as of `read_archive`.

    Raises:
        DataError: the file cannot be read, or holds no description.
    """
    try:
        if path.suffix == ".json":
            text, compiled = _plain_text(path), None
        elif path.suffix in (".h5", ".hdf5"):
            text, compiled = _hdf5(path)
        else:
            text, compiled = _member(path), None
    except OSError as error:
        raise DataError(f"it cannot be read: {error.strerror or error}") from None
    content = _parsed(text)
    return content, content.get("compile_config") if compiled is None else _parsed(compiled)


def _member(path: Path) -> bytes:
    """`config.json` of an archive; nothing is unpacked."""
    try:
        with zipfile.ZipFile(path) as archive:
            for name in archive.namelist():
                pure = PurePosixPath(name.replace("\\", "/"))
                if pure.is_absolute() or ".." in pure.parts or (pure.parts and pure.parts[0].endswith(":")):
                    raise DataError(
                        f"it holds `{clip(name)}`, a path outside of itself, which Keras never writes; do not load it"
                    )
            info = archive.getinfo("config.json")
            if info.file_size > _LARGEST_CONFIG:
                raise DataError(
                    f"its `config.json` says that it has {info.file_size / 1e6:,.0f} MB, which no model has"
                )
            with archive.open(info) as member:
                content = member.read(_LARGEST_CONFIG + 1)
    except KeyError:
        raise DataError("it holds no `config.json`, so it is no `.keras` file") from None
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, ValueError) as error:
        if isinstance(error, DiaboloError):
            raise
        raise DataError(f"it is no `.keras` archive, or a damaged one ({clip(str(error))}); save it again") from None
    if len(content) > _LARGEST_CONFIG:
        raise DataError("its `config.json` is larger than it says, which no model's is")
    return content


def _plain_text(path: Path) -> bytes:
    if path.stat().st_size > _LARGEST_CONFIG:
        raise DataError(f"it has {path.stat().st_size / 1e6:,.0f} MB, which no model's configuration has")
    return path.read_bytes()


def _hdf5(path: Path) -> tuple[bytes, bytes | None]:
    try:
        import h5py
    except ImportError:
        raise DataError(
            "it is an HDF5 file, which needs `pip install h5py`; or save the model as `.keras`, which needs nothing"
        ) from None
    path.stat()  # a missing file is said as such
    try_hdf5(path)
    try:
        with h5py.File(path, "r") as file:
            texts = [_as_bytes(file.attrs.get(name)) for name in ("model_config", "training_config")]
    except (OSError, RuntimeError, ValueError, TypeError) as error:
        raise DataError(f"it is no HDF5 file, or a damaged one ({clip(str(error))})") from None
    if texts[0] is None:
        raise DataError(
            "it holds weights without a model; check the source file that builds the model, or save it whole"
        )
    return texts[0], texts[1]


def _as_bytes(value: Any) -> bytes | None:
    return value.encode() if isinstance(value, str) else value if isinstance(value, bytes) else None


def _parsed(text: bytes) -> Mapping[str, Any]:
    try:
        content = json.loads(text)
    except (ValueError, RecursionError) as error:
        raise DataError(f"its configuration is no JSON ({clip(str(error))}); save the model again") from None
    if not isinstance(content, dict):
        raise DataError("its configuration is no description of a model; save the model again")
    return content
