"""Folders with normal and defect images, and masks of the defects: what belongs together."""

from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path

from diabolo.errors import DataError
from diabolo.printable import printable
from diabolo.use.walk import find_files

GOOD = "good"
"""Name of the folder of normal images."""


@dataclass(frozen=True, kw_only=True)
class Labelled:
    """An image of which is known what it shows."""

    path: Path
    """The file."""
    kind: str
    """`good`, or which defect: the name of its folder."""
    mask: Path | None
    """A picture of its size that is not black where the defect is; None for normal images, and where there is none."""


def labelled_images(folder: Path) -> list[Labelled] | None:
    """The images of a folder that is laid out for evaluation; None for any other folder.

    Two layouts are known. `good/` and `defect/` side by side, with masks in `mask/`. And that of the MVTec data sets:
    `test/good/`, `test/<defect>/`, with masks in `ground_truth/<defect>/`; of it the test images are taken. A mask has
    the name of its image, with or without `_mask`, and any suffix; folders below are kinds of defects in both.

    Raises:
        DataError: there are no images of one kind.
    """
    if (folder / "test" / GOOD).is_dir():
        kinds = sorted(path for path in (folder / "test").iterdir() if path.is_dir() and path.name != GOOD)
        parts = [(path, folder / "ground_truth" / path.name) for path in kinds if not path.name.startswith(".")]
        good = folder / "test" / GOOD
    elif (folder / GOOD).is_dir() and (folder / "defect").is_dir():
        parts, good = [(folder / "defect", folder / "mask")], folder / GOOD
    else:
        return None
    normal = [Labelled(path=path, kind=GOOD, mask=None) for path in find_files([good])]
    defects = [one for path, masks in parts for one in _defects(path, masks)]
    if not defects:
        raise DataError(
            f"`{printable(folder)}` has normal images and none with defects; there is nothing to tell apart"
        )
    return normal + defects


def normal_images(folder: Path) -> Path:
    """Where the normal images of a folder lie: `train/good` or `good` of the known layouts, else the folder itself."""
    if (folder / "train" / GOOD).is_dir():
        return folder / "train" / GOOD
    if (folder / GOOD).is_dir() and (folder / "defect").is_dir():
        return folder / GOOD
    return folder


def _defects(folder: Path, masks: Path) -> Iterator[Labelled]:
    found = {
        _key(path, masks): path for path in (find_files([masks]) if masks.is_dir() and any(masks.iterdir()) else [])
    }
    for path in find_files([folder]) if any(folder.iterdir()) else []:
        inner = path.relative_to(folder)
        kind = inner.parts[0] if len(inner.parts) > 1 else folder.name
        yield Labelled(path=path, kind=kind, mask=found.get(_key(path, folder)))


def _key(path: Path, folder: Path) -> str:
    """The path below a folder without suffix and `_mask`."""
    return path.relative_to(folder).with_suffix("").as_posix().removesuffix("_mask")
