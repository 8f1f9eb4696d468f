"""MSE and PSNR against float64 numpy and scikit-image, at fresh random images."""

import math

import numpy as np
import pytest
import torch
from skimage.metrics import peak_signal_noise_ratio

from diabolo.metrics import MAX_PSNR_DB, mean_squared_error, peak_signal_to_noise


@pytest.mark.parametrize("shape", [(130, 3, 32, 32), (1, 1, 5, 7), (2, 3, 400, 401)])
@pytest.mark.parametrize("order", [torch.contiguous_format, torch.channels_last])
def test_mean_squared_error(shape, order):
    images = torch.rand(shape).contiguous(memory_format=order)
    reconstructions = torch.rand(shape).contiguous(memory_format=order)
    found = mean_squared_error(reconstructions, images)
    expected = ((reconstructions.double() - images.double()) ** 2).mean((1, 2, 3))
    assert found.dtype == torch.float32
    # float32 with pairwise sums: a few units in the seventh digit.
    np.testing.assert_allclose(found.numpy(), expected.numpy(), rtol=1e-5)


def test_reduced_precision_inputs_are_widened_first():
    images, reconstructions = torch.rand(2, 3, 8, 8).bfloat16(), torch.rand(2, 3, 8, 8).bfloat16()
    expected = ((reconstructions.double() - images.double()) ** 2).mean((1, 2, 3))
    np.testing.assert_allclose(mean_squared_error(reconstructions, images).numpy(), expected.numpy(), rtol=1e-5)


def test_inputs_stay_as_they_are():
    images, reconstructions = torch.rand(2, 3, 8, 8), torch.rand(2, 3, 8, 8)
    copies = images.clone(), reconstructions.clone()
    mean_squared_error(reconstructions, images)
    assert torch.equal(images, copies[0])
    assert torch.equal(reconstructions, copies[1])


def test_peak_signal_to_noise():
    images, reconstructions = torch.rand(5, 3, 16, 16), torch.rand(5, 3, 16, 16)
    found = peak_signal_to_noise(mean_squared_error(reconstructions, images))
    expected = [
        peak_signal_noise_ratio(image.double().numpy(), rebuilt.double().numpy(), data_range=1)
        for rebuilt, image in zip(reconstructions, images, strict=True)
    ]
    np.testing.assert_allclose(found.numpy(), expected, atol=1e-4)  # dB; 1e-5 of the error is 4e-5 dB


def test_exact_copy_and_nan():
    found = peak_signal_to_noise(torch.tensor([0.0, 1e-12, 1.0, float("nan")]))
    assert found[:3].tolist() == pytest.approx([MAX_PSNR_DB, MAX_PSNR_DB, 0.0], abs=1e-4)
    assert math.isnan(found[3])


def test_empty_batch():
    assert mean_squared_error(torch.empty(0, 3, 4, 4), torch.empty(0, 3, 4, 4)).shape == (0,)
