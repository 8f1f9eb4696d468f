"""Reads the python version of CIFAR-10 and CIFAR-100, as the archive or as its unpacked folder.

Members are read from the archive by exact name into memory. Nothing is ever unpacked to a path, so an archive has
no way to write a file.
"""

import tarfile
from collections.abc import Callable
from pathlib import Path

import numpy as np

from diabolo.data.catalogue import CATALOGUE, ArchiveSource, CatalogueEntry
from diabolo.data.dataset import Progress, Report
from diabolo.data.pickles import read_pickle
from diabolo.errors import DataError

Parts = dict[str, np.ndarray]
"""Arrays by the names in `catalogue.PARTS`."""

_LARGEST_MEMBER = 1 << 28  # bytes; the largest real one, CIFAR-100's train file, has 155 million


def archive_source(entry: CatalogueEntry) -> ArchiveSource | None:
    """The entry's first archive source, or None."""
    return next((source for source in entry.sources if isinstance(source, ArchiveSource)), None)


def read_tar_members(path: Path, names: set[str], *, report: Report | None = None) -> dict[str, bytes]:
    """Reads the named regular members of a compressed tar, in one pass; other members are never looked into.

    Raises:
        DataError: the file is no tar, is damaged, lacks a name, or a member is larger than any real one.
    """
    found: dict[str, bytes] = {}
    try:
        with tarfile.open(path, "r|*") as tar:
            for member in tar:
                if member.name not in names or member.name in found or not member.isreg():
                    continue
                if member.size > _LARGEST_MEMBER:
                    raise DataError(f"`{path}`: `{member.name}` says it has {member.size:,} bytes; not a real data set")
                file = tar.extractfile(member)
                content = file.read(member.size) if file is not None else b""
                if len(content) != member.size:
                    raise DataError(f"`{path}`: `{member.name}` is cut short; fetch the file again")
                found[member.name] = content
                if report is not None:
                    report(Progress(stage=f"reading {path.name}", done=len(found), total=len(names), unit="files"))
                if len(found) == len(names):
                    break
    except Exception as error:  # a broken archive fails in any way: tarfile lets a TypeError out of an empty file
        if isinstance(error, (DataError, FileNotFoundError)):
            raise
        raise DataError(f"`{path}`: not a readable archive ({error}); fetch it again") from error
    missing = sorted(names - set(found))
    if missing:
        raise DataError(f"`{path}`: this archive has no `{missing[0]}`; is it the python version of the data set?")
    return found


def read_archive(path: Path, source: ArchiveSource, shape: tuple[int, int, int], report: Report | None = None) -> Parts:
    """Reads all parts of a data set from its archive.

    Args:
        path: the archive, plain or compressed.
        source: says which members.
        shape: (height, width, channels) of the images.
        report: told of every member read.

    Raises:
        DataError: the archive or a member cannot be read.
    """
    members = read_tar_members(path, {*source.train_members, *source.test_members}, report=report)
    return _assemble(source, shape, members.__getitem__)


def read_unpacked(folder: Path, source: ArchiveSource, shape: tuple[int, int, int]) -> Parts:
    """Reads all parts from a folder that holds the members, by the last part of their names."""

    def read(member: str) -> bytes:
        path = folder / Path(member).name
        try:
            return path.read_bytes()
        except OSError as error:
            raise DataError(f"`{path}`: cannot be read ({error.strerror}); unpack the archive again") from error

    return _assemble(source, shape, read)


def recognise(path: Path) -> tuple[CatalogueEntry, Path] | None:
    """The catalogue entry whose archive or unpacked folder this is, and the exact path; None where it is neither."""
    for entry in CATALOGUE.values():
        source = archive_source(entry)
        if source is None:
            continue
        members = (*source.train_members, *source.test_members)
        top = Path(members[0]).parent.name
        if path.is_dir():
            for folder in (path, path / top):
                if all((folder / Path(member).name).is_file() for member in members):
                    return entry, folder
        elif path.is_file() and _first_folder(path) == top:
            return entry, path
    return None


def _first_folder(path: Path) -> str | None:
    try:
        with tarfile.open(path, "r|*") as tar:
            first = tar.next()
    except Exception:  # as above
        return None
    return first.name.split("/")[0] if first is not None else None


def _assemble(source: ArchiveSource, shape: tuple[int, int, int], read: Callable[[str], bytes]) -> Parts:
    parts: Parts = {}
    for part, members in (("train", source.train_members), ("test", source.test_members)):
        batches = [_batch(read(member), member, source.label_key, shape) for member in members]
        parts[part] = np.concatenate([images for images, _ in batches])
        parts[f"{part}_labels"] = np.concatenate([labels for _, labels in batches])
    return parts


def _batch(content: bytes, member: str, label_key: bytes, shape: tuple[int, int, int]) -> tuple[np.ndarray, np.ndarray]:
    """One batch: rows of all red, all green, all blue values, as images (N, H, W, C) and labels (N,)."""
    height, width, channels = shape
    batch = read_pickle(content, where=member)
    rows, labels = batch.get(b"data"), batch.get(label_key)
    if not isinstance(rows, np.ndarray) or rows.ndim != 2 or rows.shape[1] != height * width * channels:
        raise DataError(f"`{member}`: has no `data` of {height * width * channels} values an image; is it damaged?")
    if not isinstance(labels, list) or len(labels) != len(rows):
        raise DataError(f"`{member}`: has no `{label_key.decode()}` with one number an image; is it damaged?")
    try:
        numbers = np.array(labels, dtype=np.uint8)
    except (ValueError, TypeError, OverflowError) as error:
        raise DataError(f"`{member}`: its `{label_key.decode()}` are not numbers from 0 to 255") from error
    return rows.reshape(-1, channels, height, width).transpose(0, 2, 3, 1), numbers
