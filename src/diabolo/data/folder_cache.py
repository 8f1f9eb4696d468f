"""The cache of a folder of images: all pixels in one file, so that a hundred thousand images train like an array.

A builder holds a lock; a reader needs none, since the record is replaced in one step and recorded rows never change.
"""

import contextlib
import errno
import hashlib
import json
import re
import shutil
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from diabolo.data.cache import hold_lock
from diabolo.data.dataset import Report
from diabolo.data.facts import Facts, read_meta, read_record
from diabolo.data.folder_builder import Builder
from diabolo.data.listing import Listing
from diabolo.data.pixel_file import RECORD, VERSION, Pixels, is_untouched, pixels_of
from diabolo.errors import DataError, OutputError
from diabolo.files import make_folder, output_errors

FOLDERS = "folders"
"""Where these caches lie in the cache folder."""


class FolderCache:
    """The place of one folder's cache, for one choice of options.

    Args:
        cache_folder: of everything that is cached.
        source: the folder of images.
        options: `size`, `fit`, `channels`, as they were asked for.
    """

    def __init__(self, cache_folder: Path, source: Path, options: dict[str, Any]) -> None:
        real = source.resolve()
        self.meta = {"version": VERSION, "folder": str(real), "options": options}
        key = hashlib.sha256(json.dumps(self.meta, sort_keys=True).encode()).hexdigest()[:16]
        name = re.sub(r"[^\w.-]", "_", real.name, flags=re.ASCII)[:40] or "root"
        self.home = cache_folder / FOLDERS / f"{name.lstrip('.')}-{key}"

    def peek(self, listing: Listing) -> tuple[Facts, Pixels] | None:
        """What a finished builder left, without a lock; None where there is none or it must be looked through."""
        found = read_record(self.home / RECORD)
        if found is None:
            return None
        record, meta = found
        pixels = pixels_of(self.home, meta)
        if pixels is None or not is_untouched(pixels, meta):
            return None
        facts = record.facts_for(listing)
        return None if facts.rows.max(initial=-1) >= pixels.num_rows else (facts, pixels)

    @contextlib.contextmanager
    def build(self, listing: Listing, report: Report | None = None) -> Iterator[Builder]:
        """Holds the cache's lock and yields what fills it; what was done is recorded, however the block ends.

        Raises:
            OutputError: the cache cannot be written.
        """
        make_folder(self.home.parent)
        with hold_lock(self.home.with_name(f"{self.home.name}.lock"), report):
            make_folder(self.home)  # only now: whoever held the lock may have removed it
            builder = Builder(self.home, self.meta, listing, report)
            try:
                yield builder
            except OutputError as error:  # what cannot be written cannot be recorded
                if isinstance(error.__cause__, OSError) and error.__cause__.errno in (errno.ENOSPC, errno.EDQUOT):
                    builder.close()
                    self._discard()  # a disk that it filled is left as it was before
                raise
            except DataError:  # what was asked for cannot be had
                if builder.pixels is None:
                    self._discard()
                raise
            except BaseException:
                with contextlib.suppress(OutputError):
                    builder.record()
                raise
            else:
                builder.record()
            finally:
                builder.close()

    def _discard(self) -> None:
        shutil.rmtree(self.home, ignore_errors=True)


@dataclass(frozen=True, kw_only=True)
class CachedFolder:
    """One cache of a folder, as it lies on the disk."""

    home: Path
    """Where it lies."""
    folder: Path | None
    """The folder of images; None where the cache is damaged."""
    num_images: int
    """Images whose pixels are in it."""
    shape: tuple[int, int, int] | None
    """(height, width, channels); None before the first image is in it."""
    num_bytes: int
    """What it takes of the disk."""

    @property
    def is_gone(self) -> bool:
        """The folder of images is no longer there, or nobody knows which it was."""
        return self.folder is None or not self.folder.is_dir()


def list_cached_folders(cache_folder: Path) -> list[CachedFolder]:
    """All caches of folders, in the order of their names."""
    found = []
    with contextlib.suppress(OSError):
        for home in sorted(path for path in (cache_folder / FOLDERS).iterdir() if path.is_dir()):
            meta = read_meta(home / RECORD) or {}
            pixels = pixels_of(home, meta)
            folder, num_images = meta.get("folder"), meta.get("num_images")
            found.append(
                CachedFolder(
                    home=home,
                    folder=Path(folder) if isinstance(folder, str) else None,
                    num_images=num_images if isinstance(num_images, int) else 0,
                    shape=None if pixels is None else pixels.shape,
                    num_bytes=sum(path.stat().st_size for path in home.iterdir()),
                )
            )
    return found


def remove_cached_folder(cached: CachedFolder) -> None:
    """Removes a cache; waits for a process that is building it.

    Raises:
        OutputError: no permission.
    """
    with hold_lock(cached.home.with_name(f"{cached.home.name}.lock")), output_errors(cached.home):
        shutil.rmtree(cached.home)
