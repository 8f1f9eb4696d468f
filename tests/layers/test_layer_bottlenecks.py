"""`gaussian`, `vq` and `fsq` against torch.distributions, numpy, and what their papers claim."""

import copy
import itertools

import numpy as np
import pytest
import torch
from scipy.stats import entropy, norm
from torch.distributions import Normal, kl_divergence

from diabolo.errors import DiaboloError
from diabolo.layers.gaussian import GaussianBottleneck
from diabolo.layers.scalar_quantizer import FiniteScalarQuantizer
from diabolo.layers.vector_quantizer import VectorQuantizer

torch.set_num_threads(1)  # small tensors: two threads mostly wait for each other


def _gaussian(beta: float = 1.0, spread: float = 0.5) -> GaussianBottleneck:
    layer = GaussianBottleneck(5, 3, beta=beta, num_image_values=48).double()
    torch.nn.init.normal_(layer.weight, std=spread)
    torch.nn.init.normal_(layer.bias, std=spread)
    return layer


@pytest.mark.parametrize("shape", [(4, 5, 6, 7), (4, 5)])
def test_gaussian_penalty_is_the_divergence_of_torch_distributions(shape: tuple[int, ...]) -> None:
    torch.manual_seed(0)
    layer, x = _gaussian(beta=0.7), torch.randn(shape, dtype=torch.float64)
    layer.train()(x)
    both = torch.einsum("oc,bc...->bo...", layer.weight, x) + layer.bias.reshape(-1, *[1] * (x.dim() - 2))
    mean, log_variance = both[:, :3], both[:, 3:]
    divergence = kl_divergence(Normal(mean, (log_variance / 2).exp()), Normal(0.0, 1.0)).sum() / len(x)
    torch.testing.assert_close(layer.penalty, 0.7 * divergence / 48, rtol=1e-12, atol=0)


def test_gaussian_samples_in_training_and_gives_the_mean_in_evaluation() -> None:
    torch.manual_seed(1)
    layer, x = _gaussian(), torch.randn(1, 5, dtype=torch.float64).expand(40_000, 5)
    samples = layer.train()(x)
    mean = layer.eval()(x[:1])
    deviation = (0.5 * (layer.weight[3:] @ x[0] + layer.bias[3:])).exp()
    assert layer.penalty is None
    # Standard error of a mean: σ/200; of a deviation: σ/283. Five of them.
    torch.testing.assert_close(samples.mean(0), mean[0], rtol=0, atol=5 * deviation.max().item() / 200)
    torch.testing.assert_close(samples.std(0), deviation, rtol=5 / 283, atol=0)


def test_gaussian_penalty_alone_pulls_the_latent_to_the_unit_gaussian() -> None:
    torch.manual_seed(2)
    layer, x = _gaussian(), torch.randn(64, 5, dtype=torch.float64)
    optimiser = torch.optim.SGD(layer.parameters(), lr=5.0)
    for _ in range(300):
        optimiser.zero_grad()
        layer.train()(x)
        layer.penalty.backward()
        optimiser.step()
    assert layer.penalty.item() < 1e-6


def test_gaussian_penalty_keeps_float32_under_bf16_autocast() -> None:
    torch.manual_seed(3)
    layer, x = _gaussian(spread=0.02).float(), torch.randn(8, 5, 4, 4)
    layer.train()(x)
    exact = layer.penalty.item()
    with torch.autocast("cpu", dtype=torch.bfloat16):
        z = layer(x)
    assert z.dtype == torch.bfloat16
    assert layer.penalty.dtype == torch.float32
    assert layer.penalty.item() == pytest.approx(exact, rel=0.02)


def test_gaussian_free_bits_cost_what_they_would_and_push_nothing() -> None:
    """By channel max(KL, λ): a channel below λ has no gradient, one above its full KL."""
    torch.manual_seed(7)
    layer, x = _gaussian(), torch.randn(6, 5, 4, 4, dtype=torch.float64)
    with torch.no_grad():
        layer.weight[0], layer.weight[3], layer.bias[0], layer.bias[3] = 1e-3, 1e-3, 0.0, 0.0  # tells next to nothing
    kl = layer.divergences(x)
    layer.free_bits = 0.25
    free = 0.25 * np.log(2) * 16
    assert kl[0] < free < kl[1:].min()
    layer.train()(x)
    assert layer.penalty.item() == pytest.approx((free + kl[1:].sum().item()) / 48, rel=1e-12)
    (gradient,) = torch.autograd.grad(layer.penalty, layer.weight)
    assert not gradient[[0, 3]].any()
    assert gradient[[1, 4]].abs().min() > 0


