"""`lloyd` against Max's table, plain float64 and what its papers claim: right levels, and bits where they help most."""

import copy
import math

import numpy as np
import pytest
import torch
from hypothesis import given, settings
from hypothesis import strategies as st

from diabolo.layers.lloyd import LloydQuantizer, equal_levels

torch.set_num_threads(1)  # small tensors: two threads mostly wait for each other


def _nearest(z: np.ndarray, layer: LloydQuantizer) -> np.ndarray:
    """Values rounded to the nearest level by channel, the slow way: (channels, n)."""
    rounded = np.empty_like(z)
    for channel, count in enumerate(layer.num_levels):
        centres = layer.centres[channel, :count].numpy()
        rounded[channel] = centres[np.abs(z[channel][:, None] - centres).argmin(axis=1)]
    return rounded


def _scaled(batch: int, deviations: list[float], seed: int = 0, side: int = 4) -> torch.Tensor:
    generator = torch.Generator().manual_seed(seed)
    x = torch.randn(batch, len(deviations), side, side, generator=generator, dtype=torch.float64)
    return x * torch.tensor(deviations, dtype=torch.float64).view(1, -1, 1, 1)


@pytest.mark.parametrize("started", [True, False])
def test_evaluation_gives_the_nearest_level_and_changes_nothing(started: bool) -> None:
    layer, x = LloydQuantizer(5, bits=12, decay=0.9).double(), _scaled(20, [4.0, 2.0, 1.0, 0.5, 0.01])
    if started:
        layer.start(x)
    before = copy.deepcopy(layer.state_dict())
    z = layer.eval()(x)
    rows = x.transpose(0, 1).flatten(1).numpy()
    np.testing.assert_array_equal(z.transpose(0, 1).flatten(1).numpy(), _nearest(rows, layer))
    assert all(torch.equal(value, before[key]) for key, value in layer.state_dict().items())
    assert layer.penalty is None


def test_a_started_channel_reaches_the_error_of_max_1960() -> None:
    """Table I of Max 1960: mean squared error of the best 2, 4, 8 and 16 levels on a unit Gaussian."""
    generator = torch.Generator().manual_seed(2)  # 30 rounds of Lloyd's may end up to 15 % above the best 16 levels
    for bits, wanted in ((1, 0.3634), (2, 0.1175), (3, 0.03454), (4, 0.009497)):
        layer, x = LloydQuantizer(1, bits=bits, decay=0.98).eval(), torch.randn(400_000, 1, generator=generator)
        layer.start(x)
        assert layer.num_levels == (2**bits,)
        # The start sees 8,192 values: a per cent or so from the best levels of all of them.
        assert (layer(x) - x).square().mean().item() == pytest.approx(wanted, rel=0.03)


def test_start_gives_more_bits_to_channels_that_vary_more() -> None:
    """Theory at high rate: each halving of the deviation is worth one bit (Shoham & Gersho 1988, reverse filling)."""
    deviations = [8.0, 4.0, 2.0, 1.0]
    layer = LloydQuantizer(4, bits=18, decay=0.98)
    layer.start(_scaled(600, deviations).float())
    bits = np.log2(layer.num_levels)
    np.testing.assert_allclose(
        bits - bits.mean(), [1.5, 0.5, -0.5, -1.5], atol=0.25
    )  # 7 to 70 levels are not yet "many"
    assert 2**18 * 0.9 < math.prod(layer.num_levels) <= 2**18


def test_shared_bits_leave_less_error_than_equal_ones() -> None:
    x = _scaled(300, [4.0, 2.0, 1.0, 0.5, 0.1, 0.1, 0.1, 0.1]).float()
    shared, equal = (LloydQuantizer(8, bits=16, decay=0.98) for _ in range(2))
    shared.start(x)
    for _ in range(200):
        equal.train()(x)
    errors = [(layer.eval()(x) - x).square().mean().item() for layer in (shared, equal)]
    assert equal.num_levels == (4,) * 8
    assert errors[0] < 0.35 * errors[1]


def test_a_channel_without_spread_gets_one_level_and_no_gradient() -> None:
    x = torch.randn(50, 3)
    x[:, 1] = 0.7
    layer = LloydQuantizer(3, bits=6, decay=0.9)
    layer.start(x)
    assert layer.num_levels[1] == 1
    x.requires_grad_()
    z = layer.train()(x)
    torch.testing.assert_close(z[:, 1].detach(), torch.full((50,), 0.7))
    (gradient,) = torch.autograd.grad(z.sum(), x)
    assert not gradient[:, 1].any()
    assert gradient[:, [0, 2]].any(dim=0).all()


