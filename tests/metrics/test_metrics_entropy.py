"""The floor of binary cross-entropy against torch's own loss."""

import math

import numpy as np
import pytest
import torch

from diabolo.errors import DataError
from diabolo.metrics import pixel_entropy


@pytest.mark.parametrize("shape", [(3, 9, 7, 3), (1, 1, 1, 1), (400, 32, 32, 3)])
def test_is_the_loss_of_a_perfect_copy(shape):
    images = np.random.default_rng().integers(0, 256, shape, dtype=np.uint8)
    targets = torch.from_numpy(images).double() / 255
    expected = torch.nn.functional.binary_cross_entropy(targets, targets).item()
    assert pixel_entropy(images) == pytest.approx(expected, rel=1e-9)


def test_no_other_reconstruction_costs_less():
    images = np.random.default_rng().integers(0, 256, (2, 8, 8, 1), dtype=np.uint8)
    targets = torch.from_numpy(images).double() / 255
    nearby = (targets + 0.01 * torch.randn(targets.shape, dtype=torch.float64)).clamp(1e-6, 1 - 1e-6)
    assert pixel_entropy(images) < torch.nn.functional.binary_cross_entropy(nearby, targets).item()


def test_black_and_white_cost_nothing_and_grey_the_most():
    assert pixel_entropy(np.array([0, 255], dtype=np.uint8)) == 0.0
    assert pixel_entropy(np.full((2, 2), 127, dtype=np.uint8)) == pytest.approx(math.log(2), abs=1e-4)


def test_any_memory_order():
    images = np.random.default_rng().integers(0, 256, (5, 4, 3, 2), dtype=np.uint8)
    assert pixel_entropy(images[:, ::2]) == pixel_entropy(images[:, ::2].copy())
    assert pixel_entropy(images.transpose(3, 1, 0, 2)) == pixel_entropy(images)


@pytest.mark.parametrize(
    ("images", "words"),
    [(np.zeros((1, 2, 2, 1), np.float32), "uint8"), (np.zeros((0, 2, 2, 1), np.uint8), "no pixel")],
)
def test_refuses(images, words):
    with pytest.raises(DataError, match=words):
        pixel_entropy(images)
