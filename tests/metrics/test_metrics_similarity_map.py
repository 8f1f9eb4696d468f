"""The SSIM map against scikit-image, borders included."""

import numpy as np
import pytest
import torch
from skimage.metrics import structural_similarity as by_skimage

from diabolo.errors import DataError
from diabolo.metrics import structural_similarity
from diabolo.metrics.similarity_map import structural_similarity_map


@pytest.mark.parametrize("shape", [(32, 32, 3), (11, 40, 1), (150, 131, 3)])  # the last in several tiles
def test_map_is_that_of_scikit_image(shape: tuple[int, int, int]) -> None:
    """Float32 against float64: 2e-5, where variances are small beside the constants."""
    random = np.random.default_rng(sum(shape))
    image = random.random((2, *shape))
    rebuilt = np.clip(image + random.normal(0, 0.1, image.shape), 0, 1)
    pair = [torch.from_numpy(values).float().permute(0, 3, 1, 2) for values in (rebuilt, image)]
    found = structural_similarity_map(*pair).numpy()
    for number in range(2):
        _, expected = by_skimage(
            image[number], rebuilt[number], gaussian_weights=True, sigma=1.5, use_sample_covariance=False,
            data_range=1, channel_axis=-1, full=True,
        )  # fmt: skip
        np.testing.assert_allclose(found[number], expected.mean(-1), atol=2e-5)


def test_inside_it_is_what_the_mean_is_taken_of() -> None:
    images = torch.rand(3, 3, 24, 20)
    rebuilt = (images + 0.1 * torch.randn_like(images)).clamp(0, 1)
    inside = structural_similarity_map(rebuilt, images)[:, 5:-5, 5:-5].mean((1, 2))
    torch.testing.assert_close(inside, structural_similarity(rebuilt, images), atol=1e-5, rtol=0)


@pytest.mark.parametrize("side", [1, 2, 3, 10])
def test_small_images(side: int) -> None:
    images = torch.rand(2, 1, side, side)
    found = structural_similarity_map(images, images)
    assert found.shape == (2, side, side)
    torch.testing.assert_close(found, torch.ones_like(found), atol=1e-5, rtol=0)


def test_no_images_and_what_it_refuses() -> None:
    assert structural_similarity_map(torch.zeros(0, 3, 8, 8), torch.zeros(0, 3, 8, 8)).shape == (0, 8, 8)
    with pytest.raises(DataError):
        structural_similarity_map(torch.zeros(1, 3, 8, 8), torch.zeros(1, 3, 8, 9))
