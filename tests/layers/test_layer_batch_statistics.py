"""Batch statistics summed in pieces, against float64 and against torch's own operation."""

import pytest
import torch
import torch.nn.functional as F
from torch import Tensor

from diabolo.layers.batch_statistics import normalise_batch

torch.set_num_threads(1)
EPS = 1e-3


def _batch(*shape: int, seed: int) -> Tensor:
    generator = torch.Generator().manual_seed(seed)
    offset = torch.randn(1, shape[1], 1, 1, generator=generator)
    images = (torch.randn(shape, generator=generator) + offset).relu()
    return images.to(memory_format=torch.channels_last)


def _gradient(*shape: int) -> Tensor:
    noise = torch.randn(shape, generator=torch.Generator().manual_seed(2))
    return noise.to(memory_format=torch.channels_last)


def _reference(x: Tensor, weight: Tensor, bias: Tensor, gradient: Tensor) -> tuple[Tensor, ...]:
    """y, mean, variance and the gradients of x, weight and bias, in float64 and NCHW memory."""
    x, weight, bias = (tensor.detach().double().contiguous().requires_grad_() for tensor in (x, weight, bias))
    mean, variance = x.mean((0, 2, 3)), x.var((0, 2, 3), correction=0)
    scale = weight / torch.sqrt(variance + EPS)
    y = (x - mean[:, None, None]) * scale[:, None, None] + bias[:, None, None]
    return (y, mean, variance, *torch.autograd.grad(y, (x, weight, bias), gradient.double()))


@pytest.mark.parametrize("shape", [(500, 8, 32, 32), (3, 5, 7, 9), (1000, 16, 2, 2), (2, 3, 1, 1), (1, 4, 200, 300)])
def test_right_to_the_last_digits(shape: tuple[int, ...]) -> None:
    x, gradient = _batch(*shape, seed=1).requires_grad_(), _gradient(*shape)
    weight = torch.linspace(-1, 2, shape[1]).requires_grad_()
    bias = torch.linspace(0.5, -0.5, shape[1]).requires_grad_()
    y, mean, variance = normalise_batch(x, weight, bias, EPS)
    found = (y, mean, variance, *torch.autograd.grad(y, (x, weight, bias), gradient))
    # Of the largest value. torch's own operation is wrong by 1e-3 at the first shape. The backward pass is torch's,
    # with plain float32 sums, which do no harm to gradients of either sign (seen: 2e-5).
    for name, result, wanted in zip(
        ("y", "mean", "variance", "dx", "dγ", "dβ"), found, _reference(x, weight, bias, gradient), strict=True
    ):
        error = (result.double() - wanted).abs().max() / wanted.abs().max().clamp(min=1e-2)
        assert error < (1e-4 if name.startswith("d") else 1e-5), name


def test_statistics_carry_no_gradient_and_y_is_channels_last() -> None:
    y, mean, variance = normalise_batch(_batch(4, 3, 8, 8, seed=3).requires_grad_(), torch.ones(3), torch.zeros(3), EPS)
    assert y.requires_grad
    assert not mean.requires_grad
    assert not variance.requires_grad
    assert y.is_contiguous(memory_format=torch.channels_last)


def test_gradient_of_the_gradient_is_that_of_torch() -> None:
    x = _batch(4, 3, 5, 5, seed=4).requires_grad_()
    weight, bias = torch.tensor([0.5, -1.0, 2.0]).requires_grad_(), torch.zeros(3).requires_grad_()

    def penalty(y: Tensor) -> Tensor:
        (gradient,) = torch.autograd.grad(y.pow(3).sum(), x, create_graph=True)
        return gradient.square().sum()

    wanted = torch.autograd.grad(penalty(F.batch_norm(x, None, None, weight, bias, True, 0.0, EPS)), (x, weight))
    found = torch.autograd.grad(penalty(normalise_batch(x, weight, bias, EPS)[0]), (x, weight))
    for result, expected in zip(found, wanted, strict=True):
        torch.testing.assert_close(result, expected, rtol=1e-3, atol=1e-3 * float(expected.detach().abs().max()))


@pytest.mark.parametrize("needed", [(True, False, False), (False, True, True), (False, False, True)])
def test_only_the_gradients_that_are_needed(needed: tuple[bool, bool, bool]) -> None:
    tensors = [_batch(4, 3, 5, 5, seed=5), torch.ones(3), torch.zeros(3)]
    for tensor, need in zip(tensors, needed, strict=True):
        tensor.requires_grad_(need)
    normalise_batch(tensors[0], tensors[1], tensors[2], EPS)[0].square().sum().backward()
    assert tuple(tensor.grad is not None for tensor in tensors) == needed
