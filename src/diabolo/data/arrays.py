"""Arrays as data sets: in memory, `.npy` and `.npz`; whatever their layout, they become uint8 (N, H, W, C)."""

from pathlib import Path

import numpy as np

from diabolo.data.dataset import Dataset, Report, bytes_digest, make_dataset, split_validation
from diabolo.data.on_disk import Images, ImagesOnDisk
from diabolo.errors import DataError

MOST_IN_MEMORY = 1 << 30
"""Bytes of a `.npy` file up to which it is read whole; a larger one of uint8 images stays on disk."""

_TEST_FRACTION = 0.1
_IMAGE_KEYS = {
    "train": ("x_train", "train", "train_images", "train_x"),
    "test": ("x_test", "test", "test_images", "test_x"),
    "validation": ("x_val", "x_valid", "x_validation", "validation", "val", "valid", "val_images"),
}
_LABEL_KEYS = {
    "train": ("y_train", "train_labels", "train_y"),
    "test": ("y_test", "test_labels", "test_y"),
}


def to_images(array: np.ndarray, *, where: str) -> tuple[Images, tuple[str, ...]]:
    """Any acceptable array as images.

    Args:
        array: uint8, or floats in [0, 1]; (N, H, W), or (N, H, W, C) with C 1 or 3.
        where: its name, for errors.

    Returns:
        uint8 (N, H, W, C), and a note where values were converted. A memory-mapped array of uint8 stays on disk.

    Raises:
        DataError: another shape, type or range; the message says what to do.
    """
    if array.ndim not in (3, 4):
        raise DataError(f"`{where}` has shape {array.shape}; images are (N, H, W), or (N, H, W, C) with C 1 or 3")
    if array.ndim == 3:
        array = array[..., None]
    if array.shape[3] not in (1, 3):
        if array.shape[1] in (1, 3):
            raise DataError(
                f"`{where}` has shape {array.shape}: the channels come first; "
                "turn it with `array.transpose(0, 2, 3, 1)`"
            )
        alpha = "; leave the transparency out with `array[..., :3]`" if array.shape[3] == 4 else ""
        raise DataError(f"`{where}` has shape {array.shape}: {array.shape[3]} channels where 1 or 3 can be used{alpha}")
    if 0 in array.shape:
        raise DataError(f"`{where}` has shape {array.shape}: there are no images in it")
    if array.dtype == np.uint8:
        on_disk = ImagesOnDisk.of(array)
        return (np.ascontiguousarray(array) if on_disk is None else on_disk), ()
    if array.dtype.kind != "f":
        raise DataError(
            f"`{where}` has type {array.dtype}; images are uint8, or floats from 0 to 1; "
            'where its values are 0 to 255, convert it with `array.astype("uint8")`'
        )
    low, high = float(array.min()), float(array.max())
    if not (low >= 0 and high <= 1):  # NaN fails both
        raise DataError(f"`{where}` has floats from {low:.4g} to {high:.4g}; {_range_advice(low, high)}")
    images = np.empty(array.shape, np.uint8)
    for start in range(0, len(array), 1024):  # in pieces: the floats alone may fill the memory
        images[start : start + 1024] = np.rint(array[start : start + 1024].astype(np.float64) * 255)
    return images, (f"{where}: floats in [0, 1] were rounded to 8 bits (256 levels)",)


def load_array(
    array: np.ndarray, *, name: str = "array", source: str = "array in memory", report: Report | None = None
) -> Dataset:
    """One array of images; a tenth, chosen by a fixed permutation, becomes the test part.

    Raises:
        DataError: see `to_images`; or fewer images than make two parts.
    """
    images, notes = to_images(array, where=name)
    return split_dataset(images, name=name, source=source, notes=notes, report=report)


def split_dataset(
    images: Images,
    *,
    name: str,
    source: str,
    labels: np.ndarray | None = None,
    notes: tuple[str, ...] = (),
    report: Report | None = None,
) -> Dataset:
    """Cuts the test part off images that come without one.

    Raises:
        DataError: fewer images than make two parts.
    """
    if len(images) < 2:
        raise DataError(f"`{name}` holds only one image; a train and a test part need two")
    fraction = max(_TEST_FRACTION, 1 / len(images))
    train, test = split_validation(len(images), fraction=fraction)
    note = f"{name}: has no test part; {len(test):,} of its {len(images):,} images, drawn with seed 0, are kept for it"
    if isinstance(images, ImagesOnDisk):
        parts: dict[str, Images] = {"train": images.chosen(train), "test": images.chosen(test)}
        size = images.nbytes / 2**30
        notes = (*notes, f"{name}: stays on disk ({size:,.1f} GiB); its images are read when they are needed")
    else:
        parts = {"train": images[train], "test": images[test]}
    return make_dataset(
        name=name,
        source=source,
        train=parts["train"],
        test=parts["test"],
        train_labels=None if labels is None else labels[train],
        test_labels=None if labels is None else labels[test],
        notes=(*notes, note),
        part_digests={part: bytes_digest(chosen, report=report) for part, chosen in parts.items()},
    )


