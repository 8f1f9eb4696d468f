"""Files of latents read back, a few images at a time: our own, and those that others write with NumPy.

What stands in such a file is only data: nothing is unpickled, and sizes that it claims are checked against its length.
"""

import json
import math
import tokenize
import zipfile
from collections.abc import Iterator
from pathlib import Path
from typing import IO, Any

import numpy as np
from numpy.typing import NDArray

from diabolo.errors import DataError
from diabolo.printable import printable
from diabolo.use.latents import LatentTable, check_suffix
from diabolo.use.latents_parquet import parquet_table, parquet_values

KINDS = ("latents", "codes", "packed")
"""Names of the array in a file, in the order in which they are looked for."""
_VALUES_AT_ONCE = 1 << 20  # of float32: 4 MiB, from which images of a hundred times that may come
_LARGEST_BESIDE = 1 << 30  # bytes of names and the like; a larger claim is no file of ours
_LARGEST_LATENT = 1 << 30  # bytes of one latent: more than the largest image that is read has
_BROKEN = (
    ValueError, KeyError, EOFError, OSError, zipfile.BadZipFile, NotImplementedError, RuntimeError, tokenize.TokenError,
)  # fmt: skip


class LatentFile:
    """A file of latents.

    Args:
        path: `.npz`, `.npy` or `.parquet`.

    Attributes:
        table: names, sizes, line and pool; empty names and sizes where the file has none.
        num_images: how many latents there are.

    Raises:
        DataError: it is missing, damaged, or holds no latents.
        DiaboloError: the suffix is none of the three, or pyarrow is missing.
    """

    def __init__(self, path: Path) -> None:
        self.path = path
        check_suffix(path)
        if not path.is_file():
            raise DataError(f"there is no file `{printable(path)}`")
        suffix = path.suffix.lower()
        self._members: list[str] = []
        if suffix == ".parquet":
            self.table = parquet_table(path)
            self.num_images = len(self.table.names)
        elif suffix == ".npy":
            self.table = self._beside()
            self.num_images = self._array().shape[0]
        else:
            self.table = self._open_archive()
        for what in (self.table.names, self.table.sizes):
            if what and len(what) != self.num_images:
                raise self._damaged(f"{self.num_images:,} latents and {len(what):,} names or sizes")

    def batches(self, at_once: int = 250) -> Iterator[NDArray[Any]]:
        """The latents in order, (N, …), several together where their shapes agree.

        Raises:
            DataError: the file is damaged.
        """
        if self.path.suffix.lower() == ".parquet":
            yield from parquet_values(self.path, self.table.shapes)
            return
        if self.path.suffix.lower() == ".npy":
            array = self._array()
            step = _step(array.shape, at_once)
            for start in range(0, len(array), step):
                yield np.array(array[start : start + step])
            return
        try:
            with zipfile.ZipFile(self.path) as archive:
                for name in self._members:
                    with archive.open(name) as member:
                        yield from self._pieces(member, at_once, is_one="_" in name)
        except _BROKEN as error:
            raise self._damaged(error) from error

    def _array(self) -> NDArray[Any]:
        try:
            array = np.load(self.path, mmap_mode="r", allow_pickle=False)
        except _BROKEN as error:
            raise self._damaged(error) from error
        if array.ndim < 2:
            raise self._damaged(f"an array of shape {array.shape}, where there must be (images, …)")
        return np.asarray(array)

    def _beside(self) -> LatentTable:
        """What the `.json` beside a `.npy` says; nothing where there is none."""
        path = self.path.with_suffix(".json")
        if not path.is_file():
            return LatentTable(line="")
        try:
            said = json.loads(path.read_text(encoding="utf-8", errors="surrogateescape"))
            return LatentTable(
                line=str(said["line"]),
                pool=str(said["pool"]),
                kind=str(said["kind"]),
                names=[str(name) for name in said["names"]],
                sizes=[(int(height), int(width)) for height, width in said["sizes"]],
            )
        except (ValueError, KeyError, TypeError, RecursionError, OSError) as error:
            raise DataError(
                f"`{printable(path)}` does not say what the latents beside it are ({type(error).__name__}); remove it "
                "to go on without names"
            ) from error

    def _open_archive(self) -> LatentTable:
        try:
            with zipfile.ZipFile(self.path) as archive:
                names = archive.namelist()
                kind = next((kind for kind in KINDS if f"{kind}.npy" in names or f"{kind}_0.npy" in names), None)
                if kind is None:
                    raise self._damaged("it holds no array `latents`")
                if f"{kind}.npy" in names:
                    self._members = [f"{kind}.npy"]
                    with archive.open(self._members[0]) as member:
                        self.num_images = self._header(member)[0][0]
                else:
                    numbers = range(sum(name.startswith(f"{kind}_") for name in names))
                    self._members = [f"{kind}_{number}.npy" for number in numbers]
                    self.num_images = len(self._members)
                texts = {name: self._small(archive, name) for name in ("names", "sizes", "line", "pool")}
        except _BROKEN as error:
            raise self._damaged(error) from error
        sizes = texts["sizes"]
        return LatentTable(
            line="" if texts["line"] is None else str(texts["line"]),
            pool="" if texts["pool"] is None else str(texts["pool"]),
            kind=kind,
            names=[] if texts["names"] is None else [str(name) for name in texts["names"].reshape(-1)],
            sizes=[] if sizes is None else [(int(height), int(width)) for height, width in sizes.reshape(-1, 2)],
        )

    def _small(self, archive: zipfile.ZipFile, name: str) -> NDArray[Any] | None:
        """One of the arrays beside the latents; None where there is none."""
        if f"{name}.npy" not in archive.namelist():
            return None
        if archive.getinfo(f"{name}.npy").file_size > _LARGEST_BESIDE:
            raise self._damaged(f"`{name}` takes more than a gigabyte")
        with archive.open(f"{name}.npy") as member:
            array: NDArray[Any] = np.lib.format.read_array(member, allow_pickle=False)
        return array

    def _header(self, member: IO[bytes]) -> tuple[tuple[int, ...], np.dtype[Any]]:
        """Shape and type of the array that begins there."""
        version = np.lib.format.read_magic(member)
        read = {(1, 0): np.lib.format.read_array_header_1_0, (2, 0): np.lib.format.read_array_header_2_0}
        if version not in read:
            raise self._damaged(f"NumPy format {version}")
        shape, is_fortran, dtype = read[version](member)
        if dtype.hasobject:
            raise self._damaged("it holds Python objects, which are not read: they could run code")
        if is_fortran and len(shape) > 1:
            raise self._damaged("its array is in Fortran order; save it with `np.ascontiguousarray`")
        if not shape:
            raise self._damaged("its array is a single number")
        if math.prod(shape[1:]) * dtype.itemsize > _LARGEST_LATENT:
            raise self._damaged(f"its array has the shape {shape}, more than a gigabyte an image")
        return shape, dtype

    def _pieces(self, member: IO[bytes], at_once: int, *, is_one: bool) -> Iterator[NDArray[Any]]:
        """The array that begins there, piece by piece, whatever its header claims."""
        shape, dtype = self._header(member)
        shape = (1, *shape) if is_one else shape
        step = _step(shape, at_once)
        for start in range(0, shape[0], step):
            count = min(step, shape[0] - start)
            size = count * math.prod(shape[1:]) * dtype.itemsize
            content = member.read(size)
            if len(content) < size:
                raise self._damaged("it ends too early")
            yield np.frombuffer(content, dtype).reshape(count, *shape[1:])

    def _damaged(self, why: object) -> DataError:
        if isinstance(why, DataError):
            return why
        if isinstance(why, PermissionError):
            return DataError(f"`{printable(self.path)}` cannot be read: no permission; change its permissions")
        reason = str(why).partition("\n")[0][:200] or type(why).__name__
        return DataError(f"`{printable(self.path)}` is no file of latents, or damaged ({reason})")


def _step(shape: tuple[int, ...], at_once: int) -> int:
    return max(1, min(at_once, _VALUES_AT_ONCE // max(1, math.prod(shape[1:]))))
