"""`sparse`, `topk` and `contractive`: their formulas against plain ones, and what their papers claim, on small data."""

import math

import pytest
import torch
from torch import nn

from diabolo.layers.contractive import ContractivePenalty, jacobian_norms
from diabolo.layers.sparse import SparsePenalty, count_active
from diabolo.layers.top_k import TopK
from diabolo.model import build_model

torch.set_num_threads(1)  # small tensors: two threads mostly wait for each other


@pytest.mark.parametrize("shape", [(4, 5, 3, 2), (4, 5)])
def test_sparse_penalty_is_the_sum_of_absolute_values(shape: tuple[int, ...]) -> None:
    layer, x = SparsePenalty(l1=0.3, num_image_values=48), torch.randn(shape, requires_grad=True)
    assert layer.train()(x) is x
    layer.penalty.backward()
    assert layer.penalty.item() == pytest.approx(0.3 * x.detach().abs().sum().item() / 4 / 48, rel=1e-6)
    torch.testing.assert_close(x.grad, 0.3 * x.detach().sign() / 4 / 48)
    layer.eval()(x)
    assert layer.penalty is None


def _dictionary_data(number: int) -> tuple[torch.Tensor, torch.Tensor]:
    """Sums of 2 of 24 random directions in 16 dimensions: what sparse coding is about."""
    generator = torch.Generator().manual_seed(0)
    atoms = nn.functional.normalize(torch.randn(24, 16, generator=generator), dim=1)
    chosen = torch.rand(number, 24, generator=generator).topk(2, dim=1).indices
    sizes = 0.5 + torch.rand(number, 2, generator=generator)
    return atoms, torch.zeros(number, 24).scatter(1, chosen, sizes) @ atoms