def load_npy(path: Path, *, report: Report | None = None) -> Dataset:
    """A `.npy` file: one array of images; above `MOST_IN_MEMORY` it is not read whole.

    Raises:
        DataError: not a readable array of numbers, or see `to_images`.
    """
    try:
        with path.open("rb") as file:
            if file.read(6) not in (np.lib.format.MAGIC_PREFIX, b"PK\x03\x04\x14\x00"):
                raise ValueError("it does not start as numpy's files do")
        is_large = path.stat().st_size > MOST_IN_MEMORY
        array = np.load(path, allow_pickle=False, mmap_mode="r" if is_large else None)
    except Exception as error:  # a damaged header fails in any way: numpy lets a TokenError out
        raise DataError(f"`{path}`: {_load_problem(error)}") from error
    if not isinstance(array, np.ndarray):
        array.close()
        raise DataError(f"`{path}` is an .npz archive under another name; rename it to end in .npz")
    return load_array(array, name=path.name, source=str(path), report=report)


def load_npz(path: Path) -> Dataset:
    """A `.npz` file: `x_train`, `x_test`, `x_val` (or `train`, `test`, `validation`), or a single array of images.

    Raises:
        DataError: not readable, no images under a known key, or see `to_images`.
    """
    try:
        with np.load(path, allow_pickle=False) as archive:
            arrays = {key: archive[key] for key in archive.files}
    except Exception as error:  # as above, and what `zipfile` and `zlib` have of their own
        raise DataError(f"`{path}`: {_load_problem(error)}") from error
    parts: dict[str, Images] = {}
    notes: tuple[str, ...] = ()
    for part, keys in _IMAGE_KEYS.items():
        key = next((key for key in keys if key in arrays), None)
        if key is not None:
            parts[part], more = to_images(arrays[key], where=f"{path.name}: {key}")
            notes = (*notes, *more)
    labels = {
        part: next((np.asarray(arrays[key]).reshape(-1) for key in keys if key in arrays), None)
        for part, keys in _LABEL_KEYS.items()
    }
    if "train" in parts and "test" in parts:
        return make_dataset(
            name=path.name,
            source=str(path),
            train=parts["train"],
            test=parts["test"],
            validation=parts.get("validation"),
            train_labels=_numbers(labels["train"]),
            test_labels=_numbers(labels["test"]),
            notes=notes,
        )
    if "train" in parts and "validation" not in parts:
        return split_dataset(
            parts["train"], name=path.name, source=str(path), labels=_numbers(labels["train"]), notes=notes
        )
    pictures = [key for key, array in arrays.items() if array.ndim in (3, 4)]
    if not parts and len(pictures) == 1:
        images, notes = to_images(arrays[pictures[0]], where=f"{path.name}: {pictures[0]}")
        return split_dataset(images, name=path.name, source=str(path), notes=notes)
    found = ", ".join(f"{key} {array.shape}" for key, array in arrays.items()) or "nothing"
    raise DataError(
        f"`{path}` holds {found}; name the images `x_train` and `x_test` (and `x_val`), "
        "or keep a single array of images in it"
    )


def _numbers(labels: np.ndarray | None) -> np.ndarray | None:
    """Labels as they are where they are whole numbers; others (names, one-hot floats) mean nothing to us."""
    return labels if labels is not None and labels.dtype.kind in "iu" else None


def _range_advice(low: float, high: float) -> str:
    if low != low or high != high:
        return "there are NaN values in it, which no image can show; remove them"
    if low >= -1 and high <= 1:
        return "floats must be in [0, 1]: turn [-1, 1] into that with `(array + 1) / 2`"
    if low >= 0 and high <= 255:
        return 'floats must be in [0, 1]: divide by 255, or convert with `array.astype("uint8")`'
    return "floats must be in [0, 1]: scale them so that 0 is black and 1 is white"


def _load_problem(error: BaseException) -> str:
    if isinstance(error, MemoryError):
        return "needs more memory than there is; keep fewer or smaller images in it"
    if "allow_pickle" in str(error) or "Object arrays" in str(error):
        return "holds Python objects, which are never loaded since that would execute code; save a plain uint8 array"
    return f"cannot be read ({error}); is it complete, and saved by numpy?"
