"""A real file system of a few kilobytes, in memory: it fills up where a disk does, without anything in between."""

import contextlib
import os
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


def used_bytes(folder: Path) -> int:
    """Bytes that are taken on the file system."""
    found = os.statvfs(folder)
    return (found.f_blocks - found.f_bfree) * found.f_frsize


def set_size(folder: Path, num_bytes: int) -> None:
    """Gives a mounted file system another size, as somebody who fills it or frees space does."""
    _mount("-o", f"remount,size={num_bytes}", str(folder))


def _mount(*arguments: str) -> None:
    try:
        done = subprocess.run(["mount", *arguments], capture_output=True, text=True, check=False)
    except FileNotFoundError as error:
        raise NotAllowedError(str(error)) from error
    if done.returncode:
        raise NotAllowedError(done.stderr.strip())
