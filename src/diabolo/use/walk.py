"""Which files a user means: those named, and of folders those below them."""

import os
from collections.abc import Iterator, Sequence
from pathlib import Path

from diabolo.errors import DataError
from diabolo.printable import printable


def find_files(paths: Sequence[str | Path], *, output: Path | None = None) -> list[Path]:
    """All files meant, folder by folder in the order of their names.

    Of folders the files below are taken, without hidden ones; links to folders are not followed, so that no circle is
    walked. What lies in `output`, the folder of results, is left out where that is inside of a folder given.

    Raises:
        DataError: a path does not exist, a folder cannot be read, or there are no files.
    """
    if isinstance(paths, str | Path):
        paths = [paths]
    files: list[Path] = []
    results = None if output is None else output.resolve()
    for path in map(Path, paths):
        if path.is_dir():
            inside = results is not None and results != path.resolve() and results.is_relative_to(path.resolve())
            files.extend(_below(path, results if inside else None))
        elif os.path.lexists(path):
            files.append(path)
        else:
            raise DataError(f"there is no file `{printable(path)}`")
    if not files:
        raise DataError(f"no files in {', '.join(f'`{printable(path)}`' for path in paths) or 'an empty list'}")
    return files


def _below(folder: Path, results: Path | None) -> Iterator[Path]:
    """Files below a folder, subfolders among the files by name; a stack of its own, since folders may lie deep."""
    waiting = [_entries(folder)]
    while waiting:
        entry = next(waiting[-1], None)
        if entry is None:
            waiting.pop()
        elif not entry.is_dir():
            yield Path(entry.path)
        elif not entry.is_symlink() and (results is None or Path(entry.path).resolve() != results):
            waiting.append(_entries(entry.path))


def _entries(folder: str | Path) -> Iterator["os.DirEntry[str]"]:
    try:
        with os.scandir(folder) as found:
            return iter(sorted((entry for entry in found if not entry.name.startswith(".")), key=lambda one: one.name))
    except OSError as error:
        raise DataError(f"`{printable(folder)}` cannot be read ({error.strerror}); change its permissions") from error
