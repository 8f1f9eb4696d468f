"""A folder of images, nested or not, as a data set: which files, which part each belongs to, and at which size."""

import hashlib
import os
import unicodedata
from collections import Counter
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from diabolo.data.dataset import Dataset, Progress, Report, Skipped, make_dataset
from diabolo.data.images import FIT_HELP, ImageHeader, UnreadableImageError, fit_image, read_header, read_image
from diabolo.errors import DataError

_PART_NAMES = {"train": "train", "val": "validation", "validation": "validation", "valid": "validation", "test": "test"}
_NUM_SHOWN = 5  # sizes or files listed in a message


@dataclass(frozen=True, kw_only=True)
class _File:
    name: str  # path relative to the folder, with slashes
    path: Path
    header: ImageHeader


def load_folder(
    folder: Path,
    *,
    size: tuple[int, int] | None = None,
    fit: str | None = None,
    channels: int | None = None,
    report: Report | None = None,
) -> Dataset:
    """Loads a folder of images.

    Subfolders `train`, `val` (or `validation`, `valid`) and `test` are used as parts where there is a `train`.
    Otherwise each image goes to train, validation or test (80/10/10) by a hash of its relative path, so that adding
    images never moves those that are there. Names that start with a dot are not looked at.

    Args:
        folder: holds image files in any common format, at any depth.
        size: (height, width) in pixels that every image is fitted to; may be None where all have one size.
        fit: "crop", "pad" or "stretch"; may be None where the proportions agree with `size`.
        channels: 1 or 3; None means 3 unless all images are grey.
        report: told of every hundredth image.

    Raises:
        DataError: no image in it, differing sizes without `size`, or more than fits in memory.
    """
    files, skipped = _scan(folder, report)
    parts, names_notes, outside = _parts_of(folder, files)
    skipped.extend(outside)
    kept = [file for part in parts.values() for file in part]
    channels = channels or (1 if all(file.header.is_grey for file in kept) else 3)
    size = _common_size(folder, kept, size, fit)
    _check_memory(folder, len(kept), size, channels)

    arrays: dict[str, np.ndarray] = {}
    names: dict[str, tuple[str, ...]] = {}
    done = 0
    for part, members in parts.items():
        images = np.empty((len(members), *size, channels), np.uint8)
        good: list[str] = []
        for file in members:
            done += 1
            if report is not None and (done % 100 == 0 or done == len(kept)):
                report(Progress(stage=f"reading {folder.name}", done=done, total=len(kept), unit="images"))
            try:
                image = read_image(file.path, channels)
            except UnreadableImageError as error:
                skipped.append(Skipped(path=file.path, reason=str(error)))
                continue
            images[len(good)] = fit_image(image, size, fit, name=str(file.path))
            good.append(file.name)
        arrays[part], names[part] = images[: len(good)], tuple(good)
    for part in ("train", "test"):
        if not names[part]:
            raise DataError(
                f"`{folder}`: no image for the {part} part could be read{_listing(skipped)}; "
                "add images, or mend those that are broken"
            )
    notes = list(names_notes)
    if skipped:
        notes.append(
            f"{folder.name}: {len(skipped):,} of {len(skipped) + _num(names):,} files skipped{_listing(skipped)}"
        )
    return make_dataset(
        name=folder.resolve().name,
        source=str(folder),
        train=arrays["train"],
        test=arrays["test"],
        validation=arrays["validation"] if names["validation"] else None,
        train_names=names["train"],
        test_names=names["test"],
        skipped=tuple(sorted(skipped, key=lambda item: str(item.path))),
        notes=tuple(notes),
    )


def part_by_hash(name: str) -> str:
    """ "train" (80 of 100), "validation" (10) or "test" (10), from nothing but the relative path."""
    bucket = _hash(name) % 100
    return "train" if bucket < 80 else "validation" if bucket < 90 else "test"


def _hash(name: str) -> int:
    # Normalised, since one file system spells "é" as one character and another as two.
    plain = unicodedata.normalize("NFC", name)
    return int.from_bytes(hashlib.sha256(plain.encode("utf-8", "surrogateescape")).digest()[:8], "big")


def _scan(folder: Path, report: Report | None) -> tuple[list[_File], list[Skipped]]:
    """All images below the folder, in the order of their names, and the files that are none."""
    files: list[_File] = []
    skipped: list[Skipped] = []
    for number, path in enumerate(_walk(folder)):
        if report is not None and number % 500 == 499:
            report(Progress(stage=f"looking through {folder.name}", done=number + 1, total=None, unit="files"))
        try:
            header = read_header(path)
        except UnreadableImageError as error:
            skipped.append(Skipped(path=path, reason=str(error)))
        else:
            files.append(_File(name=path.relative_to(folder).as_posix(), path=path, header=header))
    if len(files) < 2:
        what = (
            "holds no image that can be read" if not files else "holds only one image; a train and a test part need two"
        )
        raise DataError(
            f"`{folder}` {what}{_listing(skipped)}; put images (PNG, JPEG, WebP, …) in it or in folders below it"
        )
    return files, skipped