def test_gaussian_free_bits_keep_a_collapsing_latent_in_use() -> None:
    """Kingma et al. 2016: with a weight that collapses the posterior, free bits keep it active."""
    active = {}
    for free_bits in (0.0, 0.5):
        torch.manual_seed(8)
        layer = GaussianBottleneck(4, 4, beta=6.0, num_image_values=4, free_bits=free_bits)
        torch.nn.init.normal_(layer.weight, std=0.5)
        torch.nn.init.zeros_(layer.bias)
        decoder = torch.nn.Linear(4, 4)
        optimiser = torch.optim.Adam([*layer.parameters(), *decoder.parameters()], lr=0.01)
        for _ in range(600):
            x = torch.randn(128, 4)
            optimiser.zero_grad()
            ((decoder(layer.train()(x)) - x).square().mean() + layer.penalty).backward()
            optimiser.step()
        active[free_bits] = layer.diagnostics(torch.randn(1000, 4))
    assert active[0.0]["active"] == 0
    assert active[0.5]["active"] == 4
    assert active[0.5]["kl"] == pytest.approx(4 * 0.5 * np.log(2), rel=0.15)


def test_gaussian_diagnostics_are_those_of_torch_distributions() -> None:
    torch.manual_seed(9)
    layer, x = _gaussian(), torch.randn(50, 5, 2, 3, dtype=torch.float64)
    with torch.no_grad():
        layer.weight[1] = 0.0  # its mean is the same for all images
    both = torch.einsum("oc,bc...->bo...", layer.weight, x) + layer.bias.reshape(-1, 1, 1)
    posterior = Normal(both[:, :3], (both[:, 3:] / 2).exp())
    divergence = kl_divergence(posterior, Normal(0.0, 1.0)).detach()
    torch.testing.assert_close(layer.divergences(x), divergence.sum(dim=(2, 3)).mean(dim=0))
    assert layer.diagnostics(x) == {"kl": pytest.approx(divergence.sum().item() / 50), "active": 12, "values": 18}


def _reference_codebook(
    codebook: np.ndarray, batches: list[np.ndarray], decay: float
) -> tuple[np.ndarray, list[np.ndarray], list[np.ndarray]]:
    """Van den Oord et al. 2017, appendix A.1, in plain float64: moving counts and sums, Laplace-smoothed."""
    codes = len(codebook)
    sums, counts = codebook.copy(), np.ones(codes)
    outputs, chosen = [], []
    for vectors in batches:
        nearest = ((vectors[:, None] - codebook[None]) ** 2).sum(axis=2).argmin(axis=1)
        outputs.append(codebook[nearest])
        chosen.append(nearest)
        for code in range(codes):
            mine = vectors[nearest == code]
            counts[code] = decay * counts[code] + (1 - decay) * len(mine)
            sums[code] = decay * sums[code] + (1 - decay) * mine.sum(axis=0)
        smoothed = (counts + 1e-5) / (counts.sum() + codes * 1e-5) * counts.sum()
        codebook = sums / smoothed[:, None]
    return codebook, outputs, chosen


def test_vq_follows_the_reference() -> None:
    torch.manual_seed(0)
    layer = VectorQuantizer(3, codes=7, beta=0.25, decay=0.8).double().train()
    batches = [torch.randn(2, 3, 4, 5, dtype=torch.float64) for _ in range(6)]
    rows = [batch.permute(0, 2, 3, 1).reshape(-1, 3).numpy() for batch in batches]
    layer.start(batches[0])
    codebook, outputs, _ = _reference_codebook(layer.codebook.numpy().copy(), rows, 0.8)
    for batch, row, wanted in zip(batches, rows, outputs, strict=True):
        result = layer(batch).permute(0, 2, 3, 1).reshape(-1, 3).numpy()
        np.testing.assert_allclose(result, wanted, atol=1e-12)
        assert layer.penalty.item() == pytest.approx(0.25 * ((row - wanted) ** 2).mean(), rel=1e-12)
    np.testing.assert_allclose(layer.codebook.numpy(), codebook, atol=1e-12)


def test_vq_starts_on_the_first_batch_as_on_any_other_data() -> None:
    """One cluster for each code: k-means++ finds nearly all, where vectors by lot would find 1 − 1/e of them."""
    torch.manual_seed(4)
    centres = 20 * torch.randn(64, 3)
    x = centres.repeat(32, 1) + 0.1 * torch.randn(2048, 3)
    first, started = (VectorQuantizer(3, codes=64, beta=0.25, decay=0.99).train() for _ in range(2))
    started.start(x)
    assert torch.equal(first(x), started(x))
    found = torch.cdist(centres, started.codebook).min(dim=1).values < 0.5
    assert found.sum() >= 60


