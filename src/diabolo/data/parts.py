"""Which part (train, validation, test) each image of a folder belongs to, from nothing but its relative path."""

import hashlib
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass

PART_NAMES = {"train": "train", "val": "validation", "validation": "validation", "valid": "validation", "test": "test"}
"""Subfolder, in small letters -> part."""


@dataclass(frozen=True, kw_only=True)
class Parts:
    """The images of each part, by their place in the list of names."""

    train: list[int]
    """Never empty where there are two images."""
    validation: list[int]
    """May be empty: then validation images are held out of `train` later."""
    test: list[int]
    """Never empty where there are two images."""
    outside: list[int]
    """Images beside the subfolders `train`, `val` and `test`, which belong to none."""
    notes: tuple[str, ...]
    """Lines to show."""

    @property
    def kept(self) -> list[int]:
        """All but those outside, part by part."""
        return [*self.train, *self.validation, *self.test]


def part_by_hash(name: str) -> str:
    """ "train" (80 of 100), "validation" (10) or "test" (10), from nothing but the relative path."""
    bucket = _hash(name) % 100
    return "train" if bucket < 80 else "validation" if bucket < 90 else "test"


def assign_parts(folder: str, names: Sequence[str]) -> Parts:
    """Parts by subfolder where there is a `train`, else by `part_by_hash`.

    Args:
        folder: its name, for the notes.
        names: relative paths with slashes.
    """
    if any(PART_NAMES.get(_top(name)) == "train" for name in names):
        return _by_subfolder(folder, names)
    parts: dict[str, list[int]] = {"train": [], "validation": [], "test": []}
    for number, name in enumerate(names):
        parts[part_by_hash(name)].append(number)
    moved = _fill_empty(parts, names)
    shares = "too few images for 80/10/10: adding some may move others" if moved else "about 80/10/10"
    note = f"{folder}: split into train, validation and test by a hash of the file names, {shares}"  # no numbers: some
    return Parts(**parts, outside=[], notes=(note,))  # of these files may turn out to be broken


def _by_subfolder(folder: str, names: Sequence[str]) -> Parts:
    parts: dict[str, list[int]] = {"train": [], "validation": [], "test": []}
    outside: list[int] = []
    for number, name in enumerate(names):
        part = PART_NAMES.get(_top(name))
        (outside if part is None else parts[part]).append(number)
    if parts["test"]:
        return Parts(**parts, outside=outside, notes=())
    train = parts["train"]
    parts["train"] = [number for number in train if _hash(names[number]) % 100 < 90]
    parts["test"] = [number for number in train if _hash(names[number]) % 100 >= 90]
    _fill_empty(parts, names)
    kept = f"{len(parts['test']):,} of its {len(train):,} train images are kept for the test"
    return Parts(**parts, outside=outside, notes=(f"{folder}: has no test folder; {kept}",))


def _top(name: str) -> str:
    """The first folder on the way, in small letters; nothing for a file that lies in none."""
    return name.split("/", 1)[0].lower() if "/" in name else ""


def _hash(name: str) -> int:
    # Normalised, since one file system spells "é" as one character and another as two.
    plain = unicodedata.normalize("NFC", name)
    return int.from_bytes(hashlib.sha256(plain.encode("utf-8", "surrogateescape")).digest()[:8], "big")


def _fill_empty(parts: dict[str, list[int]], names: Sequence[str]) -> bool:
    """Gives an empty train or test part the image with the lowest or highest hash of the others."""
    moved = False
    for empty, choose in (("train", min), ("test", max)):
        if parts[empty]:
            continue
        others = [part for part in ("validation", "train", "test") if part != empty and parts[part]]
        giver = max(others, key=lambda part: len(parts[part])) if others else None
        if giver is None or (giver != "validation" and len(parts[giver]) < 2):
            continue
        chosen = choose(parts[giver], key=lambda number: _hash(names[number]))
        parts[giver].remove(chosen)
        parts[empty].append(chosen)
        moved = True
    return moved
