"""Writing files so that nothing is ever half-written: beside the target, flushed, then renamed over it."""

import contextlib
import errno
import os
import tempfile
from collections.abc import Iterator
from pathlib import Path

from diabolo.errors import OutputError


@contextlib.contextmanager
def atomic_path(target: Path) -> Iterator[Path]:
    """Yields a temporary path beside `target`; on a clean exit it is synced and renamed to `target`.

    The temporary file keeps the suffix of the target, since libraries choose a format by it. On an error it is
    removed and the target stays as it was.

    Raises:
        OutputError: the folder cannot be made or written, or the disk is full.
    """
    with output_errors(target):
        target.parent.mkdir(parents=True, exist_ok=True)
        handle, name = tempfile.mkstemp(prefix=f".{target.stem}-", suffix=target.suffix, dir=target.parent)
        os.close(handle)
        temporary = Path(name)
        try:
            yield temporary
            with temporary.open("rb") as file:
                os.fsync(file.fileno())
            temporary.chmod(0o666 & ~_umask())
            temporary.replace(target)
        finally:
            temporary.unlink(missing_ok=True)


def write_text(target: Path, text: str) -> None:
    """Writes UTF-8 text atomically."""
    with atomic_path(target) as temporary:
        temporary.write_text(text, encoding="utf-8")


def make_folder(folder: Path) -> Path:
    """Makes a folder with its parents and returns it; the error says what stands in the way."""
    with output_errors(folder):
        folder.mkdir(parents=True, exist_ok=True)
    return folder


@contextlib.contextmanager
def output_errors(target: Path) -> Iterator[None]:
    """Turns the operating system's write errors into an `OutputError` that names the target and the remedy."""
    try:
        yield
    except OSError as error:
        if error.errno in (errno.ENOSPC, errno.EDQUOT):
            problem = "the disk is full; free some space and run the same command again, nothing was half-written"
        elif error.errno in (errno.EACCES, errno.EPERM, errno.EROFS):
            problem = "no permission to write there; choose another folder or change its permissions"
        elif error.errno in (errno.ENOTDIR, errno.EEXIST, errno.EISDIR):
            problem = "something on that path is not what it should be (a file where a folder must be, or the reverse)"
        else:
            raise
        raise OutputError(f"cannot write `{target}`: {problem} ({error.strerror})") from error


def _umask() -> int:
    mask = os.umask(0)
    os.umask(mask)
    return mask
