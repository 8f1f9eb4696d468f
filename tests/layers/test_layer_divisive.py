"""GDN against its equation in float64 by loops, its inverse, its bounds, and its gradient."""

import numpy as np
import pytest
import torch

from diabolo.layers.divisive import DivisiveNorm

torch.set_num_threads(1)


def drawn(channels: int, *, inverse: bool = False, seed: int = 0) -> DivisiveNorm:
    """A layer in float64 with random β in 0.5..2 and γ in 0..1."""
    layer = DivisiveNorm(channels, inverse=inverse).double()
    random = np.random.default_rng(seed)
    with torch.no_grad():
        layer.root_beta.copy_(torch.from_numpy(random.uniform(0.5, 2, channels)).sqrt())
        layer.root_gamma.copy_(torch.from_numpy(random.uniform(0, 1, (channels, channels))).sqrt())
    return layer


def by_loops(x: np.ndarray, beta: np.ndarray, gamma: np.ndarray) -> np.ndarray:
    """√(β_i + Σ_j γ_ij x_j²) of rows (batch, channels)."""
    norms = np.empty_like(x)
    for row in range(len(x)):
        for i in range(x.shape[1]):
            norms[row, i] = np.sqrt(beta[i] + sum(gamma[i, j] * x[row, j] ** 2 for j in range(x.shape[1])))
    return norms


@pytest.mark.parametrize("inverse", [False, True])
def test_the_equation(inverse: bool) -> None:
    layer = drawn(5, inverse=inverse)
    x = np.random.default_rng(1).normal(size=(4, 5, 3, 2)) * 2
    rows = x.transpose(0, 2, 3, 1).reshape(-1, 5)
    norms = by_loops(rows, layer.beta.detach().numpy(), layer.gamma.detach().numpy())
    wanted = rows * norms if inverse else rows / norms
    result = layer(torch.from_numpy(x)).detach().numpy().transpose(0, 2, 3, 1).reshape(-1, 5)
    np.testing.assert_allclose(result, wanted, rtol=1e-12)
    flat = layer(torch.from_numpy(rows)).detach().numpy()
    np.testing.assert_allclose(flat, wanted, rtol=1e-12)


def test_it_starts_as_the_paper_says() -> None:
    layer = DivisiveNorm(6, inverse=False)
    torch.testing.assert_close(layer.beta, torch.ones(6), rtol=1e-6, atol=0)
    torch.testing.assert_close(layer.gamma, 0.1 * torch.eye(6), rtol=1e-5, atol=1e-9)


@pytest.mark.parametrize("inverse", [False, True])
def test_gradients(inverse: bool) -> None:
    layer = drawn(4, inverse=inverse)
    x = torch.randn(2, 4, 2, 2, dtype=torch.float64, generator=torch.Generator().manual_seed(0), requires_grad=True)
    assert torch.autograd.gradcheck(lambda x, beta, gamma: _with(layer, x, beta, gamma), (x, *layer.parameters()))


def _with(layer: DivisiveNorm, x: torch.Tensor, beta: torch.Tensor, gamma: torch.Tensor) -> torch.Tensor:
    return torch.func.functional_call(layer, {"root_beta": beta, "root_gamma": gamma}, (x,))


def test_the_norm_stays_positive_and_finds_its_way_back() -> None:
    """Steps that push far below the bounds, then a gradient that leads up again."""
    layer = DivisiveNorm(3, inverse=False)
    with torch.no_grad():
        layer.root_beta.fill_(-5)
        layer.root_gamma.fill_(-5)
    assert bool((layer.beta >= 0.99e-6).all())
    assert bool((layer.gamma >= 0).all())
    x = torch.randn(8, 3, 2, 2, generator=torch.Generator().manual_seed(0))
    assert bool(torch.isfinite(layer(x)).all())
    layer(x).square().sum().backward()  # smaller outputs: larger β and γ
    assert bool((layer.root_beta.grad < 0).all())
    layer.zero_grad()
    (-layer(x).square().sum()).backward()  # larger outputs would push them further down
    assert not layer.root_beta.grad.any()
    assert not layer.root_gamma.grad.any()


def test_bfloat16_is_computed_in_float32() -> None:
    layer = DivisiveNorm(8, inverse=False)
    x = torch.randn(4, 8, 4, 4).bfloat16()
    with torch.autocast("cpu", torch.bfloat16):
        result = layer(x)
    assert result.dtype == torch.bfloat16
    torch.testing.assert_close(result, layer(x.float()).bfloat16(), rtol=0, atol=0)


def test_it_makes_the_scale_of_its_input_matter_less() -> None:
    """What it is for: a response that saturates, as the contrast gain control of the visual system."""
    layer = DivisiveNorm(4, inverse=False)
    x = torch.randn(64, 4, generator=torch.Generator().manual_seed(0))
    quiet, loud = layer(x).abs().mean(), layer(100 * x).abs().mean()
    assert loud < 6 * quiet
