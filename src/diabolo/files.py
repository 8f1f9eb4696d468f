"""Writing files so that nothing is ever half-written: beside the target, flushed, then renamed over it."""

import contextlib
import errno
import os
import re
import secrets
import stat
from collections.abc import Iterable, Iterator
from pathlib import Path
from typing import IO, TYPE_CHECKING, Any

from diabolo.errors import OutputError

if TYPE_CHECKING:
    from numpy.typing import NDArray

_FULL = {errno.ENOSPC, errno.EDQUOT}
_FORBIDDEN = {errno.EACCES, errno.EPERM, errno.EROFS}
_IN_THE_WAY = {errno.ENOTDIR, errno.EEXIST, errno.EISDIR}
_REFUSED = {
    errno.EFBIG: "the file is larger than the system lets this program write; raise `ulimit -f`, or write less",
    errno.ENAMETOOLONG: "the name is too long; choose a shorter one",
    errno.ELOOP: "links on that path lead in a circle; choose another path",
    errno.EIO: "the disk does not answer; check it, or choose another",
}
_UNSYNCED = {errno.EINVAL, errno.ENOTSUP, errno.EOPNOTSUPP, errno.ENOSYS, errno.EBADF, errno.EACCES, errno.EPERM}
_TEMPORARY = re.compile(r"\.(.*)-[0-9a-f]{8}", re.DOTALL)
_LONGEST_STEM = 40  # characters of the target's name that its temporary file repeats


@contextlib.contextmanager
def atomic_path(target: Path) -> Iterator[Path]:
    """Yields a temporary path beside `target`; on a clean exit it is synced and renamed to `target`.

    The temporary file keeps the suffix of the target, since libraries choose a format by it. On an error it is
    removed and the target stays as it was. Where the target is a link, the file that it leads to is written; a file
    that is replaced passes on its permissions. After a power cut there is the old file or the new one. A process that
    is killed leaves the temporary file behind; `remove_leftovers` removes it.

    Raises:
        OutputError: the folder cannot be made or written, the disk is full, or the target is no ordinary file.
    """
    with output_errors(target):
        real = Path(os.path.realpath(target))
        real.parent.mkdir(parents=True, exist_ok=True)
        mode = _mode_to_keep(target, real)
        temporary = real.with_name(f".{real.stem[:_LONGEST_STEM]}-{secrets.token_hex(4)}{real.suffix}")
        # Not `tempfile`: its files are private, and the umask cannot be read without changing it for all threads.
        os.close(os.open(temporary, os.O_CREAT | os.O_EXCL | os.O_WRONLY, 0o666))
        try:
            yield temporary
            with temporary.open("rb") as file:
                _sync(file.fileno())
            if mode is not None:
                with contextlib.suppress(PermissionError):  # file systems without permissions refuse to change them
                    temporary.chmod(mode)
            temporary.replace(real)
            _sync_folder(real.parent)
        finally:
            temporary.unlink(missing_ok=True)


def write_text(target: Path, text: str) -> None:
    """Writes UTF-8 text atomically, line ends as they are."""
    with atomic_path(target) as temporary:
        temporary.write_text(text, encoding="utf-8", newline="")


def write_array(target: Path, array: "NDArray[Any]") -> None:
    """Writes an array as a `.npy` file atomically; arrays of Python objects are refused.

    Not by `numpy.save`: it hands arrays to the C library and does not look whether the last bytes reached the disk. On
    a file system of 8 KiB, `numpy.save` of 8,100 bytes leaves a file that is too short and says nothing.
    """
    import numpy as np

    with atomic_path(target) as temporary, temporary.open("wb") as file:
        np.lib.format.write_array(_Python(file), np.asarray(array, order="C"), version=(1, 0), allow_pickle=False)


class _Python:
    """A file that numpy does not take for one of the C library's, so that Python writes, and looks."""

    def __init__(self, file: IO[bytes]) -> None:
        self.write = file.write


def remove_leftovers(folder: Path, names: Iterable[str]) -> None:
    """Removes temporary files of these targets that killed processes left in a folder.

    Only for who holds a lock: a file that another process is writing would be removed, too.
    """
    stems = {(Path(name).stem[:_LONGEST_STEM], Path(name).suffix) for name in names}
    with contextlib.suppress(OSError):
        for path in list(folder.iterdir()):
            found = _TEMPORARY.fullmatch(path.stem)
            if found is not None and (found[1], path.suffix) in stems:
                path.unlink(missing_ok=True)


def make_folder(folder: Path) -> Path:
    """Makes a folder with its parents and returns it; the error says what stands in the way."""
    with output_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
    return folder


@contextlib.contextmanager
def output_errors(target: Path) -> Iterator[None]:
    """Turns the operating system's write errors into an `OutputError` that names the target and the remedy.

    Errors about files elsewhere pass unchanged: they are about what the block reads, not about the target.
    """
    try:
        yield
    except OSError as error:
        problem = _problem(error, target)
        if problem is None or not _concerns(error, target):
            raise
        raise OutputError(f"cannot write `{target}`: {problem} ({error.strerror})") from error


def _problem(error: OSError, target: Path) -> str | None:
    """What was wrong and what to do; None for an error that has nothing to do with writing."""
    if error.errno in _FULL:
        return "the disk is full; free some space and try again, nothing was half-written"
    if error.errno in _FORBIDDEN:
        return "no permission to write there; choose another folder or change its permissions"
    if error.errno in _IN_THE_WAY:
        return "something on that path is not what it should be (a file where a folder must be, or the reverse)"
    if error.errno == errno.ENOENT and error.filename is not None:
        named, goal = Path(error.filename).absolute(), target.absolute()
        if named in goal.parents:
            return "its folder cannot be made; choose another"
        return "its folder takes no files; choose another" if named.parent == goal.parent else None
    return _REFUSED.get(error.errno or 0)


def _concerns(error: OSError, target: Path) -> bool:
    """Whether the error is about the target, something in or beside it, or a folder above it; or names no file."""
    if not isinstance(error.filename, str | os.PathLike):
        return True
    named = Path(error.filename).absolute()
    for goal in (target.absolute(), Path(os.path.realpath(target))):
        if named.is_relative_to(goal) or goal.is_relative_to(named) or named.parent == goal.parent:
            return True
    return False


def _sync(descriptor: int) -> None:
    """Brings a file's contents to the disk, where the file system can be asked to."""
    try:
        os.fsync(descriptor)
    except OSError as error:
        if error.errno not in _UNSYNCED:
            raise


def _sync_folder(folder: Path) -> None:
    """Brings a new name to the disk; the file is whole by now, so that nothing here is an error."""
    with contextlib.suppress(OSError):
        descriptor = os.open(folder, os.O_RDONLY)
        try:
            os.fsync(descriptor)
        finally:
            os.close(descriptor)


def _mode_to_keep(target: Path, real: Path) -> int | None:
    """Permissions of the file that will be replaced; None where there is none."""
    try:
        mode = real.stat().st_mode
    except FileNotFoundError:
        return None
    if stat.S_ISDIR(mode):
        raise IsADirectoryError(errno.EISDIR, os.strerror(errno.EISDIR), str(target))
    if not stat.S_ISREG(mode):
        raise OutputError(f"cannot write `{target}`: it is a device or a pipe; choose an ordinary file")
    return stat.S_IMODE(mode)
