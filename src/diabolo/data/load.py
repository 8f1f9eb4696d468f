"""`load_data`: the one way from whatever the user names to a `Dataset`."""

import dataclasses
from pathlib import Path

import numpy as np

from diabolo.data.archive import archive_source, read_archive, read_unpacked, recognise
from diabolo.data.arrays import load_array, load_npy, load_npz
from diabolo.data.catalogue import CATALOGUE, CatalogueEntry
from diabolo.data.dataset import Dataset, Report, bytes_digest, make_dataset
from diabolo.data.fetch import load_entry
from diabolo.data.folder import load_folder
from diabolo.data.guess import ACCEPTED, did_you_mean
from diabolo.data.idx import find_idx_files, is_idx_file, load_idx_file, load_idx_folder
from diabolo.data.images import UnreadableImageError, check_options, fit_image, read_header
from diabolo.data.on_disk import Images
from diabolo.errors import DataError

_CHUNK = 4096  # images


def load_data(
    what: "str | Path | np.ndarray | Dataset",
    *,
    size: int | tuple[int, int] | None = None,
    fit: str | None = None,
    channels: int | None = None,
    offline: bool = False,
    cache_folder: Path | None = None,
    report: Report | None = None,
) -> Dataset:
    """Loads images from wherever they are.

    Args:
        what: a catalogue name, a path (folder of images, `.npy`, `.npz`, IDX file or folder of them, the python
            archive of CIFAR-10 or CIFAR-100 or its unpacked folder), an array as of `arrays.to_images`, or a data set.
        size: height and width in pixels, or (height, width); images are fitted to it by Lanczos resampling.
        fit: how images of other proportions fit `size`: "crop" (resize the shorter side, cut the centre out),
            "pad" (resize the longer side, reflect the edges outwards) or "stretch".
        channels: 1 (grey) or 3 (colour); None keeps what the source has, and for folders means 3 unless all are grey.
        offline: ask no network source, as does `$DIABOLO_OFFLINE=1`; the cache and the sample remain.
        cache_folder: instead of `$DIABOLO_CACHE` or the system's place for caches.
        report: called with a `Progress` now and then while work is long.

    Returns:
        Images as uint8 (N, H, W, C), in memory but for a large `.npy` of uint8, a memory-mapped array, and a folder of
        many images, whose pixels are cached.

    Raises:
        DataError: nothing of that name, or it cannot be read, or an option is missing or wrong.
        OutputError: the cache cannot be written.
    """
    pair = check_options(size=size, fit=fit, channels=channels)
    dataset = _load(what, pair, fit, channels, offline, cache_folder, report)
    if fit is None or pair is not None:
        return dataset
    return dataclasses.replace(dataset, notes=(*dataset.notes, f"`fit` (={fit}) has no effect without `size`"))


def _load(
    what: object,
    pair: tuple[int, int] | None,
    fit: str | None,
    channels: int | None,
    offline: bool,
    cache_folder: Path | None,
    report: Report | None,
) -> Dataset:
    if isinstance(what, Dataset):
        return with_options(what, pair, fit, channels)
    if isinstance(what, np.ndarray):
        return with_options(load_array(what, report=report), pair, fit, channels)
    if isinstance(what, str) and what in CATALOGUE:
        dataset = load_entry(what, offline=offline, cache_folder=cache_folder, report=report)
        return with_options(dataset, pair, fit, channels)
    if not isinstance(what, (str, Path)) or not str(what).strip() or "\0" in str(what):
        raise DataError(f"`{what!r}` ({type(what).__name__}) names no data set. It can be {ACCEPTED}.")
    path = Path(what).expanduser()
    if not path.exists():
        guess = did_you_mean(str(what))
        raise DataError(
            f"`{what}` is no data set that diabolo knows and no path that exists{guess} It can be {ACCEPTED}."
        )
    try:
        known = recognise(path)
        if known is not None:
            return with_options(_load_known(known[0], known[1], report), pair, fit, channels)
        if path.is_dir():
            idx = find_idx_files(path)
            if not idx:
                return load_folder(
                    path, size=pair, fit=fit, channels=channels, cache_folder=cache_folder, report=report
                )
            return with_options(load_idx_folder(path, idx), pair, fit, channels)
        return with_options(_load_file(path, report), pair, fit, channels)
    except PermissionError as error:
        raise DataError(f"`{error.filename or path}`: no permission to read it; change its permissions") from error


