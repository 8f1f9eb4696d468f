"""Images cut into blocks, and which block stands for a latent that is a grid, or for one that is none."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray

from diabolo.errors import DiaboloError

MOST_VALUES = 1024
"""The largest block that is chosen where the latent is no grid, in pixel values with their channels."""


def choose_block(
    image_shape: tuple[int, int, int], latent_shape: Sequence[int], *, most_values: int = MOST_VALUES
) -> tuple[int, int] | None:
    """The block of pixels that stands for a place of the latent.

    For a latent of (h, w, channels) whose grid divides the image, the block of pixels behind each place. Otherwise the
    largest block that divides the image, smaller than it and of at most `most_values` values, of which the latent
    can keep as many numbers in each; blocks that use up the latent come first.

    Args:
        image_shape: (height, width, channels).
        latent_shape: (h, w, channels), or any other shape.
        most_values: see above.

    Returns:
        Height and width of a block; None where no block will do. It is never the whole image.
    """
    height, width, channels = image_shape
    if len(latent_shape) == 3:
        rows, columns = latent_shape[:2]
        if rows * columns > 1 and height % rows == 0 and width % columns == 0:
            return height // rows, width // columns
    values = int(np.prod(latent_shape, dtype=np.int64))
    found = [
        (high, wide)
        for high in _divisors(height)
        for wide in _divisors(width)
        if high * wide < height * width
        and high * wide * channels <= most_values
        and height * width // (high * wide) <= values
    ]
    if not found:
        return None

    def fitness(block: tuple[int, int]) -> tuple[bool, int, int]:
        high, wide = block
        num_blocks = height * width // (high * wide)
        return values % num_blocks == 0, high * wide, -abs(high - wide)

    return max(found, key=fitness)


def check_block(block: tuple[int, int], image_shape: tuple[int, int, int]) -> None:
    """Raises `DiaboloError` where a block does not divide the image."""
    height, width, _ = image_shape
    if len(block) != 2 or any(isinstance(side, bool) or not isinstance(side, int) or side < 1 for side in block):
        raise DiaboloError(f"`block` (={block!r}) must be two whole numbers from 1, height and width")
    if height % block[0] or width % block[1]:
        raise DiaboloError(
            f"`block` (={block[0]}×{block[1]}) does not divide images of {height}×{width}; choose sides that do"
        )


def to_blocks(images: NDArray, block: tuple[int, int]) -> NDArray:
    """(n, H, W, C) as rows of blocks, (n · H/h · W/w, h · w · C), image by image and row by row."""
    num_images, height, width, channels = images.shape
    high, wide = block
    grid = images.reshape(num_images, height // high, high, width // wide, wide, channels)
    return grid.transpose(0, 1, 3, 2, 4, 5).reshape(-1, high * wide * channels)


def from_blocks(rows: NDArray, block: tuple[int, int], image_shape: tuple[int, int, int]) -> NDArray:
    """The inverse of `to_blocks`: (n, H, W, C)."""
    height, width, channels = image_shape
    high, wide = block
    grid = rows.reshape(-1, height // high, width // wide, high, wide, channels)
    return grid.transpose(0, 1, 3, 2, 4, 5).reshape(-1, height, width, channels)


def _divisors(number: int) -> list[int]:
    return [candidate for candidate in range(1, number + 1) if number % candidate == 0]
