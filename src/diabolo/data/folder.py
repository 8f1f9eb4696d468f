"""A folder of images, nested or not, as a data set: read into memory where it is small, else by way of its cache."""

import contextlib
import hashlib
import json
import os
import zlib
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from diabolo.data.cache import default_cache_folder
from diabolo.data.dataset import Dataset, Progress, Report, bytes_digest
from diabolo.data.decoding import Decoded, Failure, read_headers, read_pixels
from diabolo.data.facts import Facts
from diabolo.data.folder_cache import FolderCache
from diabolo.data.folder_plan import Layout, Plan
from diabolo.data.listing import Listing, list_folder
from diabolo.data.on_disk import Images
from diabolo.data.pixel_file import Pixels, VanishedError
from diabolo.errors import DataError, OutputError
from diabolo.files import write_text

MANY_FILES = 2_000
"""A folder of so many files is cached."""
MANY_BYTES = 1 << 26
"""A folder whose files, or whose pixels, take so many bytes is cached; fewer pixels are read whole from the cache."""

_DIGESTS = "digests.json"


def load_folder(
    folder: Path,
    *,
    size: tuple[int, int] | None = None,
    fit: str | None = None,
    channels: int | None = None,
    cache_folder: Path | None = None,
    report: Report | None = None,
) -> Dataset:
    """Loads a folder of images; one of many files or pixels by way of a cache, which is built once.

    Subfolders `train`, `val` (or `validation`, `valid`) and `test` are used as parts where there is a `train`.
    Otherwise each image goes to train, validation or test (80/10/10) by a hash of its relative path, so that adding
    images never moves those that are there. Names that start with a dot are not looked at.

    Args:
        folder: holds image files in any common format, at any depth.
        size: (height, width) in pixels that every image is fitted to; may be None where all have one size.
        fit: "crop", "pad" or "stretch"; may be None where the proportions agree with `size`.
        channels: 1 or 3; None means 3 unless all images are grey.
        cache_folder: of all data sets; None: the user's.
        report: told how far it is.

    Raises:
        DataError: no image in it, differing sizes without `size`, or more than fits on the disk and in memory.
    """
    listing = list_folder(folder, report)
    plan = Plan(listing=listing, size=size, fit=fit, channels=channels)
    options = {"size": None if size is None else list(size), "fit": fit, "channels": channels}
    cache = FolderCache(cache_folder or default_cache_folder(), folder, options)
    ready = _ready(plan, cache, report)
    if ready is not None:
        return ready
    problem = ""
    if len(listing) >= MANY_FILES or listing.num_bytes >= MANY_BYTES:
        try:
            return _through_cache(plan, cache, report)
        except OutputError as error:
            problem = str(error)
    store = _Memory(listing)
    _read_headers(plan, store, report)
    layout = plan.layout(store.facts)
    if not problem and layout.num_bytes >= MANY_BYTES:
        try:
            return _through_cache(plan, cache, report)
        except OutputError as error:
            problem = str(error)
    _check_memory(folder, layout, problem)
    store.begin(layout)
    _read_pixels(plan, layout, store, report)
    notes = [f"{plan.name}: not cached, its images were read into memory; {problem}"] if problem else []
    return plan.dataset(layout, store.facts, chosen=store.chosen, notes=notes)


class _Store(Protocol):
    """Where facts and pixels go: memory, or the builder of a cache."""

    facts: Facts

    def add(self, decoded: Decoded) -> None:
        """Takes images over."""
        ...

    def record_now_and_then(self) -> None:
        """Called at moments at which everything fits together."""
        ...


class _Memory:
    """Facts and pixels that are kept nowhere else."""

    def __init__(self, listing: Listing) -> None:
        self.facts = Facts.none(len(listing))
        self._pixels = np.empty((0, 1, 1, 1), np.uint8)
        self._num_rows = 0

    def begin(self, layout: Layout) -> None:
        self._pixels = np.empty((len(layout.parts.kept), *layout.shape), np.uint8)

    def add(self, decoded: Decoded) -> None:
        end = self._num_rows + len(decoded.numbers)
        self._pixels[self._num_rows : end] = decoded.pixels
        self.facts.rows[decoded.numbers] = np.arange(self._num_rows, end)
        self._num_rows = end

    def record_now_and_then(self) -> None:
        pass

    def chosen(self, rows: NDArray[np.int64]) -> Images:
        assert (np.diff(rows) == 1).all(), "images were read part by part, and a part is a piece of the whole"
        return self._pixels[rows[0] : rows[-1] + 1]


def _ready(plan: Plan, cache: FolderCache, report: Report | None) -> Dataset | None:
    """The data set from a cache that has all of it."""
    found = cache.peek(plan.listing)
    if found is None:
        return None
    facts, pixels = found
    if facts.without_header():
        return None
    layout = plan.layout(facts)
    if layout.shape != pixels.shape or facts.without_pixels(layout.parts.kept):
        return None
    try:
        return _cached_dataset(plan, layout, facts, pixels, cache, report)
    except VanishedError:  # someone cleaned the cache at this moment
        return None


