"""Many image files, headers or pixels, by several workers: in order, with a bounded number of images in memory."""

import os
import time
from collections import deque
from collections.abc import Callable, Generator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

import numpy as np
from numpy.typing import NDArray

from diabolo.data.images import ImageHeader, UnreadableImageError, fit_image, read_header, read_image
from diabolo.data.pillow_warnings import without_pillow_warnings
from diabolo.errors import DataError

_FILES_AT_ONCE = 64
_BYTES_AT_ONCE = 1 << 23  # of pixels that one worker hands over
_AHEAD = 2  # pieces that wait beyond those being worked on
_MOST_WORKERS = 16
_SMALL_FILE = 4096
"""Bytes. Threads take turns at everything but decoding and reading: below this size two decode slower than one (80 µs
an image alone, 107 by two, 2 KB files in the system's cache), above it faster (484 and 278 at 21 KB)."""
_WAITING = 0.3  # share of a piece's time that passes without work: then more readers help, however small the files are

_Result = TypeVar("_Result")


@dataclass(frozen=True, kw_only=True)
class Failure:
    """Why a file gives no image."""

    reason: str
    """In words, without the path."""
    is_lasting: bool
    """It lies in the file's bytes, so that the same file will fail again; false for a disk that did not answer."""


@dataclass(frozen=True, kw_only=True)
class Decoded:
    """What became of one piece of a list of files."""

    numbers: list[int]
    """Places in the list of those that were good, in order."""
    pixels: NDArray[np.uint8]
    """(len(numbers), H, W, C)."""
    failed: dict[int, Failure]
    """By place in the list."""


def read_headers(paths: Callable[[int], Path], numbers: Sequence[int]) -> Generator[dict[int, ImageHeader | Failure]]:
    """Headers of files, some at a time and in order.

    Args:
        paths: where the file of a number lies.
        numbers: which.
    """

    def read(piece: Sequence[int]) -> dict[int, ImageHeader | Failure]:
        found: dict[int, ImageHeader | Failure] = {}
        for number in piece:
            try:
                found[number] = read_header(paths(number))
            except UnreadableImageError as error:
                found[number] = _failure(error)
        return found

    return _in_order(read, _pieces(numbers, _FILES_AT_ONCE), mean_bytes=0)  # only the first bytes are read


def read_pixels(
    paths: Callable[[int], Path],
    numbers: Sequence[int],
    *,
    size: tuple[int, int],
    fit: str | None,
    channels: int,
    mean_bytes: float,
) -> Generator[Decoded]:
    """Images fitted to one size, some at a time and in order.

    Args:
        paths: where the file of a number lies.
        numbers: which.
        size: (height, width) in pixels.
        fit: as of `images.fit_image`.
        channels: 1 or 3.
        mean_bytes: size of a file, for the number of workers.
    """

    def read(piece: Sequence[int]) -> Decoded:
        pixels = np.empty((len(piece), *size, channels), np.uint8)
        good: list[int] = []
        failed: dict[int, Failure] = {}
        for number in piece:
            try:
                image = read_image(paths(number), channels)
                pixels[len(good)] = fit_image(image, size, fit, name=paths(number).name)
            except UnreadableImageError as error:
                failed[number] = _failure(error)
            except DataError:  # the header promised proportions that need no `fit`
                height, width = image.shape[:2]
                reason = f"its pixels are {height}×{width}, which is not what its header says"
                failed[number] = Failure(reason=reason, is_lasting=True)
            else:
                good.append(number)
        return Decoded(numbers=good, pixels=pixels[: len(good)], failed=failed)

    at_once = max(1, min(_FILES_AT_ONCE, _BYTES_AT_ONCE // (size[0] * size[1] * channels)))
    return _in_order(read, _pieces(numbers, at_once), mean_bytes)


def _failure(error: UnreadableImageError) -> Failure:
    cause = error.__cause__
    passing = isinstance(cause, MemoryError) or getattr(cause, "errno", None) is not None
    return Failure(reason=str(error), is_lasting=not passing and str(error) != "no such file")


def _pieces(numbers: Sequence[int], at_once: int) -> list[Sequence[int]]:
    return [numbers[start : start + at_once] for start in range(0, len(numbers), at_once)]


def _in_order(
    read: Callable[[Sequence[int]], _Result], pieces: Sequence[Sequence[int]], mean_bytes: float
) -> Generator[_Result]:
    """`read` of each piece, in order; close it where it is not read to its end."""
    if not pieces:
        return
    with without_pillow_warnings():  # put aside once, where each image would do it anew
        started, worked = time.perf_counter(), time.thread_time()
        first = read(pieces[0])
        worked, taken = time.thread_time() - worked, time.perf_counter() - started
        yield first
        if mean_bytes < _SMALL_FILE and worked > (1 - _WAITING) * taken:
            for piece in pieces[1:]:
                yield read(piece)
            return
        num_workers = max(1, min(_MOST_WORKERS, os.cpu_count() or 1))
        workers = ThreadPoolExecutor(num_workers, thread_name_prefix="diabolo-decode")
        try:
            pending: deque[Future[_Result]] = deque()
            for piece in pieces[1:]:
                pending.append(workers.submit(read, piece))
                if len(pending) >= num_workers + _AHEAD:
                    yield pending.popleft().result()
            while pending:
                yield pending.popleft().result()
        finally:
            workers.shutdown(wait=True, cancel_futures=True)