def with_options(dataset: Dataset, size: tuple[int, int] | None, fit: str | None, channels: int | None) -> Dataset:
    """The data set with its images fitted to `size` and turned into `channels`; the same object where nothing changes.

    Raises:
        DataError: the proportions differ and there is no `fit`.
    """
    old_size, old_channels = dataset.image_shape[:2], dataset.image_shape[2]
    channels = channels or old_channels
    if (size is None or size == old_size) and channels == old_channels:
        return dataset

    def change(images: Images) -> Images:
        if channels != old_channels:
            images = to_grey(images) if channels == 1 else np.repeat(images[:], 3, axis=3)
        if size is None or size == old_size:
            return images
        fitted = np.empty((len(images), *size, channels), np.uint8)
        for number, image in enumerate(images):
            fitted[number] = fit_image(image, size, fit, name=dataset.name)
        return fitted

    changed = make_dataset(
        name=dataset.name,
        source=dataset.source,
        train=change(dataset.train),
        test=change(dataset.test),
        validation=None if dataset.validation is None else change(dataset.validation),
        train_labels=dataset.train_labels,
        test_labels=dataset.test_labels,
    )
    kept = ("notes", "skipped", "train_names", "test_names", "attempts")
    return dataclasses.replace(changed, **{field: getattr(dataset, field) for field in kept})


def to_grey(images: Images) -> np.ndarray:
    """Luma of ITU-R BT.601, as Pillow rounds it: uint8 (N, H, W, 3) to (N, H, W, 1)."""
    grey = np.empty((*images.shape[:3], 1), np.uint8)
    for start in range(0, len(images), _CHUNK):
        red, green, blue = np.moveaxis(images[start : start + _CHUNK].astype(np.uint32), 3, 0)
        grey[start : start + _CHUNK, ..., 0] = (red * 19595 + green * 38470 + blue * 7471 + 0x8000) >> 16
    return grey


def _load_known(entry: CatalogueEntry, path: Path, report: Report | None) -> Dataset:
    """The archive of a catalogue entry, or its unpacked folder, that the user has."""
    source = archive_source(entry)
    assert source is not None, "only entries with an archive are recognised"
    read = (
        read_unpacked(path, source, entry.image_shape)
        if path.is_dir()
        else read_archive(path, source, entry.image_shape, report)
    )
    wrong = [part for part, digest in entry.digests.items() if bytes_digest(read[part]) != digest]
    notes = (f"{path.name}: not the bytes of the published {entry.name} ({', '.join(wrong)} differ)",) if wrong else ()
    return make_dataset(
        name=entry.name,
        source=str(path),
        train=read["train"],
        test=read["test"],
        train_labels=read["train_labels"],
        test_labels=read["test_labels"],
        notes=notes,
    )


def _load_file(path: Path, report: Report | None) -> Dataset:
    with path.open("rb"):  # no permission is no wrong kind of file
        pass
    suffix = path.suffix.lower()
    if suffix == ".npy":
        return load_npy(path, report=report)
    if suffix == ".npz":
        return load_npz(path)
    if is_idx_file(path):
        return load_idx_file(path)
    try:
        read_header(path)
    except UnreadableImageError:
        raise DataError(f"`{path}` is a file of no kind that can be a data set. It can be {ACCEPTED}.") from None
    raise DataError(f"`{path}` is a single image; a data set is a folder of them: give `{path.parent}`")
