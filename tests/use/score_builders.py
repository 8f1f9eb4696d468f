"""Image folders for the tests of scores: smooth images, and the same with a bright spot."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image


def smooth_image(seed: int, side: int = 16) -> NDArray[np.uint8]:
    """A colour gradient in a random direction, a little noise on it."""
    random = np.random.default_rng(seed)
    rows, columns = np.mgrid[0 : 1 : complex(side), 0 : 1 : complex(side)]
    slope = random.uniform(-60, 60, (2, 3))
    values = 128 + rows[..., None] * slope[0] + columns[..., None] * slope[1] + random.normal(0, 2, (side, side, 3))
    return np.rint(np.clip(values, 0, 255)).astype(np.uint8)


def with_spot(image: NDArray[np.uint8], seed: int) -> tuple[NDArray[np.uint8], NDArray[np.bool_]]:
    """The image with a white square, and where that is."""
    top, left = np.random.default_rng(seed).integers(1, image.shape[0] - 5, 2)
    mask = np.zeros(image.shape[:2], bool)
    mask[top : top + 4, left : left + 4] = True
    return np.where(mask[..., None], np.uint8(255), image), mask


def save(path: Path, pixels: NDArray[np.uint8] | NDArray[np.bool_]) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.uint8(pixels) * 255 if pixels.dtype == bool else pixels).save(path)
    return path


def save_normal(folder: Path, count: int, *, first: int = 0, side: int = 16) -> Path:
    """A folder of so many normal images."""
    for number in range(first, first + count):
        save(folder / f"{number:04}.png", smooth_image(number, side))
    return folder


def save_defects(folder: Path, masks: Path, count: int, *, first: int = 5000, suffix: str = "") -> Path:
    """A folder of so many images with a spot, and one of their masks."""
    for number in range(first, first + count):
        image, mask = with_spot(smooth_image(number), number)
        save(folder / f"{number:04}.png", image)
        save(masks / f"{number:04}{suffix}.png", mask)
    return folder
