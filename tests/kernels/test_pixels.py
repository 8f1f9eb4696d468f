"""Binary cross-entropy and batches by index in the native library, against torch."""

import numpy as np
import pytest
import torch
import torch.nn.functional as F

from diabolo.kernels import binary_cross_entropy_with_logits, gather_images


@pytest.mark.parametrize("scale", [1e-3, 1.0, 10.0, 1000.0])
@pytest.mark.parametrize("shape", [(13, 3, 9, 11), (1, 1, 1, 1), (5, 3, 32, 32)])
def test_loss_and_gradient(scale, shape, instruction_set):
    draw = torch.Generator().manual_seed(7)
    logits = (torch.randn(shape, generator=draw) * scale).requires_grad_()
    images = torch.rand(shape, generator=draw)
    loss = binary_cross_entropy_with_logits(logits, images)
    (gradient,) = torch.autograd.grad(loss * 3, logits)
    exact = logits.detach().double().requires_grad_()
    wanted = F.binary_cross_entropy_with_logits(exact, images.double())
    (wanted_gradient,) = torch.autograd.grad(wanted * 3, exact)
    assert abs(loss.item() - wanted.item()) < 1e-6 * wanted.item()
    assert (gradient - wanted_gradient).abs().max() < 1e-6 * wanted_gradient.abs().max()
    assert type(loss.grad_fn).__name__ == "_CrossEntropyBackward"


@pytest.mark.parametrize("logit", [-80.0, -20.0, -5.0, 5.0, 20.0, 80.0])
def test_small_losses_keep_their_digits(logit, instruction_set):
    loss = binary_cross_entropy_with_logits(torch.full((64,), logit), torch.full((64,), float(logit > 0)))
    wanted = np.log1p(np.exp(-abs(logit)))
    assert abs(loss.item() - wanted) < 1e-6 * wanted


def test_not_a_number_stays_one(instruction_set):
    logits = torch.tensor([float("nan"), 1.0] * 8, requires_grad=True)
    loss = binary_cross_entropy_with_logits(logits, torch.zeros(16))
    (gradient,) = torch.autograd.grad(loss, logits)
    assert loss.isnan()
    assert torch.equal(gradient.isnan(), logits.isnan())


def test_what_the_library_does_not_know_goes_to_torch():
    logits, images = torch.randn(2, 3, 4, 4, requires_grad=True), torch.rand(2, 3, 4, 4)
    for a, b in (
        (logits.double(), images.double()),
        (logits, images.contiguous(memory_format=torch.channels_last)),
        (logits, images.clone().requires_grad_()),
    ):
        assert torch.equal(binary_cross_entropy_with_logits(a, b), F.binary_cross_entropy_with_logits(a, b))


def test_gradient_of_a_gradient_of_the_loss():
    logits, images = torch.randn(6, dtype=torch.float32, requires_grad=True), torch.rand(6)
    second = []
    for function in (binary_cross_entropy_with_logits, F.binary_cross_entropy_with_logits):
        (first,) = torch.autograd.grad(function(logits, images), logits, create_graph=True)
        second.append(torch.autograd.grad(first.square().sum(), logits)[0])
    torch.testing.assert_close(*second)


@pytest.mark.parametrize("shape", [(50, 7, 5, 3), (40, 1, 1, 1), (9, 32, 32, 3)])
def test_batches_by_index_have_the_bits_of_the_division(shape, instruction_set):
    images = np.random.default_rng(0).integers(0, 256, shape, dtype=np.uint8)
    images.reshape(-1)[:256] = np.arange(256)[: images.size]
    indices = np.array([3, 0, len(images) - 1, 3])
    got = gather_images(images, indices)
    assert torch.equal(got, torch.from_numpy(images[indices]).float().div_(255.0).permute(0, 3, 1, 2))
    assert got.is_contiguous(memory_format=torch.channels_last)


def test_an_index_outside_is_an_error_and_other_arrays_are_left_alone(instruction_set):
    images = np.zeros((4, 2, 2, 3), dtype=np.uint8)
    for index in (-1, 4):
        with pytest.raises(IndexError, match="from 0 to 3"):
            gather_images(images, np.array([0, index]))
    assert gather_images(images[:, ::-1], np.array([0])) is None
    assert gather_images(images.astype(np.float32), np.array([0])) is None
    assert gather_images(images, np.array([], dtype=np.int64)).shape == (0, 3, 2, 2)
