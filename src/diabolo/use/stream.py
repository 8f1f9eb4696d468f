"""Image files as a stream: decoded by several threads a little ahead, in their order, in bounded memory."""

import os
from collections import deque
from collections.abc import Callable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from diabolo.data import Progress, Skipped
from diabolo.data.dataset import Report
from diabolo.data.images import UnreadableImageError, check_options, fit_image, read_header, read_image
from diabolo.data.pillow_warnings import without_pillow_warnings
from diabolo.errors import DataError, DiaboloError
from diabolo.printable import printable

WORKERS = min(8, os.cpu_count() or 1)
"""Threads that decode; Pillow leaves Python's lock while it does."""
_AHEAD = 4  # files a worker that may be on their way
_PIXELS_AHEAD = 32_000_000  # pixels that may be on their way; one image may be larger, and then is alone


@dataclass(frozen=True, kw_only=True)
class ReadImage:
    """One image file that could be read."""

    number: int
    """Its place among the files given, from 0."""
    path: Path
    """The file."""
    image: NDArray[np.uint8]
    """uint8 (height, width, channels)."""


class Stream:
    """Reads files in order; what is no image is put into `skipped` and left out.

    Args:
        paths: the files.
        channels: 1 (grey) or 3 (RGB), that every image is turned into.
        size: (height, width) in pixels that every image is fitted to; None keeps each at its own size.
        fit: `crop`, `pad` or `stretch`; needed for images whose proportions differ from those of `size`.
        workers: threads that decode; None: one a processor, at most 8.
        report: reader of progress.
        stage: what is done, in words, for the report.

    Attributes:
        skipped: files left out so far, with reasons, in order.

    Raises:
        DiaboloError: `workers` is no whole number from 1, or an option of the images has a wrong value.
    """

    def __init__(
        self,
        paths: Sequence[Path],
        *,
        channels: int,
        size: tuple[int, int] | None = None,
        fit: str | None = None,
        workers: int | None = None,
        report: Report | None = None,
        stage: str = "reading images",
    ) -> None:
        check_options(size=size, fit=fit, channels=channels)
        if workers is not None and (isinstance(workers, bool) or not isinstance(workers, int) or workers < 1):
            raise DiaboloError(f"`workers` (={workers}) must be a whole number from 1")
        self.paths = paths
        self.channels = channels
        self.size = size
        self.fit = fit
        self.workers = workers or WORKERS
        self.report = report
        self.stage = stage
        self.skipped: list[Skipped] = []

    def __iter__(self) -> Iterator[ReadImage]:
        self.skipped.clear()
        with without_pillow_warnings(), _Pool(self.workers) as pool:
            results = pool.in_order(self.paths, self._read)
            for number, (path, pixels) in enumerate(zip(self.paths, results, strict=True)):
                if self.report is not None:
                    self.report(Progress(stage=self.stage, done=number + 1, total=len(self.paths), unit="images"))
                if isinstance(pixels, str):
                    self.skipped.append(Skipped(path=path, reason=pixels))
                else:
                    yield ReadImage(number=number, path=path, image=pixels)

    def batches(self, at_once: int) -> Iterator[list[ReadImage]]:
        """Neighbours of one size, at most so many together; large images one by one."""
        batch: list[ReadImage] = []
        for one in self:
            most = max(1, min(at_once, _PIXELS_AHEAD // (one.image.shape[0] * one.image.shape[1])))
            if batch and (batch[0].image.shape != one.image.shape or len(batch) >= most):
                yield batch
                batch = []
            batch.append(one)
        if batch:
            yield batch

    def check_any(self, num_read: int) -> None:
        """Refuses a stream that had nothing in it, when it has ended.

        Raises:
            DataError: no file could be read; the message gives the first reasons.
        """
        if num_read:
            return
        reasons = "; ".join(f"`{printable(item.path)}`: {item.reason}" for item in self.skipped[:3])
        many = len(self.paths)
        which = "the only file is no image" if many == 1 else f"none of the {many} files is an image"
        raise DataError(f"{which} that can be read ({reasons})")

    def _read(self, path: Path) -> NDArray[np.uint8] | str:
        """The image at the size wanted, or the reason why there is none."""
        try:
            image: NDArray[np.uint8] = read_image(path, self.channels)
        except UnreadableImageError as error:
            return str(error)
        except OSError as error:  # it went away, or its disk did
            return (error.strerror or type(error).__name__).lower()
        return image if self.size is None else fit_image(image, self.size, self.fit, name=printable(path))


class _Pool:
    """Threads whose results come in the order of their tasks."""

    def __init__(self, workers: int) -> None:
        self.workers = workers
        self.threads = ThreadPoolExecutor(workers, thread_name_prefix="diabolo-read")

    def __enter__(self) -> "_Pool":
        return self

    def __exit__(self, *error: object) -> None:
        self.threads.shutdown(wait=True, cancel_futures=True)

    def in_order(
        self, paths: Sequence[Path], read: Callable[[Path], NDArray[np.uint8] | str]
    ) -> Iterator[NDArray[np.uint8] | str]:
        """What `read` gives for each path; few files and few pixels are on their way at a time."""
        pending: deque[tuple[int, Future[NDArray[np.uint8] | str]]] = deque()
        pixels = 0
        for path in paths:
            coming = _num_pixels(path)
            while pending and (len(pending) >= _AHEAD * self.workers or pixels + coming > _PIXELS_AHEAD):
                num, future = pending.popleft()
                yield future.result()
                pixels -= num
            pending.append((coming, self.threads.submit(read, path)))
            pixels += coming
        while pending:
            yield pending.popleft()[1].result()


def _num_pixels(path: Path) -> int:
    try:
        header = read_header(path)
    except (UnreadableImageError, OSError):
        return 0
    return header.height * header.width
