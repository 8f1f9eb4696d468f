"""Metrics over several batches: the same as over one, in float64, of clipped reconstructions."""

import numpy as np
import pytest
import torch

from diabolo.errors import DataError
from diabolo.metrics import ImageMetrics, structural_similarity


def pair(num_images: int = 60) -> tuple[torch.Tensor, torch.Tensor]:
    images = torch.rand(num_images, 3, 16, 12)
    return images + 0.3 * torch.randn(images.shape), images  # leaves [0, 1]


def test_equals_float64_numpy_on_clipped_reconstructions():
    reconstructions, images = pair()
    metrics = ImageMetrics()
    metrics.update(reconstructions, images)
    clipped = reconstructions.clamp(0, 1)
    mse = ((clipped.double() - images.double()) ** 2).mean((1, 2, 3)).numpy()
    values, each = metrics.result(), metrics.per_image()
    assert values.num_images == 60
    assert values.mse == pytest.approx(mse.mean(), rel=1e-6)
    assert values.psnr_db == pytest.approx((-10 * np.log10(mse)).mean(), abs=1e-5)
    assert values.ssim == pytest.approx(structural_similarity(clipped, images).double().mean().item(), abs=1e-7)
    assert each.psnr_db.dtype == np.float64
    np.testing.assert_allclose(each.psnr_db, -10 * np.log10(mse), atol=1e-4)
    assert each.ssim.shape == each.mse.shape == (60,)


def test_mean_of_psnr_is_not_psnr_of_the_mean():
    images = torch.full((2, 1, 4, 4), 0.5)
    reconstructions = images + torch.tensor([0.1, 0.01]).view(2, 1, 1, 1)
    metrics = ImageMetrics()
    metrics.update(reconstructions, images)
    assert metrics.result().psnr_db == pytest.approx((20 + 40) / 2, abs=1e-3)


def test_batches_do_not_matter():
    reconstructions, images = pair()
    whole, parts = ImageMetrics(), ImageMetrics()
    whole.update(reconstructions, images)
    for start, stop in ((0, 1), (1, 24), (24, 24), (24, 60)):
        parts.update(reconstructions[start:stop], images[start:stop])
    for name in ("mse", "psnr_db", "ssim"):
        np.testing.assert_allclose(
            getattr(parts.per_image(), name), getattr(whole.per_image(), name), atol=1e-5, rtol=1e-6
        )
    assert parts.result().mse == pytest.approx(whole.result().mse, rel=1e-7)


def test_exact_copies_keep_the_mean_finite():
    images = torch.rand(3, 1, 12, 12)
    metrics = ImageMetrics()
    metrics.update(images, images)
    values = metrics.result()
    assert (values.mse, values.psnr_db) == (0.0, 100.0)
    assert values.ssim == pytest.approx(1.0, abs=1e-6)


def test_a_diverged_model_shows_as_nan():
    images = torch.rand(2, 1, 12, 12)
    metrics = ImageMetrics()
    metrics.update(torch.full_like(images, float("nan")), images)
    assert np.isnan([metrics.result().mse, metrics.result().psnr_db, metrics.result().ssim]).all()


def test_keeps_no_graph():
    images = torch.rand(2, 1, 12, 12)
    metrics = ImageMetrics()
    metrics.update(images.clone().requires_grad_(), images)
    assert metrics.result().mse == 0.0


@pytest.mark.parametrize("images", [255 * torch.rand(2, 1, 12, 12), torch.randn(2, 1, 12, 12) - 1])
def test_wrong_range_is_refused(images):
    with pytest.raises(DataError, match=r"metrics need pixels in \[0, 1\]"):
        ImageMetrics().update(images, images)


def test_no_images():
    with pytest.raises(DataError, match="call `update`"):
        ImageMetrics().result()
