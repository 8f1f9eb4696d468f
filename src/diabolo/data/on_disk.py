"""Images that stay in their file and are read a few at a time, for data sets that are larger than memory."""

import os
import threading
from collections.abc import Iterator
from pathlib import Path
from typing import Any, Protocol, Self

import numpy as np
from numpy.typing import NDArray

from diabolo.errors import DataError


class Images(Protocol):
    """uint8 images (N, H, W, C): an array, or `ImagesOnDisk`."""

    @property
    def shape(self) -> tuple[int, ...]:
        """(N, H, W, C)."""
        ...

    @property
    def dtype(self) -> Any:
        """uint8."""
        ...

    @property
    def ndim(self) -> int:
        """4."""
        ...

    def __len__(self) -> int: ...

    def __getitem__(self, key: Any, /) -> Any: ...

    def __iter__(self) -> Iterator[Any]: ...


class ImagesOnDisk:
    """Rows of a file of uint8 images; indexing by a number, a slice or an array of numbers reads those and no others.

    The file is read by position rather than mapped into memory: what a process maps counts as its own, and a mapped
    file that is cut short ends the process, while a read says so.

    Args:
        path: the file.
        offset: of the first image in it, in bytes.
        shape: of all images in it, (N, H, W, C).
        rows: which of them these images are, in order; None: all.
    """

    dtype = np.dtype(np.uint8)
    ndim = 4

    def __init__(
        self, path: Path, offset: int, shape: tuple[int, int, int, int], rows: NDArray[np.int64] | None = None
    ) -> None:
        self.path = path
        self._offset, self._file_shape, self._rows = offset, shape, rows
        self._file = path.open("rb", buffering=0)
        self._lock = threading.Lock()  # for systems where a read by position moves the file's own

    @classmethod
    def of(cls, array: np.ndarray) -> Self | None:
        """The images of a memory-mapped array, from its file; None where it is another array, or laid out otherwise."""
        if not isinstance(array, np.memmap) or array.mode == "c" or array.dtype != np.uint8 or array.ndim != 4:
            return None
        if not array.flags.c_contiguous or array.filename is None:
            return None
        root = array
        while isinstance(root.base, np.memmap):  # only the first of them knows its place in the file
            root = root.base
        offset = root.offset + array.ctypes.data - root.ctypes.data
        num_images, height, width, channels = array.shape
        return cls(Path(os.fspath(array.filename)), offset, (num_images, height, width, channels))

    @property
    def shape(self) -> tuple[int, ...]:
        """(N, H, W, C)."""
        return (len(self), *self._file_shape[1:])

    @property
    def nbytes(self) -> int:
        """Bytes of all these images."""
        return int(np.prod(self.shape, dtype=np.int64))

    def __len__(self) -> int:
        return self._file_shape[0] if self._rows is None else len(self._rows)

    def chosen(self, indices: NDArray[np.int64]) -> Self:
        """These of the images, still on disk."""
        rows = indices if self._rows is None else self._rows[indices]
        return type(self)(self.path, self._offset, self._file_shape, rows)

    def __getitem__(self, key: Any) -> NDArray[np.uint8]:
        if isinstance(key, int | np.integer):
            return self[np.array([range(len(self))[int(key)]])][0]
        if isinstance(key, slice):
            start, stop, step = key.indices(len(self))
            wanted = np.arange(start, stop, step)
        else:
            wanted = np.asarray(key)
            if wanted.dtype.kind not in "iu" or wanted.ndim != 1:
                raise TypeError("images on disk are chosen by a number, a slice, or an array of numbers")
            if wanted.size and not (-len(self) <= wanted.min() and wanted.max() < len(self)):
                raise IndexError(f"images {wanted.min()} to {wanted.max()} of {len(self)}")
            wanted = np.where(wanted < 0, wanted + len(self), wanted)
        return self._read(wanted if self._rows is None else self._rows[wanted])

    def __iter__(self) -> Iterator[NDArray[np.uint8]]:
        return (self[number] for number in range(len(self)))

    def __array__(self, dtype: Any = None, copy: bool | None = None) -> np.ndarray:
        """All of them, in memory."""
        return np.asarray(self[:], dtype=dtype)

    def _read(self, rows: NDArray[np.int64]) -> NDArray[np.uint8]:
        """Rows of the file, neighbours in one piece."""
        images = np.empty((len(rows), *self._file_shape[1:]), np.uint8)
        breaks = np.flatnonzero(np.diff(rows) != 1) + 1
        starts, ends = np.concatenate(([0], breaks)), np.concatenate((breaks, [len(rows)]))
        size = images[:1].nbytes
        into = images.reshape(-1).data
        for start, end in zip(starts.tolist(), ends.tolist(), strict=True):
            if start < end:
                self._fill(into[start * size : end * size], self._offset + int(rows[start]) * size)
        return images

    def _fill(self, into: memoryview, position: int) -> None:
        while len(into):
            try:
                count = self._read_at(into, position)
            except OSError as error:
                raise DataError(f"`{self.path}` cannot be read ({error.strerror}); is its disk still there?") from error
            if not count:
                raise DataError(
                    f"`{self.path}` ends after {position:,} bytes, in the middle of its images: it was cut short after "
                    "it was opened; bring the whole file back"
                )
            into, position = into[count:], position + count

    def _read_at(self, into: memoryview, position: int) -> int:
        if hasattr(os, "preadv"):
            return os.preadv(self._file.fileno(), [into], position)
        with self._lock:
            self._file.seek(position)
            return self._file.readinto(into) or 0