def test_vq_starts_with_fewer_vectors_than_codes() -> None:
    layer, x = VectorQuantizer(3, codes=16, beta=0.25, decay=0.99).train(), torch.randn(4, 3)
    torch.testing.assert_close(layer(x), x)


def test_vq_brings_dead_codes_back() -> None:
    """All codes far away but one: without revival it would stand for everything for ever."""
    torch.manual_seed(5)
    layer = VectorQuantizer(2, codes=32, beta=0.25, decay=0.9).train()
    layer(torch.cat([torch.randn(1, 2), 100 + torch.randn(300, 2)]))
    x = torch.randn(1000, 2)
    assert layer.diagnostics(x)["code_use"] < 0.1
    for _ in range(200):
        layer(torch.randn(1000, 2))
    use = layer.diagnostics(x)
    assert use["code_use"] == 1.0
    assert use["perplexity"] > 20


def test_vq_perplexity_is_the_exponential_of_the_entropy() -> None:
    layer = VectorQuantizer(1, codes=4, beta=0.25, decay=0.9)
    layer.codebook.copy_(torch.tensor([[0.0], [1.0], [2.0], [3.0]]))
    use = layer.diagnostics(torch.tensor([[0.0], [0.1], [1.0], [2.0]]))
    assert use["code_use"] == 0.75
    assert use["perplexity"] == pytest.approx(np.exp(-(0.5 * np.log(0.5) + 2 * 0.25 * np.log(0.25))))


@pytest.mark.parametrize("shape", [(3, 3, 4, 2), (7, 3)])
@pytest.mark.parametrize("kind", ["vq", "fsq"])
def test_codes_and_bytes_give_the_same_values(kind: str, shape: tuple[int, ...]) -> None:
    torch.manual_seed(6)
    x = 2 * torch.randn(shape)
    if kind == "vq":
        layer, digits, num_bytes = VectorQuantizer(3, codes=300, beta=0.25, decay=0.9), 1, 2
        layer.start(torch.randn(500, 3))
    else:
        layer, digits, num_bytes = FiniteScalarQuantizer((8, 5, 100)), 3, 2
    codes = layer.codes(x)
    assert codes.shape == (shape[0], digits, *shape[2:])
    assert codes.dtype == torch.int64
    packed = layer.pack(codes)
    assert packed.shape == (shape[0], *shape[2:], num_bytes)
    assert torch.equal(layer.unpack(packed), codes)
    assert torch.equal(layer.from_codes(layer.unpack(packed)), layer.eval()(x))
    assert torch.equal(layer.codes_of(layer(x)), codes)


def test_bytes_of_another_bottleneck_are_refused() -> None:
    layer = FiniteScalarQuantizer((8, 5, 5))
    with pytest.raises(DiaboloError, match=r"uint8 and shape \(2, 3\); .* uint8 with 1 bytes a position"):
        layer.unpack(np.zeros((2, 3), np.uint8))
    with pytest.raises(DiaboloError, match="none of this bottleneck's; they are damaged, or another model"):
        layer.unpack(np.full((2, 1), 200, np.uint8))


def test_vq_passes_the_gradient_straight_through() -> None:
    torch.manual_seed(1)
    layer = VectorQuantizer(3, codes=4, beta=0.5, decay=0.9).train()
    x = torch.randn(2, 3, 4, 4, requires_grad=True)
    factor = torch.randn(2, 3, 4, 4)
    z = layer(x)
    (gradient,) = torch.autograd.grad((z * factor).sum(), x, retain_graph=True)
    torch.testing.assert_close(gradient, factor)
    (pull,) = torch.autograd.grad(layer.penalty, x)
    torch.testing.assert_close(pull, 0.5 * 2 * (x - z).detach() / x.numel())


def test_vq_in_evaluation_gives_codes_and_changes_nothing() -> None:
    torch.manual_seed(2)
    layer = VectorQuantizer(3, codes=6, beta=0.25, decay=0.9).train()
    layer(torch.randn(4, 3, 5, 5))
    before = copy.deepcopy(layer.state_dict())
    z = layer.eval()(torch.randn(2, 3, 5, 5)).permute(0, 2, 3, 1).reshape(-1, 3)
    assert all((vector == layer.codebook).all(dim=1).any() for vector in z)
    assert layer.penalty is None
    assert all(torch.equal(value, before[key]) for key, value in layer.state_dict().items())


