"""The user's cache of data sets: plain `.npy` files, verified by their digests whenever they are not as they were."""

import contextlib
import json
import os
import shutil
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np

from diabolo.data.archive import Parts
from diabolo.data.catalogue import PARTS, CatalogueEntry
from diabolo.data.dataset import Progress, Report, bytes_digest
from diabolo.data.stamps import is_verified, look_at, read_stamps, write_stamps
from diabolo.errors import DataError
from diabolo.files import make_folder, output_errors, write_array, write_text

_DIGESTS_FILE = "digests.json"


@dataclass(frozen=True, kw_only=True)
class PartCheck:
    """What was found of one array of a data set."""

    part: str
    """One of `catalogue.PARTS`."""
    path: Path
    """Its file."""
    expected: str | None
    """Sha256 (hex) that its bytes must have; None where nothing is known."""
    found: str | None
    """Sha256 (hex) of its bytes; None where it cannot be read."""
    problem: str | None
    """What is wrong, in words; None when all is well."""


def default_cache_folder() -> Path:
    """`$DIABOLO_CACHE`, or the place that the system has for caches."""
    named = os.environ.get("DIABOLO_CACHE")
    if named:
        return Path(named).expanduser()
    import platformdirs

    return Path(platformdirs.user_cache_dir("diabolo"))


def part_path(entry: CatalogueEntry, cache_folder: Path, part: str) -> Path:
    """The file of one part."""
    return cache_folder / entry.name / f"{part}.npy"


def read_part(
    entry: CatalogueEntry, cache_folder: Path, part: str, stamp: Mapping[str, Any] | None = None
) -> tuple[np.ndarray | None, PartCheck]:
    """Reads and verifies one part; the array is None where the check has a problem.

    Args:
        entry: the data set.
        cache_folder: of all data sets.
        part: one of `catalogue.PARTS`.
        stamp: of an earlier verification; a file that is as it was then is not hashed again.
    """
    path = part_path(entry, cache_folder, part)
    expected = _expected_digests(entry, cache_folder).get(part)

    def check(problem: str | None, found: str | None = None) -> PartCheck:
        return PartCheck(part=part, path=path, expected=expected, found=found, problem=problem)

    if not path.exists():
        return None, check("is missing")
    if expected is None:
        return None, check("has no known digest")
    try:
        look = look_at(path)
        array = _read_array(path, entry.part_shape(part))
    except (OSError, ValueError) as error:
        return None, check(str(error))
    found = expected if is_verified(stamp, look, expected) else bytes_digest(array)
    if found != expected:
        return None, check("has changed (wrong sha256)", found)
    return array, check(None, found)


def read_cache(entry: CatalogueEntry, cache_folder: Path) -> tuple[Parts | None, dict[str, str], str | None]:
    """Reads a data set from the cache.

    Returns:
        The parts and their digests, or None and a reason; the reason is None too where nothing was ever cached.
    """
    folder = cache_folder / entry.name
    if not any(part_path(entry, cache_folder, part).exists() for part in PARTS):
        return None, {}, None
    parts: Parts = {}
    digests: dict[str, str] = {}
    looks: dict[str, dict[str, int]] = {}
    stamps = read_stamps(folder)
    for part in PARTS:
        with contextlib.suppress(OSError):
            looks[part] = look_at(part_path(entry, cache_folder, part))  # before it is read: a later change shows
        array, check = read_part(entry, cache_folder, part, stamps.get(part))
        if array is None or check.found is None:
            return None, {}, f"`{folder}`: {check.path.name} {check.problem}"
        parts[part], digests[part] = array, check.found
    write_stamps(folder, looks, digests)
    return parts, digests, None


def write_cache(entry: CatalogueEntry, cache_folder: Path, parts: Parts) -> None:
    """Stores verified parts; the digests are written last, so that a killed write leaves no data set that looks whole.

    Raises:
        OutputError: no permission or no space.
    """
    digests = {part: bytes_digest(parts[part]) for part in PARTS}
    record = cache_folder / entry.name / _DIGESTS_FILE
    with output_errors(record):
        record.unlink(missing_ok=True)
    for part in PARTS:
        write_array(part_path(entry, cache_folder, part), parts[part])
    write_text(record, json.dumps(digests, indent=1) + "\n")


@contextlib.contextmanager
def locked(entry: CatalogueEntry, cache_folder: Path, report: Report | None = None) -> Iterator[Path]:
    """Holds the data set's lock, so that two processes do not fetch it at once; yields a scratch folder.

    The scratch folder keeps partial downloads from one holder to the next.

    Raises:
        OutputError: the cache cannot be written.
    """
    folder = make_folder(cache_folder / entry.name)
    with hold_lock(folder / ".lock", report):
        for leftover in folder.glob(".*-*.np[yz]"):  # of a process that was killed while it wrote
            leftover.unlink(missing_ok=True)
        yield folder / "incoming"


@contextlib.contextmanager
def hold_lock(path: Path, report: Report | None = None) -> Iterator[None]:
    """Holds a lock file that one process at a time can hold; waits, and reports how long, where another has it.

    Raises:
        OutputError: the file cannot be made.
    """
    import filelock

    lock = filelock.FileLock(path)
    with output_errors(path):
        try:
            lock.acquire(timeout=0)
        except filelock.Timeout:
            waited = 0
            while not lock.is_locked:
                if report is not None:
                    report(Progress(stage="waiting for another process", done=waited, total=None, unit="seconds"))
                with contextlib.suppress(filelock.Timeout):
                    lock.acquire(timeout=1)
                waited += 1
    try:
        yield
    finally:
        lock.release()


def clear_scratch(folder: Path) -> None:
    """Removes what a fetch left in its scratch folder."""
    shutil.rmtree(folder, ignore_errors=True)


def verify_parts(entry: CatalogueEntry, parts: Parts, source: str) -> None:
    """Checks fetched parts against the catalogue.

    Raises:
        DataError: wrong shape or wrong bytes.
    """
    for part in PARTS:
        array = parts[part]
        if array.shape != entry.part_shape(part) or array.dtype != np.uint8:
            raise DataError(
                f"the {source} gave {part} of shape {array.shape} where {entry.part_shape(part)} was expected"
            )
        expected = entry.digests.get(part)
        if expected is not None and bytes_digest(array) != expected:
            raise DataError(f"the {source} gave other {part} than {entry.name} has (wrong sha256)")


def _expected_digests(entry: CatalogueEntry, cache_folder: Path) -> dict[str, str]:
    """From the catalogue; where it knows none, those written down when the verified archive was read."""
    if entry.digests:
        return dict(entry.digests)
    try:
        record = json.loads((cache_folder / entry.name / _DIGESTS_FILE).read_text(encoding="utf-8"))
    except (OSError, ValueError):
        return {}
    return {str(part): str(digest) for part, digest in record.items()} if isinstance(record, dict) else {}


def _read_array(path: Path, shape: tuple[int, ...]) -> np.ndarray:
    """Reads one of our own `.npy` files; the shape is checked before anything of that size is asked for."""
    with path.open("rb") as file:
        try:
            np.lib.format.read_magic(file)
            found, is_fortran, dtype = np.lib.format.read_array_header_1_0(file)
        except ValueError as error:
            raise ValueError("has no readable header") from error
        if found != shape or is_fortran or dtype != np.uint8:
            raise ValueError(f"holds {dtype} {found} where uint8 {shape} was expected")
        array = np.fromfile(file, np.uint8)
    if array.size != int(np.prod(shape)):
        raise ValueError(f"holds {array.size:,} values where {int(np.prod(shape)):,} were expected")
    return array.reshape(shape)
