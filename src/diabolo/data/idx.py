"""The IDX files of MNIST and its relatives, plain or gzipped, single or as a folder."""

import gzip
import math
import re
import struct
import zlib
from pathlib import Path
from typing import BinaryIO

import numpy as np

from diabolo.data.arrays import split_dataset, to_images
from diabolo.data.dataset import Dataset, make_dataset
from diabolo.errors import DataError

_NAME = re.compile(r"(?:.*-)?(train|t10k|test)-(images|labels)[-.]idx[134]-ubyte(?:\.gz)?$")
_PIECE = 1 << 24  # bytes
_UNSIGNED_BYTE = 8  # the type code of IDX that image sets have


def is_idx_file(path: Path) -> bool:
    """By its first bytes, whether this is an IDX file of bytes; looks through gzip."""
    try:
        with _open(path) as file:
            head = file.read(4)
    except (OSError, EOFError, zlib.error):
        return False
    return len(head) == 4 and head[:3] == bytes([0, 0, _UNSIGNED_BYTE]) and head[3] in (1, 3, 4)


def find_idx_files(folder: Path) -> dict[str, Path]:
    """IDX files of a folder by "train-images", "train-labels", "test-images", "test-labels"."""
    found: dict[str, Path] = {}
    for path in sorted(folder.iterdir()):
        match = _NAME.fullmatch(path.name)
        if match and path.is_file():
            found.setdefault(f"{'train' if match[1] == 'train' else 'test'}-{match[2]}", path)
    return found


def load_idx_folder(folder: Path, files: dict[str, Path]) -> Dataset:
    """A folder with the train and test images of an MNIST-like set; labels where they are there.

    Raises:
        DataError: no train images, or a file is damaged.
    """
    if "train-images" not in files:
        raise DataError(f"`{folder}` has IDX files but no train images (`train-images-idx3-ubyte`); add them")
    images = {part: read_idx(path) for part, path in files.items()}
    train, _ = to_images(images["train-images"], where=files["train-images"].name)
    labels = images.get("train-labels")
    if "test-images" not in images:
        return split_dataset(train, name=folder.resolve().name, source=str(folder), labels=labels)
    test, _ = to_images(images["test-images"], where=files["test-images"].name)
    return make_dataset(
        name=folder.resolve().name,
        source=str(folder),
        train=train,
        test=test,
        train_labels=labels,
        test_labels=images.get("test-labels"),
    )


def load_idx_file(path: Path) -> Dataset:
    """One IDX file of images; a tenth of them becomes the test part.

    Raises:
        DataError: it is damaged, or holds labels.
    """
    images, _ = to_images(read_idx(path), where=path.name)
    return split_dataset(images, name=path.name, source=str(path))


def read_idx(path: Path) -> np.ndarray:
    """The array of an IDX file: uint8, 1 dimension (labels), 3 (grey images) or 4 (colour images).

    Raises:
        DataError: no IDX file of bytes, or its length is not what its header says.
    """
    try:
        with _open(path) as file:
            head = file.read(4)
            if len(head) < 4 or head[:3] != bytes([0, 0, _UNSIGNED_BYTE]) or head[3] not in (1, 3, 4):
                raise DataError(f"`{path}` is no IDX file of 8-bit images or labels")
            lengths = file.read(4 * head[3])
            if len(lengths) < 4 * head[3]:
                raise DataError(f"`{path}` is cut short; fetch it again")
            shape = struct.unpack(f">{head[3]}I", lengths)
            size = math.prod(shape)
            content = _read_up_to(file, size + 1)
    except (OSError, EOFError, zlib.error) as error:
        raise DataError(f"`{path}` cannot be read ({error}); fetch it again") from error
    if len(content) != size:
        more = "more" if len(content) > size else f"{len(content):,}"
        raise DataError(f"`{path}` should hold {size:,} bytes of pixels but holds {more}; fetch it again")
    return np.frombuffer(content, np.uint8).reshape(shape)


def _read_up_to(file: gzip.GzipFile | BinaryIO, size: int) -> bytes:
    """Reads in pieces, so that a false header cannot ask for more memory than the file has bytes."""
    pieces: list[bytes] = []
    while size > 0 and (piece := file.read(min(size, _PIECE))):
        pieces.append(piece)
        size -= len(piece)
    return b"".join(pieces)


def _open(path: Path) -> gzip.GzipFile | BinaryIO:
    """The file, unpacked where it is gzipped."""
    with path.open("rb") as file:
        is_packed = file.read(2) == b"\x1f\x8b"
    return gzip.open(path, "rb") if is_packed else path.open("rb")