def test_vq_chooses_in_float32_under_bf16_autocast() -> None:
    """Two codes that bf16 cannot tell apart beside a common offset."""
    layer = VectorQuantizer(2, codes=2, beta=0.25, decay=0.9).eval()
    layer.codebook.copy_(torch.tensor([[50.0, 50.0], [50.1, 50.1]]))
    vectors = torch.tensor([[50.0, 50.0], [50.1, 50.1], [50.01, 50.0], [50.1, 50.09]])
    with torch.autocast("cpu", dtype=torch.bfloat16):
        assert layer.nearest(vectors).tolist() == [0, 1, 0, 1]


def test_vq_finds_the_clusters_of_its_data() -> None:
    torch.manual_seed(3)
    centres = torch.tensor([[0.0, 0.0], [4.0, 0.0], [0.0, 4.0], [4.0, 4.0]])
    layer = VectorQuantizer(2, codes=4, beta=0.25, decay=0.9).train()
    for _ in range(150):
        which = torch.arange(64) // 16
        layer(centres[which] + 0.1 * torch.randn(64, 2))
    nearest = torch.cdist(centres, layer.codebook).min(dim=1).values
    assert nearest.max().item() < 0.1


@pytest.mark.parametrize("level", [2, 3, 4, 5, 8, 16, 255, 1024, 1025, 4001])
def test_fsq_reaches_exactly_its_levels(level: int) -> None:
    layer = FiniteScalarQuantizer((level,))
    x = torch.linspace(-12, 12, 400_001)[:, None]
    values = torch.unique(layer(x))
    assert len(values) == level
    steps = (values * (level // 2)).round()
    torch.testing.assert_close(values * (level // 2), steps, rtol=0, atol=level * 1e-6)
    assert steps.min() == -(level // 2)
    assert values.min() >= -1
    assert values.max() <= 1
    assert layer(torch.zeros(1, 1)).item() == 0


def test_fsq_levels_go_by_channel_and_all_codes_are_reached() -> None:
    levels = (3, 2, 4)
    x = torch.tensor(list(itertools.product(torch.linspace(-8, 8, 41).tolist(), repeat=3))).T.reshape(1, 3, 41, -1)
    z = FiniteScalarQuantizer(levels)(x)
    assert z.shape == x.shape
    assert len(torch.unique(z.flatten(2)[0].T, dim=0)) == 3 * 2 * 4
    assert [len(torch.unique(z[:, channel])) for channel in range(3)] == list(levels)


def test_fsq_levels_are_used_nearly_equally_by_a_unit_gaussian() -> None:
    """What `bn` gives it: shares by SciPy's normal distribution between the edges of the levels, 0.977 of all in use.

    So the paper's bound suits values with mean 0 and variance 1, and no other bound is offered.
    """
    half, offset = 3.5 * 1.001, 0.5  # of 8 levels
    edges = np.arctanh((np.arange(-3.5, 3) + offset) / half) - np.arctanh(offset / half)
    expected = np.diff(norm.cdf([-np.inf, *edges, np.inf]))
    number = 200_000
    codes = FiniteScalarQuantizer((8,)).codes(torch.randn(number, 1, generator=torch.Generator().manual_seed(0)))
    shares = np.bincount(codes.flatten().numpy(), minlength=8) / number
    np.testing.assert_allclose(shares, expected, atol=5 * np.sqrt(0.25 / number))  # five standard errors at most
    assert np.exp(entropy(expected)) / 8 == pytest.approx(0.977, abs=5e-4)


def test_fsq_gradient_is_that_of_its_bound() -> None:
    x = torch.randn(2, 3, 4, 4, dtype=torch.float64, requires_grad=True)
    (gradient,) = torch.autograd.grad(FiniteScalarQuantizer((5, 5, 5))(x).sum(), x)
    torch.testing.assert_close(gradient, 2 * (1 + 1e-3) * (1 - x.tanh().square()) / 2)


def test_fsq_in_bf16_keeps_type_and_levels() -> None:
    layer = FiniteScalarQuantizer((5,)).bfloat16()
    z = layer(torch.linspace(-6, 6, 1000, dtype=torch.bfloat16)[:, None])
    assert z.dtype == torch.bfloat16
    assert torch.unique(z.float()).tolist() == [-1.0, -0.5, 0.0, 0.5, 1.0]


@pytest.mark.parametrize(
    "layer", [_gaussian().float(), VectorQuantizer(5, codes=4, beta=0.25, decay=0.9)], ids=["gaussian", "vq"]
)
def test_a_copy_after_a_training_pass_leaves_the_penalty_behind(layer: torch.nn.Module) -> None:
    layer.train()(torch.randn(3, 5, 2, 2, requires_grad=True))
    assert layer.penalty is not None
    assert copy.deepcopy(layer).penalty is None
    assert layer.penalty is not None