def _train(bottleneck: nn.Module, data: torch.Tensor, steps: int = 1500) -> tuple[nn.Linear, nn.Linear]:
    """A dense autoencoder with unit decoder columns around the bottleneck."""
    torch.manual_seed(1)
    encoder, decoder = nn.Linear(16, 32), nn.Linear(32, 16, bias=False)
    optimiser = torch.optim.Adam([*encoder.parameters(), *decoder.parameters()], lr=5e-3)
    for step in range(steps):
        x = data[torch.arange(256) + 256 * (step % (len(data) // 256))]
        with torch.no_grad():
            decoder.weight.div_(decoder.weight.norm(dim=0, keepdim=True))
        loss = (decoder(bottleneck.train()(encoder(x).relu())) - x).square().mean()
        penalty = getattr(bottleneck, "penalty", None)
        optimiser.zero_grad()
        (loss if penalty is None else loss + penalty).backward()
        optimiser.step()
    return encoder, decoder


@pytest.mark.parametrize("kind", ["sparse", "topk"])
def test_sparse_codes_find_the_directions_that_data_is_made_of(kind: str) -> None:
    """Olshausen & Field 1996, Makhzani & Frey 2013: the decoder's columns become the causes; without sparsity not."""
    atoms, data = _dictionary_data(4096)
    layer = SparsePenalty(l1=0.4, num_image_values=16) if kind == "sparse" else TopK(2, of="position")
    found, active = {}, {}
    for name, bottleneck in (("plain", nn.Identity()), (kind, layer)):
        encoder, decoder = _train(bottleneck, data)
        columns = nn.functional.normalize(decoder.weight.detach(), dim=0)
        found[name] = (atoms @ columns).max(dim=1).values.mean().item()
        active[name] = count_active(bottleneck(encoder(data).relu()))
    assert found[kind] > max(0.85, found["plain"] + 0.15)
    assert active[kind] < 4 < active["plain"] / 2


@pytest.mark.parametrize(("of", "axes"), [("position", (1,)), ("image", (1, 2, 3)), ("channel", (2, 3))])
def test_topk_keeps_the_largest_and_their_gradient(of: str, axes: tuple[int, ...]) -> None:
    torch.manual_seed(2)
    x = torch.randn(3, 6, 4, 5, requires_grad=True)
    z = TopK(4, of=of)(x)
    kept = z != 0
    assert (kept.sum(dim=axes) == 4).all()
    assert torch.equal(z[kept], x[kept])
    smallest = torch.where(kept, x, math.inf).amin(dim=axes)
    largest_lost = torch.where(kept, -math.inf, x).amax(dim=axes)
    assert (smallest > largest_lost).all()
    (gradient,) = torch.autograd.grad(z.sum(), x)
    assert torch.equal(gradient, kept.float())


def test_topk_keeps_exactly_k_of_equal_values() -> None:
    assert TopK(2, of="position")(torch.ones(3, 5)).sum(dim=1).tolist() == [2.0, 2.0, 2.0]


def test_topk_diagnostics_count_what_is_used() -> None:
    x = torch.tensor([[3.0, 2.0, 1.0, 0.0], [3.0, 0.0, 2.0, 1.0]])
    assert TopK(2, of="position").diagnostics(x) == {"active": 2.0, "values": 4, "channels_used": 0.75}


def test_jacobian_norms_are_unbiased_with_the_stated_variance() -> None:
    """A linear encoder z = W x: ‖J‖² = ‖W‖², and the variance of one estimate is 2 Σ (WWᵀ)_ij² over i ≠ j."""
    torch.manual_seed(3)
    weight = torch.randn(4, 6, dtype=torch.float64)
    x = torch.randn(200_000, 6, dtype=torch.float64, requires_grad=True)
    estimates = jacobian_norms(x, x @ weight.T).detach()
    products = weight @ weight.T
    variance = 2 * (products.square().sum() - products.diagonal().square().sum())
    # Five standard errors of the mean; the variance's own relative error is about sqrt(kurtosis / n) < 1 per cent.
    assert estimates.mean().item() == pytest.approx(
        weight.square().sum().item(), abs=5 * math.sqrt(variance.item() / len(x))
    )
    assert estimates.var().item() == pytest.approx(variance.item(), rel=0.03)


def test_contractive_penalty_of_a_line_is_that_of_the_jacobian() -> None:
    """Mean of many passes against the exact Jacobian of torch, for a convolution and a tanh."""
    model = (
        build_model("conv4[k=3 stride=2] tanh contractive[weight=0.7] | up conv3", (4, 4, 3), seed=1).double().train()
    )
    images = torch.rand(1, 3, 4, 4, dtype=torch.float64)
    jacobian = torch.autograd.functional.jacobian(lambda x: model.eval().encode(x), images)
    torch.manual_seed(4)
    model.train()
    penalties = []
    for _ in range(400):
        model(images)
        penalties.append(model.penalty().item())
    exact = 0.7 * jacobian.square().sum().item() / 48
    error = torch.tensor(penalties).std().item() / 20
    assert torch.tensor(penalties).mean().item() == pytest.approx(exact, abs=5 * error)


def test_contractive_penalty_reaches_the_encoder_and_leaves_images_alone() -> None:
    model = build_model("conv4 relu contractive | conv3", (8, 8, 3), engine="auto").train()
    images = torch.rand(2, 3, 8, 8)
    with torch.no_grad():
        model(images)
    assert model.penalty().item() == 0
    model(images)
    model.penalty().backward()
    assert model.layers["conv_1"].weight.grad.abs().sum() > 0
    assert not images.requires_grad
    model.eval()(images)
    assert model.penalty().item() == 0


def test_contractive_training_makes_the_latent_stiff_where_nothing_is_gained() -> None:
    """Rifai et al. 2011: with the penalty the encoder ignores directions that the data does not vary in."""
    generator = torch.Generator().manual_seed(5)
    plane = torch.randn(2, 12, generator=generator)
    data = torch.randn(2048, 2, generator=generator) @ plane
    away = torch.linalg.qr(plane.T, mode="complete").Q[:, 2:]  # directions that no data lies in
    slopes = {}
    for weight in (0.0, 0.1):
        torch.manual_seed(6)
        encoder, decoder = nn.Sequential(nn.Linear(12, 12), nn.Tanh()), nn.Linear(12, 12)
        layer = ContractivePenalty(weight=weight, num_image_values=12)
        optimiser = torch.optim.Adam([*encoder.parameters(), *decoder.parameters()], lr=1e-2)
        for step in range(600):
            x = layer.train().watch(data[256 * (step % 8) : 256 * (step % 8) + 256])
            loss = (decoder(layer(encoder(x))) - x).square().mean() + layer.penalty
            optimiser.zero_grad()
            loss.backward()
            optimiser.step()
        x = data[:64].clone()
        slopes[weight] = (encoder(x + 0.01 * away.sum(dim=1)) - encoder(x)).norm(dim=1).mean().item() / 0.01
        assert (decoder(encoder(data)) - data).square().mean() < 0.2 * data.square().mean()
    assert slopes[0.1] < 0.25 * slopes[0.0]