def _through_cache(plan: Plan, cache: FolderCache, report: Report | None) -> Dataset:
    """Fills the cache with what it lacks, and the data set from it."""
    with cache.build(plan.listing, report) as builder:
        _read_headers(plan, builder, report)
        layout = plan.layout(builder.facts)
        builder.begin(layout.shape, layout.parts.kept)
        _read_pixels(plan, layout, builder, report)
        builder.record()
        assert builder.pixels is not None
        return _cached_dataset(plan, layout, builder.facts, builder.pixels, cache, report)


def _read_headers(plan: Plan, store: _Store, report: Report | None) -> None:
    """Looks into all files that nothing is known of."""
    listing, facts = plan.listing, store.facts
    unknown = facts.without_header()
    done = len(listing) - len(unknown)
    for found in read_headers(listing.path, unknown):
        for number, header in found.items():
            if isinstance(header, Failure):
                facts.fail(number, header)
            else:
                facts.headers[number] = (header.height, header.width, header.is_grey)
        done += len(found)
        if report is not None:
            report(Progress(stage=f"looking into {plan.name}", done=done, total=len(listing), unit="files"))
        store.record_now_and_then()


def _read_pixels(plan: Plan, layout: Layout, store: _Store, report: Report | None) -> None:
    """Decodes all images of the parts that are not in the store."""
    listing, facts, kept = plan.listing, store.facts, layout.parts.kept
    missing = facts.without_pixels(kept)
    done = len(kept) - len(missing)
    height, width, channels = layout.shape
    for decoded in read_pixels(
        listing.path,
        missing,
        size=(height, width),
        fit=plan.fit,
        channels=channels,
        mean_bytes=listing.num_bytes / max(1, len(listing)),
    ):
        store.add(decoded)
        for number, failure in decoded.failed.items():
            facts.fail(number, failure)
        done += len(decoded.numbers) + len(decoded.failed)
        if report is not None:
            report(Progress(stage=f"reading {plan.name}", done=done, total=len(kept), unit="images"))
        store.record_now_and_then()


def _cached_dataset(
    plan: Plan, layout: Layout, facts: Facts, pixels: Pixels, cache: FolderCache, report: Report | None
) -> Dataset:
    is_small = layout.num_bytes < MANY_BYTES

    def chosen(rows: NDArray[np.int64]) -> Images:
        images = pixels.chosen(rows)
        return images[:] if is_small else images

    def digests(images: dict[str, Images]) -> dict[str, str]:
        order = hashlib.sha256(f"{pixels.path.name} {pixels.shape}".encode())
        for part in sorted(images):
            rows = np.array([row for row in facts.rows[getattr(layout.parts, part)] if row >= 0], "<i8")
            order.update(f"{part} {len(rows)} ".encode() + rows.tobytes())
        return _digests(cache.home / _DIGESTS, order.hexdigest(), images, plan.name, report)

    size, where = layout.num_bytes / 2**20, cache.home.name
    note = f"{plan.name}: its pixels ({size:,.0f} MiB) come from the cache `{where}`; `diabolo data list` shows it"
    return plan.dataset(layout, facts, chosen=chosen, notes=[note], digests=digests)


def _digests(path: Path, order: str, images: dict[str, Images], name: str, report: Report | None) -> dict[str, str]:
    """Sha256 of each part, taken anew only where it is made of other rows than the last time."""
    try:
        content = json.loads(path.read_text(encoding="utf-8"))
    except (OSError, ValueError):
        content = None
    if isinstance(content, dict) and content.get("order") == order:
        known = content.get("parts")
        if isinstance(known, dict) and known.keys() == images.keys() and content.get("check") == _check_sum(known):
            return {part: str(digest) for part, digest in known.items()}
    found = {part: bytes_digest(array, report=report, name=name) for part, array in images.items()}
    with contextlib.suppress(OutputError):  # then they are taken again the next time
        write_text(path, json.dumps({"order": order, "parts": found, "check": _check_sum(found)}, indent=1) + "\n")
    return found


def _check_sum(digests: dict[str, str]) -> int:
    return zlib.crc32(json.dumps(digests, sort_keys=True).encode())


def _check_memory(folder: Path, layout: Layout, problem: str) -> None:
    try:
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):  # a system that does not tell
        return
    if layout.num_bytes > 0.7 * memory:
        height, width, channels = layout.shape
        raise DataError(
            f"`{folder}`: {len(layout.parts.kept):,} images of {height}×{width}×{channels} need "
            f"{layout.num_bytes / 2**30:.1f} GiB of memory and this machine has {memory / 2**30:.1f}; "
            f"choose a smaller `size`, or fewer images{', or make room for the cache: ' if problem else ''}{problem}"
        )
