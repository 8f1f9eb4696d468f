"""Which block stands for a latent, and images as blocks."""

import numpy as np
import pytest
from reference_builders import smooth_images

from diabolo.errors import DiaboloError
from diabolo.references import choose_block
from diabolo.references.blocks import check_block, from_blocks, to_blocks


@pytest.mark.parametrize(
    ("image", "latent", "block"),
    [
        ((32, 32, 3), (8, 8, 16), (4, 4)),
        ((32, 32, 3), (4, 8, 16), (8, 4)),
        ((28, 28, 1), (7, 7, 4), (4, 4)),
        ((32, 32, 3), (32, 32, 2), (1, 1)),
        ((32, 32, 3), (1024,), (16, 16)),  # no grid: the largest that divides
        ((32, 32, 3), (1, 1, 128), (16, 16)),  # a grid of one place is none
        ((32, 32, 3), (3, 3, 16), (16, 16)),  # a grid that does not divide
        ((32, 32, 3), (100,), (16, 16)),  # four blocks of 25
        ((32, 32, 3), (2,), None),  # two blocks would be too large
        ((32, 32, 1), (2,), (16, 32)),
        ((29, 31, 1), (40,), (1, 31)),  # primes: 29 blocks
        ((29, 31, 1), (3,), None),
        ((1, 1, 3), (3,), None),
    ],
)
def test_choice(image: tuple[int, int, int], latent: tuple[int, ...], block: tuple[int, int] | None) -> None:
    assert choose_block(image, latent) == block


def test_a_block_that_uses_the_latent_up_comes_first() -> None:
    """Six values: four blocks would leave two of them, two blocks none."""
    assert choose_block((4, 4, 1), (6,)) == (2, 4)


def test_blocks_are_cut_and_put_together_again() -> None:
    images = smooth_images(3, 6, 8, 3)
    rows = to_blocks(images, (2, 4))
    assert rows.shape == (3 * 3 * 2, 24)
    np.testing.assert_array_equal(rows[3], images[0, 2:4, 4:8].reshape(-1))
    np.testing.assert_array_equal(from_blocks(rows, (2, 4), (6, 8, 3)), images)


@pytest.mark.parametrize(
    ("block", "message"),
    [
        ((3, 4), "`block` (=3×4) does not divide images of 32×32; choose sides that do"),
        ((0, 4), "`block` (=(0, 4)) must be two whole numbers from 1, height and width"),
        ((4.0, 4), "`block` (=(4.0, 4)) must be two whole numbers from 1, height and width"),
        ((4,), "`block` (=(4,)) must be two whole numbers from 1, height and width"),
    ],
)
def test_a_wrong_block_is_refused(block: tuple[int, int], message: str) -> None:
    with pytest.raises(DiaboloError) as error:
        check_block(block, (32, 32, 3))
    assert str(error.value) == message
