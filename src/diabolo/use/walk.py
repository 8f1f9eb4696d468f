"""Which files a user means: those named, and of folders those below them."""

import os
from collections.abc import Sequence
from pathlib import Path

from diabolo.data.listing import list_folder
from diabolo.errors import DataError
from diabolo.printable import printable


def find_files(paths: Sequence[str | Path], *, output: Path | None = None) -> list[Path]:
    """All files meant, in the order of the paths; of folders those below them, as training sees them.

    Hidden files are left out; links to folders are followed, but for those that lead in a circle. What is no file, or
    a folder that cannot be read, comes after the files of its folder: whoever reads the list skips it with a reason.

    Args:
        paths: files and folders.
        output: the folder of results, which is left out where it lies inside of a folder given.

    Raises:
        DataError: a path does not exist or cannot be reached, a folder given cannot be read, or there are no files.
    """
    if isinstance(paths, str | Path):
        paths = [paths]
    files: list[Path] = []
    for path in map(Path, paths):
        if not _can_be_reached(path):
            raise DataError(f"`{printable(path)}` cannot be reached: no permission to enter a folder on the way to it")
        if path.is_dir():
            listing = list_folder(path, without=output)
            files += map(listing.path, range(len(listing)))
            files += [skipped.path for skipped in listing.skipped]
        elif os.path.lexists(path):
            files.append(path)
        else:
            raise DataError(f"there is no file `{printable(path)}`")
    if not files:
        raise DataError(f"no files in {', '.join(f'`{printable(path)}`' for path in paths) or 'an empty list'}")
    return files


def _can_be_reached(path: Path) -> bool:
    try:
        path.lstat()
    except PermissionError:
        return False
    except OSError:  # nothing is there: said where it matters
        return True
    return True
