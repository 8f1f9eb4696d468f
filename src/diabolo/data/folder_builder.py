"""Fills the cache of a folder, and goes on where another builder was stopped.

Pixels reach the disk before the record that names them, and rows that are recorded are never changed: whatever is
killed in between, the record is true.
"""

import contextlib
import os
import re
import secrets
import shutil
import time
import zlib
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from diabolo.data.dataset import Progress, Report
from diabolo.data.decoding import Decoded
from diabolo.data.facts import Facts, read_record, write_record
from diabolo.data.listing import Listing
from diabolo.data.pixel_file import PIXELS_NAME, RECORD, Pixels, is_untouched, pixels_of
from diabolo.data.stamps import look_at
from diabolo.errors import OutputError
from diabolo.files import output_errors

_SECONDS_BETWEEN_RECORDS = 5.0
_MOST_TIME_RECORDING = 0.1  # of all time: the record of a million files takes a second
_SPARE = 1 << 26  # bytes of the disk that are left free
_AT_ONCE = 1 << 23  # bytes of pixels checked or copied at a time


class Builder:
    """Fills the cache of a folder while its lock is held; use it as `FolderCache.build` gives it.

    Args:
        home: where the cache lies.
        meta: what its record says beside the facts: version, folder, options.
        listing: the files of the folder, as they are now.
        report: told of long work.

    Attributes:
        facts: what is known of the files; whoever reads them writes here.
        pixels: the file that rows are added to; None before `begin`.
    """

    def __init__(self, home: Path, meta: dict[str, Any], listing: Listing, report: Report | None) -> None:
        self._home, self._meta, self._listing, self._report = home, meta, listing, report
        self.facts = Facts.none(len(listing))
        self.pixels: Pixels | None = None
        self._file: Any = None
        self._recorded_at, self._recording_took = time.monotonic(), 0.0
        found = read_record(home / RECORD)
        if found is not None:
            record, recorded = found
            self.facts = record.facts_for(listing)
            pixels = pixels_of(home, recorded)
            if pixels is not None:
                self._take_over(pixels, is_trusted=is_untouched(pixels, recorded))
        if self.pixels is None:
            self.facts.rows[:] = -1
        self._remove_leftovers()

    def begin(self, shape: tuple[int, int, int], wanted: Sequence[int]) -> None:
        """Makes room for the pixels of these files.

        Args:
            shape: (height, width, channels) of every image.
            wanted: numbers of the files whose pixels are needed, in the order in which they are read.

        Raises:
            OutputError: not enough space on the disk.
        """
        row_bytes = int(np.prod(shape))
        if self.pixels is not None and self.pixels.shape != shape:
            self._start_over()
        missing = len(self.facts.without_pixels(list(wanted)))
        kept = [number for number in wanted if self.facts.rows[number] >= 0]
        if missing:
            self._check_room(missing * row_bytes)
        if self.pixels is None:
            self._start_file(shape)
        elif self.pixels.num_rows > 2 * len(kept) and self._has_room(len(kept) * row_bytes):
            self._rewrite(kept)

    def add(self, decoded: Decoded) -> None:
        """Adds images to the file of pixels."""
        assert self.pixels is not None
        first = self.pixels.num_rows
        with output_errors(self.pixels.path):
            self._file.write(decoded.pixels.reshape(-1).data)
        for place, number in enumerate(decoded.numbers):
            self.facts.rows[number] = first + place
            self.facts.checks[number] = zlib.crc32(decoded.pixels[place].reshape(-1).data)
        self._grow(len(decoded.numbers))

    def record_now_and_then(self) -> None:
        """Records what was done, some seconds after the last time."""
        wait = max(_SECONDS_BETWEEN_RECORDS, self._recording_took / _MOST_TIME_RECORDING)
        if time.monotonic() - self._recorded_at > wait:
            self.record()

    def record(self) -> None:
        """Records what was done; the pixels reach the disk before the record that names them.

        Raises:
            OutputError: no permission or no space.
        """
        started = time.monotonic()
        meta: dict[str, Any] = {**self._meta, "num_images": int((self.facts.rows >= 0).sum())}
        if self.pixels is not None and self._file is not None:
            with output_errors(self.pixels.path):
                self._file.flush()
                os.fsync(self._file.fileno())
            meta |= {
                "pixels": self.pixels.path.name,
                "shape": list(self.pixels.shape),
                "num_rows": self.pixels.num_rows,
                "look": look_at(self.pixels.path),
            }
        write_record(self._home / RECORD, self._listing, self.facts, meta)
        self._recorded_at = time.monotonic()
        self._recording_took = self._recorded_at - started

    def close(self) -> None:
        """Closes the file of pixels."""
        if self._file is not None:
            with contextlib.suppress(OSError):  # the disk is full: what was in the buffer is not in the record either
                self._file.close()
            self._file = None

    def _take_over(self, pixels: Pixels, *, is_trusted: bool) -> None:
        """Goes on with a file of pixels; rows that are not as they were recorded count as missing."""
        try:
            size = pixels.path.stat().st_size
            file = pixels.path.open("r+b")
        except OSError:
            return
        rows = self.facts.rows
        num_rows = min(pixels.num_rows, size // pixels.row_bytes)
        rows[rows >= num_rows] = -1
        self.pixels = Pixels(path=pixels.path, shape=pixels.shape, num_rows=num_rows)
        if not is_trusted:
            self._check_rows()
        with output_errors(pixels.path):
            file.truncate(num_rows * pixels.row_bytes)
            file.seek(0, 2)
        self._file = file

    def _check_rows(self) -> None:
        assert self.pixels is not None
        numbers = np.flatnonzero(self.facts.rows >= 0)
        images = self.pixels.chosen(self.facts.rows[numbers])
        at_once = max(1, _AT_ONCE // self.pixels.row_bytes)
        for start in range(0, len(numbers), at_once):
            piece = numbers[start : start + at_once]
            for number, image in zip(piece.tolist(), images[start : start + at_once], strict=True):
                if zlib.crc32(image.reshape(-1).data) != self.facts.checks[number]:
                    self.facts.rows[number] = -1
            if self._report is not None:
                done = min(start + at_once, len(numbers))
                stage = f"checking the cache of {self._listing.folder.name}"
                self._report(Progress(stage=stage, done=done, total=len(numbers), unit="images"))

    def _start_file(self, shape: tuple[int, int, int]) -> None:
        path = self._home / f"pixels-{secrets.token_hex(4)}.bin"
        with output_errors(path):
            self._file = path.open("xb")
        self.pixels = Pixels(path=path, shape=shape, num_rows=0)

    def _start_over(self) -> None:
        self.close()
        self.pixels = None
        self.facts.rows[:] = -1
        self.record()  # before the old file goes: a record must not name a file that is not there
        self._remove_leftovers()

    def _rewrite(self, numbers: list[int]) -> None:
        """Leaves out rows that no file needs any more, in a file of its own: others may be reading the old one."""
        assert self.pixels is not None
        old, rows = self.pixels, self.facts.rows[np.array(numbers, np.int64)]
        images = old.chosen(rows)
        self.close()
        self._start_file(old.shape)
        at_once = max(1, _AT_ONCE // old.row_bytes)
        with output_errors(self.pixels.path):
            for start in range(0, len(rows), at_once):
                self._file.write(images[start : start + at_once].reshape(-1).data)
        self.facts.rows[:] = -1
        self.facts.rows[np.array(numbers, np.int64)] = np.arange(len(numbers))
        self._grow(len(numbers))
        self.record()
        self._remove_leftovers()

    def _grow(self, count: int) -> None:
        assert self.pixels is not None
        self.pixels = Pixels(path=self.pixels.path, shape=self.pixels.shape, num_rows=self.pixels.num_rows + count)

    def _remove_leftovers(self) -> None:
        """Files of builders that were killed, and of rows that nobody needs any more."""
        for path in self._home.iterdir():
            is_pixels = PIXELS_NAME.fullmatch(path.name) and (self.pixels is None or path != self.pixels.path)
            if is_pixels or re.fullmatch(r"\..+-[0-9a-f]{8}\.(npz|json)", path.name):
                with contextlib.suppress(OSError):
                    path.unlink()

    def _has_room(self, num_bytes: int) -> bool:
        return shutil.disk_usage(self._home).free >= num_bytes + _SPARE

    def _check_room(self, num_bytes: int) -> None:
        if not self._has_room(num_bytes):
            free = shutil.disk_usage(self._home).free
            raise OutputError(
                f"the cache `{self._home}` needs {num_bytes / 2**30:.1f} GiB and its disk has "
                f"{free / 2**30:.1f} free; free some space, or move the cache with $DIABOLO_CACHE"
            )
