"""A real file system of a few kilobytes, in memory: it fills up where a disk does, without anything in between."""

import contextlib
import subprocess
from collections.abc import Iterator
from pathlib import Path


class NotAllowedError(Exception):
    """This process may not mount file systems; the text is what `mount` said."""


@contextlib.contextmanager
def tiny_disk(folder: Path, num_bytes: int) -> Iterator[None]:
    """Puts an empty file system of that size on a folder, and takes it away again.

    Raises:
        NotAllowedError: only root may do so, and containers often forbid it.
    """
    _mount("-t", "tmpfs", "-o", f"size={num_bytes}", "diabolo-faults", str(folder))
    try:
        yield
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)


def give_space(folder: Path, num_bytes: int) -> None:
    """Makes a mounted file system larger, as somebody who frees space does."""
    _mount("-o", f"remount,size={num_bytes}", str(folder))


def _mount(*arguments: str) -> None:
    try:
        done = subprocess.run(["mount", *arguments], capture_output=True, text=True, check=False)
    except FileNotFoundError as error:
        raise NotAllowedError(str(error)) from error
    if done.returncode:
        raise NotAllowedError(done.stderr.strip())
