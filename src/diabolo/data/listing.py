"""What lies in a folder, at any depth: the names of all files and the state that each is in, without opening one."""

import os
import time
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from diabolo.data.dataset import Progress, Report, Skipped
from diabolo.errors import DataError
from diabolo.printable import printable

_EVERY = 2000  # files between two reports
_Identity = tuple[int, int]  # of a folder: its device and its number there


@dataclass(frozen=True, kw_only=True)
class Listing:
    """The files of a folder at one moment."""

    folder: Path
    """The folder."""
    names: list[str]
    """Paths relative to the folder, with slashes: the files of a folder by name, then those of its subfolders."""
    states: NDArray[np.int64]
    """(N, 3): size in bytes, time of the last change of the content and of the file itself, in ns since 1970."""
    skipped: tuple[Skipped, ...]
    """What is no file, or a folder that cannot be entered."""
    taken_ns: int
    """When the listing was begun, in ns since 1970."""

    def __len__(self) -> int:
        return len(self.names)

    def path(self, number: int) -> Path:
        """Where a file lies."""
        return self.folder / self.names[number]

    @property
    def num_bytes(self) -> int:
        """Size of all files together."""
        return int(self.states[:, 0].sum())


def list_folder(folder: Path, report: Report | None = None, *, without: Path | None = None) -> Listing:
    """Lists all files below a folder; names that start with a dot are not looked at.

    Links to folders are followed, but for those that lead back to a folder that they lie in. A subfolder that cannot
    be entered is skipped, and named.

    Args:
        folder: where to look.
        report: told of the number of files.
        without: a folder below it that is not entered, by whatever way one comes to it.

    Raises:
        DataError: the folder itself cannot be read.
    """
    taken_ns = time.time_ns()
    names: list[str] = []
    states: list[tuple[int, int, int]] = []
    skipped: list[Skipped] = []
    for name, found in _walk(folder, skipped, _identity(without)):
        names.append(name)
        states.append((found.st_size, found.st_mtime_ns, found.st_ctime_ns))
        if report is not None and len(names) % _EVERY == 0:
            report(
                Progress(stage=f"looking through {printable(folder.name)}", done=len(names), total=None, unit="files")
            )
    return Listing(
        folder=folder,
        names=names,
        states=np.array(states, np.int64).reshape(-1, 3),
        skipped=tuple(skipped),
        taken_ns=taken_ns,
    )


def _walk(folder: Path, skipped: list[Skipped], without: _Identity | None) -> Iterator[tuple[str, os.stat_result]]:
    """Relative name and state of each file below a folder; `without` is not entered, unless it is the folder itself."""
    waiting: list[tuple[str, tuple[_Identity, ...]]] = [("", ())]  # no recursion: folders may lie a thousand deep
    while waiting:
        prefix, above = waiting.pop()
        try:
            here = (folder / prefix).stat()
            identity = (here.st_dev, here.st_ino)
            if prefix and identity == without:
                continue
            if identity in above:
                skipped.append(Skipped(path=folder / prefix, reason="a link to a folder that it lies in"))
                continue
            with os.scandir(folder / prefix) as found:
                entries = sorted((entry for entry in found if not entry.name.startswith(".")), key=_order)
        except OSError as error:
            if not prefix:
                raise DataError(
                    f"`{printable(folder)}` cannot be read ({error.strerror}); change its permissions"
                ) from error
            skipped.append(Skipped(path=folder / prefix, reason=f"folder that cannot be read ({error.strerror})"))
            continue
        inner: list[str] = []
        for entry in entries:
            name = f"{prefix}{entry.name}"
            try:
                if entry.is_dir():
                    inner.append(name)
                elif entry.is_file():
                    yield name, entry.stat()
                else:
                    is_broken_link = entry.is_symlink() and not Path(entry.path).exists()
                    reason = "a link to nothing" if is_broken_link else "not a file"
                    skipped.append(Skipped(path=folder / name, reason=reason))
            except FileNotFoundError:
                skipped.append(Skipped(path=folder / name, reason="vanished while the folder was read"))
            except OSError as error:  # links in a circle, a disk that does not answer
                skipped.append(Skipped(path=folder / name, reason=f"cannot be read ({error.strerror})"))
        waiting.extend((f"{name}/", (*above, identity)) for name in reversed(inner))


def _identity(folder: Path | None) -> _Identity | None:
    try:
        found = None if folder is None else folder.stat()
    except OSError:  # it is not there yet
        return None
    return None if found is None else (found.st_dev, found.st_ino)


def _order(entry: os.DirEntry[str]) -> tuple[str, str]:
    # One file system spells "é" as one character and another as two: the order is the same on both.
    return unicodedata.normalize("NFC", entry.name), entry.name