def test_training_moves_levels_to_the_moving_mean_of_their_values() -> None:
    """One step against plain float64: shares and sums by moving averages, a level their quotient."""
    layer, x = LloydQuantizer(2, bits=4, decay=0.7).double(), _scaled(10, [1.0, 3.0])
    layer.start(x)
    centres, shares = layer.centres.clone().numpy(), layer.shares.clone().numpy()
    other = _scaled(10, [1.5, 2.5], seed=1)
    layer.train()(other)
    for channel, row in enumerate(other.transpose(0, 1).flatten(1).numpy()):
        count = layer.num_levels[channel]
        chosen = np.abs(row[:, None] - centres[channel, :count]).argmin(axis=1)
        for level in range(count):
            mine = row[chosen == level]
            share = 0.7 * shares[channel, level] + 0.3 * len(mine) / len(row)
            total = 0.7 * shares[channel, level] * centres[channel, level] + 0.3 * mine.sum() / len(row)
            assert layer.shares[channel, level].item() == pytest.approx(share, rel=1e-12)
            assert layer.centres[channel, level].item() == pytest.approx(total / share, rel=1e-12)


def test_training_follows_values_that_move() -> None:
    torch.manual_seed(0)
    layer = LloydQuantizer(2, bits=6, decay=0.9)
    layer.start(torch.randn(1000, 2))
    for _ in range(1000):
        layer.train()(5 + 2 * torch.randn(256, 2))
    x = 5 + 2 * torch.randn(20_000, 2)
    assert (layer.eval()(x) - x).square().mean().item() == pytest.approx(4 * 0.03454, rel=0.1)  # Max 1960, 8 levels


def test_dead_levels_come_back_and_levels_stay_in_order() -> None:
    """Two far levels that nothing chooses any more halve the busiest cells."""
    torch.manual_seed(0)
    layer = LloydQuantizer(1, bits=3, decay=0.8)
    layer.start(torch.cat([torch.randn(500), torch.full((150,), 90.0), torch.full((150,), -90.0)])[:, None])
    assert layer.centres[0, :8].max() > 80
    for _ in range(300):
        layer.train()(torch.randn(256, 1))
        assert (layer.centres[0, :8].diff() >= 0).all()
    x = torch.randn(20_000, 1)
    assert (layer.eval()(x) - x).square().mean().item() == pytest.approx(0.03454, rel=0.1)
    assert layer.diagnostics(x)["code_use"] == 1.0


def test_without_a_start_levels_are_placed_on_the_first_batch() -> None:
    torch.manual_seed(0)
    x = 30 + 0.01 * torch.randn(4096, 2)
    layer = LloydQuantizer(2, bits=6, decay=0.98).train()
    z = layer(x)
    assert (z - x).square().mean().item() == pytest.approx(0.03454e-4, rel=0.1)


def test_training_and_evaluation_give_the_same_values_to_the_last_bit() -> None:
    layer, x = LloydQuantizer(4, bits=12, decay=1.0), torch.randn(6, 4, 3, 3)
    layer.start(x)
    assert torch.equal(layer.train()(x), layer.eval()(x))


def test_the_gradient_is_passed_straight_through_within_the_outer_levels() -> None:
    """As torch's own clamp has it, channel by channel, for the levels of before the step."""
    layer, x = LloydQuantizer(3, bits=9, decay=0.5), 2 * torch.randn(9, 3, 4, 4)
    layer.start(x)
    factor = torch.randn(9, 3, 4, 4)
    lowest = torch.stack([layer.centres[channel, 0] for channel in range(3)]).view(1, 3, 1, 1)
    highest = torch.stack([layer.centres[channel, count - 1] for channel, count in enumerate(layer.num_levels)])
    clamped = x.clone().requires_grad_()
    (clamped.clamp(lowest, highest.view(1, 3, 1, 1)) * factor).sum().backward()
    x.requires_grad_()
    (gradient,) = torch.autograd.grad((layer.train()(x) * factor).sum(), x)
    torch.testing.assert_close(gradient, clamped.grad, rtol=0, atol=0)
    assert 0 < (gradient == 0).double().mean() < 0.5


def test_a_scale_does_not_run_away_where_more_of_it_changes_nothing() -> None:
    """An encoder z = s·x whose decoder would like an output just beyond the highest level: s must stay bounded.

    Straight through without a bound every step would raise s by the same amount for ever.
    """
    layer, x = LloydQuantizer(1, bits=2, decay=1.0), torch.randn(512, 1)
    layer.start(x)
    scale = torch.ones((), requires_grad=True)
    for _ in range(300):
        (gradient,) = torch.autograd.grad((layer.train()(scale * x) - 5 * x).square().mean(), scale)
        scale = (scale - 0.1 * gradient).detach().requires_grad_()
    settled = scale.item()
    assert 1 < settled < 20  # beyond it hardly any value lies between the outer levels, ±1.5 of a unit Gaussian
    unbounded = 1 + 300 * 0.1 * 2 * (3.0 * x.abs().mean()).item()  # the least of the steps that plain ones would take
    assert settled < unbounded / 5


