"""Folders of small random images, and what a load of them does."""

import os
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from diabolo.data import Dataset, folder, load_data
from diabolo.data.folder_cache import list_cached_folders


def save_image(
    path: Path, *, size: tuple[int, int] = (8, 8), mode: str = "RGB", value: int | None = None, seed: int = 0
) -> np.ndarray:
    """Writes an image, height × width, of random pixels or one value; returns its array."""
    path.parent.mkdir(parents=True, exist_ok=True)
    shape = (*size, 3) if mode == "RGB" else size
    draw = np.random.default_rng([zlib.crc32(str(path.name).encode("utf-8", "surrogateescape")), seed])
    pixels = draw.integers(0, 256, shape, dtype=np.uint8) if value is None else np.full(shape, value, np.uint8)
    with path.open("wb") as file:
        Image.fromarray(pixels).save(file, format="PNG")
    return pixels


def save_images(folder: Path, count: int, **options: object) -> dict[str, np.ndarray]:
    """`000.png`, `001.png`… in a folder, by name."""
    return {f"{number:03}.png": save_image(folder / f"{number:03}.png", **options) for number in range(count)}  # type: ignore[arg-type]


def in_memory(source: Path, **options: object) -> Dataset:
    """The data set of a folder without a cache."""
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(folder, "MANY_FILES", 10**9)
        patch.setattr(folder, "MANY_BYTES", 1 << 60)
        return load_data(source, cache_folder=Path("/nowhere"), **options)  # type: ignore[arg-type]


def assert_same(one: Dataset, other: Dataset) -> None:
    """The same images by the same names, with the same files left out."""
    assert one.digest == other.digest
    assert (one.train_names, one.test_names, one.skipped) == (other.train_names, other.test_names, other.skipped)
    for part in ("train", "validation", "test"):
        ours, theirs = getattr(one, part), getattr(other, part)
        assert (ours is None) == (theirs is None)
        if ours is not None:
            assert np.array_equal(ours[:], theirs[:])


def home() -> Path:
    """Where the only cached folder lies."""
    (cached,) = list_cached_folders(Path(os.environ["DIABOLO_CACHE"]))
    return cached.home


def pixels_file() -> Path:
    """The pixels of the only cached folder."""
    (file,) = home().glob("pixels-*.bin")
    return file
