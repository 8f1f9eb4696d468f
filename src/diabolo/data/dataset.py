"""What every source of images ends in: a `Dataset` of uint8 arrays with a digest that says which bytes they are."""

import hashlib
from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from diabolo.data.on_disk import Images, ImagesOnDisk
from diabolo.errors import DataError

_PIECE = 1 << 24  # bytes of images on disk that are hashed at a time


@dataclass(frozen=True, kw_only=True)
class Progress:
    """One report of long work, for a progress bar or a log line."""

    stage: str
    """What is being done, in words: "downloading cifar-10-python.tar.gz"."""
    done: int
    """How much is done, in `unit`."""
    total: int | None
    """How much there is, in `unit`; None when nobody knows."""
    unit: str
    """"bytes", "images", "files" or "seconds"."""


Report = Callable[[Progress], None]


@dataclass(frozen=True, kw_only=True)
class Skipped:
    """A file that was left out, and why."""

    path: Path
    """The file."""
    reason: str
    """Why, in words, without a final stop."""


@dataclass(frozen=True, kw_only=True)
class Attempt:
    """A source that was tried and did not answer."""

    source: str
    """Which: "cache", "official archive", "npm package"."""
    reason: str
    """Why it failed, in words, without a final stop."""


@dataclass(frozen=True, kw_only=True, eq=False)
class Dataset:
    """Images in two or three parts, in memory or on disk, with where they came from."""

    name: str
    """Catalogue name, or the last part of the path."""
    train: Images
    """uint8 (N, H, W, C), C is 1 or 3."""
    test: Images
    """uint8 (N, H, W, C), same size as `train`."""
    digest: str
    """"sha256:<hex>" over the names, shapes and bytes of all parts and labels."""
    source: str
    """In words: "cache", "official archive", "npm package", "sample in the package", or a path."""
    validation: Images | None = None
    """uint8 (N, H, W, C), only where the source itself has a validation part."""
    train_labels: np.ndarray | None = None
    """int64 (N,), or None."""
    test_labels: np.ndarray | None = None
    """int64 (N,), or None."""
    notes: tuple[str, ...] = ()
    """Lines that a command must show."""
    skipped: tuple[Skipped, ...] = ()
    """Files of a folder that were left out."""
    train_names: tuple[str, ...] | None = None
    """Relative paths of the train images, for folders."""
    test_names: tuple[str, ...] | None = None
    """Relative paths of the test images, for folders."""
    attempts: tuple[Attempt, ...] = ()
    """Sources that were tried before the one that answered."""

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """(height, width, channels) of every image."""
        height, width, channels = self.train.shape[1:]
        return int(height), int(width), int(channels)

    def describe(self) -> str:
        """One line: name, counts, image size, source."""
        height, width, channels = self.image_shape
        counts = f"{len(self.train):,} train"
        if self.validation is not None:
            counts += f" + {len(self.validation):,} validation"
        counts += f" + {len(self.test):,} test"
        return f"{self.name}: {counts} images, {height}×{width}×{channels}, from {self.source}"


