"""Weights of Keras models out of HDF5, alone or in `.keras` archives; nothing is executed, sizes are bounded."""

import contextlib
import tempfile
import zipfile
import zlib
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from diabolo.checks.live.hdf5 import try_hdf5
from diabolo.errors import DataError, DiaboloError, clip
from diabolo.interop.keras.layer_list import StoredLayer
from diabolo.interop.libraries import need

_OLDER = {"output": "attention_output"}
"""Inner layers that older files call otherwise."""
_MEMBER = "model.weights.h5"
_OVERHEAD = 64_000_000  # bytes that HDF5 may add to the values
_COPIES = 8  # of each weight, in the widest type: a file may hold the optimiser's averages too


class WeightsFile:
    """An open weights file of Keras 3, or of Keras 2 and `model.save("x.h5")`."""

    def __init__(self, file: Any, source: Path) -> None:
        self.file = file
        self.source = source
        root = file.get("model_weights", file)
        self.root = root
        self.is_old = "layers" not in root and "_layer_checkpoint_dependencies" not in root
        self.by_layer: dict[tuple[str, str], dict[str, str]] = {}
        if self.is_old:
            self._index(root, ())

    def read(self, layer: StoredLayer, names: Sequence[str], shapes: Sequence[tuple[int, ...]]) -> list[NDArray]:
        """Arrays of a layer, as float32, in the order of `names`.

        Args:
            layer: the layer.
            names: as Keras calls them: `kernel`, `bias`, `gamma`…; `query/kernel` of a layer inside of it.
            shapes: what they must be; nothing larger is read.

        Raises:
            DataError: one is missing, of another shape, or lies in another file.
        """
        found = [self._dataset(layer, name, names) for name in names]
        arrays = []
        for name, dataset, shape in zip(names, found, shapes, strict=True):
            if tuple(dataset.shape) != tuple(shape):
                raise self._error(
                    f"`{name}` of `{clip(layer.path)}` has the shape {tuple(dataset.shape)}, where the configuration "
                    f"asks for {tuple(shape)}; do the weights belong to this model?"
                )
            if dataset.external or dataset.is_virtual:
                raise self._error(f"`{name}` of `{clip(layer.path)}` lies in another file, which Keras never does")
            if dataset.dtype.kind != "f":
                raise self._error(
                    f"`{name}` of `{clip(layer.path)}` holds {dataset.dtype}, no floats; is it quantised?"
                )
            array = np.asarray(dataset[()], np.float32)
            if not np.isfinite(array).all():
                raise self._error(f"`{name}` of `{clip(layer.path)}` is not finite: the training had diverged")
            arrays.append(array)
        return arrays

    def _dataset(self, layer: StoredLayer, name: str, names: Sequence[str]) -> Any:
        inner, _, short = name.rpartition("/")
        if self.is_old:
            parts, inner = layer.path.split("/"), _OLDER.get(inner, inner)
            known = self.by_layer.get((parts[0], f"{parts[-1]}/{inner}" if inner else parts[-1]), {})
            place = known.get(short)
        else:
            self._check_name(layer)
            beside = [other for other in names if other.rpartition("/")[0] == inner]
            place = f"{layer.store}{f'/{inner}_dense' if inner else ''}/vars/{beside.index(name)}"
        dataset = None if place is None else self._follow(place)
        if dataset is None or not hasattr(dataset, "dtype"):
            raise self._error(
                f"there is no `{name}` of `{clip(layer.path)}` in it; do the weights belong to this model?"
            )
        return dataset

    def _check_name(self, layer: StoredLayer) -> None:
        """Newer files say whose weights they are: a second look at the order that the place was worked out from."""
        group = self._follow(f"{layer.store}/vars")
        named = None if group is None else group.attrs.get("name")
        if isinstance(named, bytes):
            named = named.decode("utf-8", "replace")
        if isinstance(named, str) and named != layer.path.split("/")[-1]:
            raise self._error(
                f"it keeps `{clip(named)}` where `{clip(layer.path)}` should be; do the weights belong to this model?"
            )

    def _follow(self, place: str) -> Any:
        """What lies there by links inside of this file alone; None where nothing does."""
        h5py = need("h5py", "Keras's weights")
        current = self.root
        for part in place.split("/"):
            if not isinstance(current, h5py.Group) or part not in current:
                return None
            if not isinstance(current.get(part, getlink=True), h5py.HardLink):
                raise self._error(f"`{clip(place)}` is a link to somewhere else, which Keras never writes")
            current = current[part]
        return current

    def _index(self, group: Any, path: tuple[str, ...]) -> None:
        """Finds `…/conv2d/kernel:0` in files of older Keras, by first and last layer name."""
        h5py = need("h5py", "Keras's weights")
        if len(path) > 30 or len(self.by_layer) > 20_000:
            raise self._error("it is deeper or longer than any model's weights")
        for name in group:
            if not isinstance(group.get(name, getlink=True), h5py.HardLink):
                continue
            item = group[name]
            if isinstance(item, h5py.Group):
                self._index(item, (*path, name))
            elif path:
                for layer in {path[-1], "/".join(path[-2:])}:  # the second of layers inside of layers
                    self.by_layer.setdefault((path[0], layer), {})[name.split(":")[0]] = "/".join([*path, name])

    def _error(self, problem: str) -> DataError:
        return DataError(f"`{self.source}`: {problem}")


