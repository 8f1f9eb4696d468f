"""What is known of the files of a folder: their headers, what is wrong with them, and where their pixels are cached."""

import json
import tokenize
import zipfile
import zlib
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from diabolo.data.decoding import Failure
from diabolo.data.listing import Listing
from diabolo.files import atomic_path, output_errors

_SETTLED = 2.0  # seconds; a younger file might change again within one tick of its file system's clock
_NEVER = -1  # a time that no file has
_DAMAGE = (  # what numpy raises for an archive that is none, or not whole
    OSError, ValueError, LookupError, EOFError, MemoryError, AttributeError, TypeError, RuntimeError,
    zipfile.BadZipFile, zlib.error, tokenize.TokenError,
)  # fmt: skip


@dataclass(kw_only=True)
class Facts:
    """Arrays over the N files of a listing, filled in while the files are read."""

    headers: NDArray[np.int32]
    """(N, 3): height and width in pixels and whether it is grey; zeros where nothing is known."""
    rows: NDArray[np.int64]
    """(N,): place of its pixels in the cache; -1 where they are not there."""
    checks: NDArray[np.uint32]
    """(N,): CRC-32 of those pixels."""
    reasons: dict[int, str]
    """Why a file gives no image, by its number."""
    passing: set[int] = field(default_factory=set)
    """Numbers of those that may give one the next time, and are not recorded."""

    @classmethod
    def none(cls, num_files: int) -> "Facts":
        """Nothing is known yet."""
        return cls(
            headers=np.zeros((num_files, 3), np.int32),
            rows=np.full(num_files, -1, np.int64),
            checks=np.zeros(num_files, np.uint32),
            reasons={},
        )

    def fail(self, number: int, failure: Failure) -> None:
        """Says why a file gives no image."""
        self.reasons[number] = failure.reason
        if not failure.is_lasting:
            self.passing.add(number)

    def without_header(self) -> list[int]:
        """Files that were not looked into yet."""
        return [number for number in np.flatnonzero(self.headers[:, 0] == 0).tolist() if number not in self.reasons]

    def images(self) -> list[int]:
        """Files whose header is that of an image."""
        found: list[int] = np.flatnonzero(self.headers[:, 0]).tolist()
        return found

    def without_pixels(self, numbers: list[int]) -> list[int]:
        """Those of these images that were not decoded yet."""
        return [number for number in numbers if self.rows[number] < 0 and number not in self.reasons]


@dataclass(frozen=True, kw_only=True)
class Record:
    """Facts as they are kept on disk, with the names and states of the files that they were true of."""

    names: list[str]
    """Relative paths."""
    states: NDArray[np.int64]
    """(N, 3), as of `Listing`."""
    facts: Facts
    """Of these files."""

    def facts_for(self, listing: Listing) -> Facts:
        """What is known of the files of a listing: of those that are as they were."""
        if self.names == listing.names and np.array_equal(self.states, listing.states):
            return self.facts
        facts = Facts.none(len(listing))
        places = {name: number for number, name in enumerate(self.names)}
        found = np.array([places.get(name, -1) for name in listing.names], np.int64)
        same = np.flatnonzero(found >= 0)
        same = same[(self.states[found[same]] == listing.states[same]).all(axis=1)]
        facts.headers[same] = self.facts.headers[found[same]]
        facts.rows[same] = self.facts.rows[found[same]]
        facts.checks[same] = self.facts.checks[found[same]]
        if self.facts.reasons:
            for here, there in zip(same.tolist(), found[same].tolist(), strict=True):
                if there in self.facts.reasons:
                    facts.reasons[here] = self.facts.reasons[there]
        return facts


def write_record(path: Path, listing: Listing, facts: Facts, meta: dict[str, Any]) -> None:
    """Writes facts atomically; those of files that changed a moment ago are not kept.

    Raises:
        OutputError: no permission or no space.
    """
    states = listing.states.copy()
    young = states[:, 1:].max(axis=1, initial=_NEVER) > listing.taken_ns - int(_SETTLED * 1e9)
    states[young, 2] = _NEVER
    numbers = np.array(sorted(facts.reasons.keys() - facts.passing), np.int64)
    with atomic_path(path) as temporary, output_errors(path), temporary.open("wb") as file:
        np.savez(
            file,
            meta=_packed([json.dumps(meta)]),
            names=_packed(listing.names),
            states=states,
            headers=facts.headers,
            rows=facts.rows,
            checks=facts.checks,
            reason_numbers=numbers,
            reasons=_packed([facts.reasons[number].replace("\0", " ") for number in numbers.tolist()]),
        )


def read_record(path: Path) -> tuple[Record, dict[str, Any]] | None:
    """The record and its meta data; None where there is none, or it is damaged or of a kind that we do not know."""
    try:
        with np.load(path, allow_pickle=False) as archive:
            meta = _meta_of(archive)
            names, states, headers = _unpacked(archive["names"]), archive["states"], archive["headers"]
            rows, checks, numbers = archive["rows"], archive["checks"], archive["reason_numbers"]
            reasons = _unpacked(archive["reasons"])
    except _DAMAGE:
        return None
    count = len(names)
    wanted = (
        (states, (count, 3), np.int64),
        (headers, (count, 3), np.int32),
        (rows, (count,), np.int64),
        (checks, (count,), np.uint32),
        (numbers, (len(reasons),), np.int64),
    )
    if any(array.shape != shape or array.dtype != dtype for array, shape, dtype in wanted):
        return None
    facts = Facts(headers=headers, rows=rows, checks=checks, reasons=dict(zip(numbers.tolist(), reasons, strict=True)))
    return Record(names=names, states=states, facts=facts), meta


def read_meta(path: Path) -> dict[str, Any] | None:
    """The meta data alone; None as of `read_record`."""
    try:
        with np.load(path, allow_pickle=False) as archive:
            return _meta_of(archive)
    except _DAMAGE:
        return None


def _meta_of(archive: Any) -> dict[str, Any]:
    meta = json.loads(_unpacked(archive["meta"])[0])
    if not isinstance(meta, dict):
        raise ValueError("meta data that are no dictionary")
    return meta


def _packed(texts: list[str]) -> NDArray[np.uint8]:
    # No file has a NUL in its name, and one name in a thousand has bytes that are no UTF-8.
    return np.frombuffer("\0".join([*texts, ""]).encode("utf-8", "surrogateescape"), np.uint8)


def _unpacked(array: NDArray[np.uint8]) -> list[str]:
    return array.tobytes().decode("utf-8", "surrogateescape").split("\0")[:-1]
