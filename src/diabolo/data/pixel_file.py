"""The file of pixels of a folder's cache: rows of one size, without a header, that are only ever added to."""

import re
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from diabolo.data.on_disk import ImagesOnDisk
from diabolo.data.stamps import look_at
from diabolo.errors import DataError

RECORD = "record.npz"
"""Beside it: what is known of the files of the folder, and the name of the file of pixels."""
VERSION = 1
"""Of the record's meta data; a cache of another version is built anew."""
PIXELS_NAME = re.compile(r"pixels-[0-9a-f]{8}\.bin")
"""No other file is opened, whatever a record says."""


class VanishedError(DataError):
    """A file of pixels was removed after its record was read."""


@dataclass(frozen=True, kw_only=True)
class Pixels:
    """A file of pixels: rows that are never changed once they are recorded."""

    path: Path
    """The file."""
    shape: tuple[int, int, int]
    """(height, width, channels) of every image."""
    num_rows: int
    """Images in it, those that are no longer needed included."""

    @property
    def row_bytes(self) -> int:
        """Bytes of one image."""
        return int(np.prod(self.shape))

    def chosen(self, rows: NDArray[np.int64]) -> ImagesOnDisk:
        """The images of these rows.

        Raises:
            VanishedError: the file is no longer there.
        """
        try:
            return ImagesOnDisk(self.path, 0, (self.num_rows, *self.shape), rows)
        except OSError as error:
            raise VanishedError(f"`{self.path}` cannot be opened ({error.strerror}); load the folder again") from error


def pixels_of(home: Path, meta: dict[str, Any]) -> Pixels | None:
    """The file of pixels that a record names; None where it names none, or something that we never write."""
    name, shape, num_rows = meta.get("pixels"), meta.get("shape"), meta.get("num_rows")
    if meta.get("version") != VERSION or not isinstance(name, str) or not PIXELS_NAME.fullmatch(name):
        return None
    if not isinstance(shape, list) or len(shape) != 3 or not all(isinstance(side, int) and side > 0 for side in shape):
        return None
    if not isinstance(num_rows, int) or num_rows < 0:
        return None
    return Pixels(path=home / name, shape=(shape[0], shape[1], shape[2]), num_rows=num_rows)


def is_untouched(pixels: Pixels, meta: dict[str, Any]) -> bool:
    """Whether the file of pixels is as it was when the record was written."""
    try:
        look = look_at(pixels.path)
    except OSError:
        return False
    return look == meta.get("look") and look["size"] == pixels.num_rows * pixels.row_bytes