def make_dataset(
    *,
    name: str,
    source: str,
    train: Images,
    test: Images,
    validation: Images | None = None,
    train_labels: np.ndarray | None = None,
    test_labels: np.ndarray | None = None,
    notes: tuple[str, ...] = (),
    skipped: tuple[Skipped, ...] = (),
    train_names: tuple[str, ...] | None = None,
    test_names: tuple[str, ...] | None = None,
    attempts: tuple[Attempt, ...] = (),
    part_digests: dict[str, str] | None = None,
) -> Dataset:
    """Checks that the parts fit each other and computes the digest.

    Args:
        part_digests: sha256 (hex) of the bytes of parts already hashed, by part name as in `parts_of`, to hash
            nothing twice.

    Raises:
        DataError: a part is empty, or the parts differ in image size, or labels differ in number.
    """
    images = {"train": train, "test": test} | ({} if validation is None else {"validation": validation})
    for part, array in images.items():
        if array.dtype != np.uint8 or array.ndim != 4:
            raise DataError(f"`{source}`: the {part} images are {array.dtype} {array.shape}, not uint8 (N, H, W, C)")
        if 0 in array.shape:
            raise DataError(f"`{source}`: the {part} part has no images (shape {array.shape})")
        if array.shape[1:] != train.shape[1:]:
            raise DataError(
                f"`{source}`: the {part} images are {_size(array)} but the train images are {_size(train)}; "
                "all parts must have the same size: add `size` and `fit`"
            )
    for part, labels in (("train", train_labels), ("test", test_labels)):
        if labels is not None and labels.shape != (len(images[part]),):
            raise DataError(
                f"`{source}`: {len(images[part]):,} {part} images but labels of shape {labels.shape}; "
                "there must be one label an image"
            )
    train_labels = None if train_labels is None else train_labels.astype(np.int64)
    test_labels = None if test_labels is None else test_labels.astype(np.int64)
    parts: dict[str, Any] = {**images, "train_labels": train_labels, "test_labels": test_labels}
    known = part_digests or {}
    lines = [
        f"{part} {'x'.join(map(str, array.shape))} {known.get(part) or bytes_digest(array)}\n"
        for part, array in sorted(parts.items())
        if array is not None
    ]
    return Dataset(
        name=name,
        source=source,
        train=train,
        test=test,
        validation=validation,
        train_labels=train_labels,
        test_labels=test_labels,
        notes=notes,
        skipped=skipped,
        train_names=train_names,
        test_names=test_names,
        attempts=attempts,
        digest="sha256:" + hashlib.sha256("".join(lines).encode()).hexdigest(),
    )


def bytes_digest(array: Images, *, report: Report | None = None, name: str | None = None) -> str:
    """Sha256 (hex) of the array's bytes in C order and little-endian; of images on disk a few are read at a time.

    Args:
        array: the images, or any other array.
        report: told how far it is, for images on disk.
        name: of the images, for the report; None: that of their file.
    """
    if isinstance(array, ImagesOnDisk):
        return _streamed_digest(array, report, name or array.path.name)
    array = np.ascontiguousarray(array, dtype=array.dtype.newbyteorder("<"))
    return hashlib.sha256(array.reshape(-1).view(np.uint8).data).hexdigest()


def _streamed_digest(images: ImagesOnDisk, report: Report | None, name: str) -> str:
    digest = hashlib.sha256()
    at_once = max(1, _PIECE // int(np.prod(images.shape[1:])))
    for start in range(0, len(images), at_once):
        digest.update(images[start : start + at_once].reshape(-1).data)
        if report is not None:
            done = min(start + at_once, len(images))
            report(Progress(stage=f"hashing {name}", done=done, total=len(images), unit="images"))
    return digest.hexdigest()


def split_validation(num_images: int, *, fraction: float = 0.1, seed: int = 0) -> tuple[np.ndarray, np.ndarray]:
    """Splits image indices into train and validation by a seeded permutation that is the same on every machine.

    The permutation is the order of the raw 64-bit output of PCG64, a stream that numpy promises never to change.

    Args:
        num_images: how many there are, at least 2.
        fraction: the validation part, in (0, 1); rounded to whole images.
        seed: a non-negative integer.

    Returns:
        Train indices and validation indices, each int64, sorted.

    Raises:
        DataError: one of the parts would be empty.
    """
    num_validation = round(num_images * fraction) if 0 < fraction < 1 else 0
    if not 0 < num_validation < num_images:
        raise DataError(
            f"a validation part of `fraction` (={fraction}) of {num_images:,} images leaves a part empty; "
            "use more images or another fraction between 0 and 1"
        )
    order = np.argsort(np.random.PCG64(seed).random_raw(num_images), kind="stable")
    return np.sort(order[num_validation:]), np.sort(order[:num_validation])


def _size(array: Images) -> str:
    return "×".join(str(length) for length in array.shape[1:])