def _walk(folder: Path) -> Iterator[Path]:
    def complain(error: OSError) -> None:
        raise DataError(f"`{error.filename}` cannot be read ({error.strerror}); change its permissions") from error

    for root, folders, names in os.walk(folder, onerror=complain):
        folders[:] = sorted(name for name in folders if not name.startswith("."))
        for name in sorted(names):
            if not name.startswith("."):
                yield Path(root, name)


def _parts_of(folder: Path, files: list[_File]) -> tuple[dict[str, list[_File]], list[str], list[Skipped]]:
    """The files of each part, lines to show, and images that belong to no part."""
    parts: dict[str, list[_File]] = {"train": [], "validation": [], "test": []}
    tops = {file.name.split("/")[0] for file in files if "/" in file.name}
    if not any(_PART_NAMES.get(top.lower()) == "train" for top in tops):
        for file in files:
            parts[part_by_hash(file.name)].append(file)
        moved = _fill_empty(parts)
        counts = ", ".join(f"{len(members):,} {part}" for part, members in parts.items())
        few = " (too few images for 80/10/10: adding some may move others)" if moved else ""
        return parts, [f"{folder.name}: split by a hash of the file names into {counts}{few}"], []
    outside: list[Skipped] = []
    for file in files:
        top = file.name.split("/")[0] if "/" in file.name else ""
        part = _PART_NAMES.get(top.lower())
        if part is None:
            outside.append(Skipped(path=file.path, reason="outside the folders train, val and test"))
        else:
            parts[part].append(file)
    if parts["test"]:
        return parts, [], outside
    train = parts["train"]
    parts["train"] = [file for file in train if _hash(file.name) % 100 < 90]
    parts["test"] = [file for file in train if _hash(file.name) % 100 >= 90]
    _fill_empty(parts)
    kept = f"{len(parts['test']):,} of its {len(train):,} train images are kept for the test"
    note = f"{folder.name}: has no test folder; {kept}"
    return parts, [note], outside


def _fill_empty(parts: dict[str, list[_File]]) -> bool:
    """Gives an empty train or test part the image with the lowest or highest hash of the others."""
    moved = False
    for empty, choose in (("train", min), ("test", max)):
        if parts[empty]:
            continue
        others = [part for part in ("validation", "train", "test") if part != empty and parts[part]]
        giver = max(others, key=lambda part: len(parts[part])) if others else None
        if giver is None or (giver != "validation" and len(parts[giver]) < 2):
            continue
        chosen = choose(parts[giver], key=lambda file: _hash(file.name))
        parts[giver].remove(chosen)
        parts[empty].append(chosen)
        moved = True
    return moved


def _common_size(folder: Path, files: list[_File], size: tuple[int, int] | None, fit: str | None) -> tuple[int, int]:
    sizes = Counter((file.header.height, file.header.width) for file in files)
    if size is None and len(sizes) == 1:
        return next(iter(sizes))
    seen = ", ".join(f"{height}×{width} ({count:,})" for (height, width), count in sizes.most_common(_NUM_SHOWN))
    more = f" and {len(sizes) - _NUM_SHOWN:,} other sizes" if len(sizes) > _NUM_SHOWN else ""
    if size is None:
        raise DataError(
            f"`{folder}`: the images differ in size; height×width (how many): {seen}{more}. "
            f"Say which size all shall have with `size`, and how they shall fit with `fit`: {FIT_HELP}"
        )
    if fit is None and any(height * size[1] != width * size[0] for height, width in sizes):
        raise DataError(
            f"`{folder}`: some images have other proportions than `size` (={size[0]}×{size[1]}): {seen}{more}. "
            f"Say how they shall fit with `fit`: {FIT_HELP}"
        )
    return size


def _check_memory(folder: Path, num_images: int, size: tuple[int, int], channels: int) -> None:
    needed = num_images * size[0] * size[1] * channels
    try:
        memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES")
    except (AttributeError, ValueError, OSError):  # a system that does not tell
        return
    if needed > 0.7 * memory:
        raise DataError(
            f"`{folder}`: {num_images:,} images of {size[0]}×{size[1]}×{channels} need {needed / 2**30:.1f} GiB of "
            f"memory and this machine has {memory / 2**30:.1f}; choose a smaller `size`, or fewer images"
        )


def _num(names: dict[str, tuple[str, ...]]) -> int:
    return sum(len(members) for members in names.values())


def _listing(skipped: list[Skipped]) -> str:
    """ " (a.txt: not an image; …)": the first few skipped files."""
    if not skipped:
        return ""
    shown = "; ".join(f"{item.path.name}: {item.reason}" for item in skipped[:_NUM_SHOWN])
    more = f"; and {len(skipped) - _NUM_SHOWN:,} more" if len(skipped) > _NUM_SHOWN else ""
    return f" ({shown}{more})"
