"""What layers promise beside being Keras's: padding, up-sampling at any size, adjoints, BN in bf16, noise."""

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from diabolo.errors import DiaboloError
from diabolo.layers.convolution import Deconv, same_padding
from diabolo.layers.normalisation import BatchNorm
from diabolo.layers.regularisation import GaussianNoise
from diabolo.layers.sampling import Upsample

torch.set_num_threads(1)  # small tensors: two threads mostly wait for each other


@settings(max_examples=200, deadline=None)
@given(side=st.integers(1, 100), span=st.integers(1, 20), stride=st.integers(1, 9))
def test_same_padding_gives_the_promised_size_with_the_odd_one_after(side: int, span: int, stride: int) -> None:
    before, after = same_padding(side, span, stride)
    assert (side + before + after - span) // stride + 1 == -(-side // stride)
    assert 0 <= after - before <= 1
    if before + after:
        assert (side + before + after - span) % stride == 0


@pytest.mark.parametrize("size", [2, 3, 7, 16, 40, 41, 47, 55, 61, 64])
def test_nearest_upsampling_repeats_pixels_at_every_size(size: int) -> None:
    x = torch.arange(3 * 50.0).reshape(1, 1, 3, 50)
    wanted = x.numpy().repeat(size, axis=2).repeat(size, axis=3)
    assert np.array_equal(Upsample(size, "nearest")(x).numpy(), wanted)


@pytest.mark.parametrize("kernel", [3, 4, 5])
def test_deconv_is_the_adjoint_of_the_same_convolution(kernel: int) -> None:
    """⟨conv(y), x⟩ = ⟨y, deconv(x)⟩ for the convolution with the same kernel, stride and padding."""
    torch.manual_seed(0)
    deconv = Deconv(3, 2, kernel=kernel, stride=2, bias=False).double()
    torch.nn.init.normal_(deconv.weight)
    x, y = torch.randn(1, 3, 5, 5, dtype=torch.float64), torch.randn(1, 2, 10, 10, dtype=torch.float64)
    before, after = same_padding(10, kernel, 2)
    padded = torch.nn.functional.pad(y, (before, after, before, after))
    down = torch.nn.functional.conv2d(padded, deconv.weight, stride=2)
    torch.testing.assert_close((down * x).sum(), (y * deconv(x)).sum())


@pytest.mark.parametrize("shape", [(6, 5, 3, 4), (6, 5)])
def test_batch_norm_follows_numpy(shape: tuple[int, ...]) -> None:
    layer = BatchNorm(5, momentum=0.9, eps=1e-3).double().train()
    generator = np.random.default_rng(0)
    mean, variance = np.zeros(5), np.ones(5)
    axes = (0, 2, 3)[: len(shape) - 1]
    for _ in range(4):
        x = generator.normal(2, 3, shape)
        y = layer(torch.from_numpy(x)).detach().numpy()
        batch_mean, batch_variance = x.mean(axis=axes, keepdims=True), x.var(axis=axes, keepdims=True)
        np.testing.assert_allclose(y, (x - batch_mean) / np.sqrt(batch_variance + 1e-3), atol=1e-12)
        mean = 0.9 * mean + 0.1 * batch_mean.ravel()
        variance = 0.9 * variance + 0.1 * batch_variance.ravel()
    np.testing.assert_allclose(layer.moving_mean.numpy(), mean, atol=1e-12)
    np.testing.assert_allclose(layer.moving_variance.numpy(), variance, atol=1e-12)


def test_batch_norm_in_bf16_autocast_keeps_float32_statistics() -> None:
    torch.manual_seed(0)
    layer, x = BatchNorm(4, momentum=0.9, eps=1e-3).train(), torch.randn(8, 4, 5, 5) + 3
    with torch.autocast("cpu", dtype=torch.bfloat16):
        y = layer(x.bfloat16().requires_grad_())
    assert y.dtype == torch.bfloat16
    assert layer.moving_mean.dtype == torch.float32
    torch.testing.assert_close(layer.moving_mean, 0.1 * x.mean(dim=(0, 2, 3)), rtol=0.01, atol=0)
    y.float().square().sum().backward()
    assert layer.weight.grad.dtype == torch.float32


def test_batch_norm_says_what_to_do_about_a_single_value() -> None:
    layer = BatchNorm(4, momentum=0.9, eps=1e-3)
    with pytest.raises(DiaboloError, match=r"larger batch, or `model\.eval\(\)`"):
        layer.train()(torch.randn(1, 4))
    assert layer.eval()(torch.randn(1, 4)).shape == (1, 4)


def test_noise_has_its_deviation_in_training_and_none_in_evaluation() -> None:
    torch.manual_seed(0)
    layer, x = GaussianNoise(0.25), torch.rand(100_000)
    assert (layer.train()(x) - x).std().item() == pytest.approx(0.25, rel=0.02)
    assert layer.eval()(x) is x
