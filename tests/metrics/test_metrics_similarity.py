"""SSIM against scikit-image in float64, at fresh random images."""

import numpy as np
import pytest
import torch
from skimage.metrics import structural_similarity as skimage_similarity

from diabolo.errors import DataError
from diabolo.metrics import similarity, structural_similarity

# float32 sums of 121 products near 1 are good to about 1e-7; dividing by C2 = 9e-4 makes that at most about 1e-4 a
# window, and averaging over windows and centring bring it under 1e-5 (seen: 1e-7 on noise, 2e-6 on flat images).
TOLERANCE = 1e-5


def fresh(*shape: int, noise: float = 0.1) -> tuple[torch.Tensor, torch.Tensor]:
    generator = torch.Generator().manual_seed(np.random.default_rng().integers(2**31).item())
    images = torch.rand(shape, generator=generator)
    return (images + noise * torch.randn(shape, generator=generator)).clamp(0, 1), images


def reference(reconstructions: torch.Tensor, images: torch.Tensor, **settings: object) -> np.ndarray:
    options = {"gaussian_weights": True, "sigma": 1.5, "use_sample_covariance": False} | settings
    return np.array(
        [
            skimage_similarity(
                image.permute(1, 2, 0).double().numpy(),
                rebuilt.permute(1, 2, 0).double().numpy(),
                data_range=1,
                channel_axis=-1,
                **options,
            )
            for rebuilt, image in zip(reconstructions, images, strict=True)
        ]
    )


@pytest.mark.parametrize(
    "shape", [(7, 3, 32, 32), (2, 1, 28, 28), (1, 3, 33, 47), (3, 2, 11, 12), (1, 1, 300, 141), (1, 3, 128, 139)]
)
@pytest.mark.parametrize("noise", [0.01, 0.5])
def test_equals_scikit_image(shape, noise):
    reconstructions, images = fresh(*shape, noise=noise)
    found = structural_similarity(reconstructions, images)
    assert found.dtype == torch.float32
    assert found.shape == shape[:1]
    np.testing.assert_allclose(found.numpy(), reference(reconstructions, images), atol=TOLERANCE)


def test_flat_images_where_float32_is_weakest():
    levels = torch.tensor([0.0, 0.2, 0.9, 1.0]).view(4, 1, 1, 1)
    images = levels.expand(4, 3, 32, 32) * torch.ones(4, 3, 32, 32)
    reconstructions = (images + 0.003 * torch.randn(images.shape)).clamp(0, 1)
    found = structural_similarity(reconstructions, images).numpy()
    np.testing.assert_allclose(found, reference(reconstructions, images), atol=TOLERANCE)
    np.testing.assert_allclose(structural_similarity(images, images).numpy(), 1.0, atol=1e-6)


def test_constant_images_have_the_brightness_term_only():
    x, y = torch.full((1, 1, 16, 16), 0.25), torch.full((1, 1, 16, 16), 0.75)
    expected = (2 * 0.25 * 0.75 + 1e-4) / (0.25**2 + 0.75**2 + 1e-4)
    assert structural_similarity(x, y).item() == pytest.approx(expected, abs=1e-6)


def test_memory_order_and_batching_do_not_matter():
    reconstructions, images = fresh(130, 3, 32, 32)  # more than one chunk
    found = structural_similarity(reconstructions, images)
    last = [tensor.contiguous(memory_format=torch.channels_last) for tensor in (reconstructions, images)]
    torch.testing.assert_close(structural_similarity(*last), found, atol=1e-6, rtol=0)
    one = torch.cat([structural_similarity(reconstructions[i : i + 1], images[i : i + 1]) for i in range(130)])
    torch.testing.assert_close(one, found, atol=1e-6, rtol=0)


def test_tiles_give_what_the_whole_image_gives(monkeypatch):
    reconstructions, images = fresh(2, 3, 60, 45)
    whole = structural_similarity(reconstructions, images)
    monkeypatch.setattr(similarity, "_TILE", 16)
    torch.testing.assert_close(structural_similarity(reconstructions, images), whole, atol=1e-6, rtol=0)


