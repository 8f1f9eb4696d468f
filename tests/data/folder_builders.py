"""Folders of small random images, and what a load of them does."""

import zlib
from pathlib import Path

import numpy as np
from PIL import Image


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