@pytest.mark.parametrize("decay", [1.0, 0.98])
def test_levels_stay_where_they_were_placed_with_decay_1(decay: float) -> None:
    layer, x = LloydQuantizer(2, bits=10, decay=decay), torch.randn(300, 2)
    layer.start(torch.cat([x[:40], torch.full((1, 2), 50.0)]))  # a level that nothing chooses below
    before = {key: value.clone() for key, value in layer.state_dict().items()}
    for _ in range(200):
        layer.train()(x)
    kept = [torch.equal(value, before[key]) for key, value in layer.state_dict().items()]
    assert all(kept) == (decay == 1.0)


def test_what_is_no_number_stays_none_and_is_seen() -> None:
    """Rounded to a level, a broken encoder would look sound to the loss."""
    layer, x = LloydQuantizer(2, bits=6, decay=1.0), torch.randn(30, 2)
    layer.start(x)
    x[3, 1] = math.nan
    for part in (layer.train(), layer.eval()):
        assert part(x).isnan().nonzero().tolist() == [[3, 1]]


def test_rounds_in_float32_under_bf16_autocast() -> None:
    """256 levels that bf16 cannot tell apart."""
    layer, x = LloydQuantizer(1, bits=8, decay=0.98).eval(), torch.linspace(3.9, 4.0, 4096)[:, None]
    layer.start(x)
    with torch.autocast("cpu", dtype=torch.bfloat16):
        z = layer(x)
        assert layer(x.bfloat16()).dtype == torch.float32
    assert len(torch.unique(z)) == 256
    assert torch.equal(z, layer(x))


@pytest.mark.parametrize("shape", [(3, 5, 4, 2), (7, 5)])
def test_codes_and_bytes_give_the_same_values(shape: tuple[int, ...]) -> None:
    layer, x = LloydQuantizer(5, bits=19, decay=0.98).eval(), torch.randn(shape)
    layer.start(x)
    codes = layer.codes(x)
    packed = layer.pack(codes)
    assert codes.shape == shape
    assert packed.shape == (shape[0], *shape[2:], 3)
    assert torch.equal(layer.unpack(packed), codes)
    assert torch.equal(layer.from_codes(codes), layer(x))
    assert torch.equal(layer.codes_of(layer(x)), codes)


def test_infinite_and_missing_values_have_codes() -> None:
    layer = LloydQuantizer(1, bits=3, decay=0.98)
    layer.start(torch.randn(100, 1))
    codes = layer.codes(torch.tensor([[math.inf], [-math.inf], [math.nan], [1e35]]))
    assert codes.flatten().tolist() == [7, 0, 0, 7]


def test_a_copy_of_its_state_is_the_same_layer() -> None:
    layer, other = (LloydQuantizer(3, bits=7, decay=0.98) for _ in range(2))
    x = torch.randn(40, 3) * torch.tensor([5.0, 1.0, 0.1])
    layer.start(x)
    assert all(torch.isfinite(value).all() for value in layer.state_dict().values())
    other.load_state_dict(layer.state_dict())
    assert other.num_levels == layer.num_levels
    assert torch.equal(other.eval()(x), layer.eval()(x))


@pytest.mark.parametrize("value", [0.0, -3.5, 1e6])
def test_constant_values_are_kept(value: float) -> None:
    x = torch.full((6, 2, 2, 2), value)
    for started in (True, False):
        layer = LloydQuantizer(2, bits=4, decay=0.9)
        if started:
            layer.start(x)
        for _ in range(3):
            assert torch.equal(layer.train()(x), x)


def test_one_image_of_one_position_can_be_trained_on() -> None:
    layer = LloydQuantizer(4, bits=32, decay=0.98).train()
    x = torch.randn(1, 4)
    assert torch.equal(layer(x), x)


@settings(deadline=None, max_examples=60)
@given(channels=st.integers(1, 140), bits=st.integers(1, 300))
def test_equal_levels_use_the_bits_and_no_more(channels: int, bits: int) -> None:
    levels = equal_levels(channels, min(bits, 8 * channels))
    assert math.prod(levels) <= 2**bits
    assert max(levels) - min(levels) <= 1
    assert sorted(levels, reverse=True) == levels
    assert max(levels) <= 256
    if min(levels) < 256:
        assert math.prod(levels) // levels[-1] * (levels[-1] + 1) > 2**bits  # none more fits