@pytest.mark.parametrize(("side", "window"), [(10, 9), (9, 9), (8, 7), (3, 3)])
def test_small_images_take_the_largest_odd_window(side, window):
    reconstructions, images = fresh(4, 3, side, 20)
    expected = by_definition(reconstructions.double().numpy(), images.double().numpy(), window)
    np.testing.assert_allclose(structural_similarity(reconstructions, images).numpy(), expected, atol=TOLERANCE)


def by_definition(x: np.ndarray, y: np.ndarray, window: int) -> np.ndarray:
    """Equation 13 of the paper, window by window with centred moments (scikit-image has no smaller Gaussian)."""
    line = np.exp(-0.5 * ((np.arange(window) - window // 2) / 1.5) ** 2)
    weights = np.outer(line, line) / line.sum() ** 2
    x, y = (np.lib.stride_tricks.sliding_window_view(array, (window, window), axis=(2, 3)) for array in (x, y))
    mean_x, mean_y = ((array * weights).sum((-2, -1), keepdims=True) for array in (x, y))
    covariance = ((x - mean_x) * (y - mean_y) * weights).sum((-2, -1))
    variances = (((x - mean_x) ** 2 + (y - mean_y) ** 2) * weights).sum((-2, -1))
    mean_x, mean_y = mean_x[..., 0, 0], mean_y[..., 0, 0]
    brightness = (2 * mean_x * mean_y + 1e-4) / (mean_x**2 + mean_y**2 + 1e-4)
    return (brightness * (2 * covariance + 9e-4) / (variances + 9e-4)).mean((1, 2, 3))


def test_one_pixel():
    x, y = torch.full((1, 1, 1, 1), 0.5), torch.full((1, 1, 1, 1), 0.4)
    expected = (2 * 0.5 * 0.4 + 1e-4) / (0.5**2 + 0.4**2 + 1e-4)
    assert structural_similarity(x, y).item() == pytest.approx(expected, abs=1e-5)


def test_neither_autocast_nor_reduced_matmul_precision_costs_digits():
    reconstructions, images = fresh(4, 3, 32, 32)
    before = torch.get_float32_matmul_precision()
    try:
        torch.set_float32_matmul_precision("medium")
        with torch.autocast("cpu", dtype=torch.bfloat16):
            found = structural_similarity(reconstructions, images)
        assert torch.get_float32_matmul_precision() == "medium"
    finally:
        torch.set_float32_matmul_precision(before)
    np.testing.assert_allclose(found.numpy(), reference(reconstructions, images), atol=TOLERANCE)


def test_symmetric_and_lower_with_more_noise():
    reconstructions, images = fresh(5, 3, 32, 32)
    there, back = structural_similarity(reconstructions, images), structural_similarity(images, reconstructions)
    torch.testing.assert_close(there, back, atol=1e-5, rtol=0)
    noisier = (images + 0.4 * torch.randn(images.shape)).clamp(0, 1)
    assert (structural_similarity(noisier, images) < there).all()


def test_empty_batch():
    assert structural_similarity(torch.empty(0, 3, 32, 32), torch.empty(0, 3, 32, 32)).shape == (0,)


@pytest.mark.parametrize(
    ("reconstructions", "images", "words"),
    [
        (torch.zeros(1, 3, 8, 8), torch.zeros(1, 3, 8, 9), "must be the same"),
        (torch.zeros(3, 8, 8), torch.zeros(3, 8, 8), "unsqueeze"),
        (torch.zeros(1, 3, 8, 8), torch.zeros(1, 3, 8, 8, dtype=torch.uint8), "divide bytes by 255"),
        (torch.zeros(1, 3, 0, 8), torch.zeros(1, 3, 0, 8), "no pixels"),
    ],
)
def test_refuses_what_cannot_be_compared(reconstructions, images, words):
    with pytest.raises(DataError, match=words):
        structural_similarity(reconstructions, images)