@contextlib.contextmanager
def open_weights(source: Path, num_values: int) -> Iterator[WeightsFile]:
    """Opens the weights of a `.keras` archive or an HDF5 file.

    Args:
        source: the file.
        num_values: values that the model has, which bounds what is unpacked.

    Raises:
        DataError: there are none, or the file is damaged; it is read in a process of its own first.
        DiaboloError: `h5py` is not installed.
    """
    h5py = need("h5py", "Keras's weights")
    with contextlib.ExitStack() as stack:
        path = source
        if source.suffix == ".keras":
            folder = stack.enter_context(tempfile.TemporaryDirectory(prefix="diabolo-import-"))
            path = Path(folder) / "weights.h5"
            _unpack(source, path, 8 * _COPIES * num_values + _OVERHEAD)
        try:
            try_hdf5(path)
        except DataError as error:
            raise DataError(f"`{source}`: its weights cannot be read ({error})") from None
        try:
            file = stack.enter_context(h5py.File(path, "r"))
            yield WeightsFile(file, source)
        except (OSError, RuntimeError, ValueError, TypeError, KeyError) as error:
            if isinstance(error, DiaboloError):
                raise
            raise DataError(
                f"`{source}`: its weights cannot be read ({clip(str(error))}); save the model again"
            ) from None


def _unpack(source: Path, target: Path, largest: int) -> None:
    """Copies the archive's weights, and nothing else of it, to a name of ours."""
    try:
        with zipfile.ZipFile(source) as archive, target.open("wb") as out:
            info = archive.getinfo(_MEMBER)
            if info.file_size > largest:
                raise DataError(
                    f"`{source}`: its weights say that they have {info.file_size / 1e6:,.0f} MB, and a model of this "
                    f"configuration has less than {largest / 1e6:,.0f} MB"
                )
            with archive.open(info) as member:
                bounded = _Bounded(member, largest, source)
                while block := bounded.read(1 << 20):
                    out.write(block)
    except KeyError:
        raise DataError(f"`{source}` holds no `{_MEMBER}`; save the whole model with `model.save`") from None
    except (zipfile.BadZipFile, zlib.error, EOFError, NotImplementedError, RuntimeError, OSError) as error:
        raise DataError(f"`{source}` is damaged ({clip(str(error))}); save the model again") from None


class _Bounded:
    """A file that refuses to give more than it may: what an archive says of its sizes may be a lie."""

    def __init__(self, file: Any, largest: int, source: Path) -> None:
        self.file = file
        self.left = largest
        self.source = source

    def read(self, size: int) -> bytes:
        block: bytes = self.file.read(size)
        self.left -= len(block)
        if self.left < 0:
            raise DataError(f"`{self.source}`: its weights are larger than they say, which no model's are")
        return block
