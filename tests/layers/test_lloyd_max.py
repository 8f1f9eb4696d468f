"""The best levels against Max's table and brute force; sharing of bits against all ways to share them."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from diabolo.layers.lloyd_max import best_levels, share_bits


@pytest.mark.parametrize(
    ("num_levels", "wanted"),
    [(1, 1.0), (2, 0.3634), (3, 0.1902), (4, 0.1175), (8, 0.03454), (16, 0.009497), (32, 0.002499)],
)
def test_levels_of_a_gaussian_are_those_of_max_1960(num_levels: int, wanted: float) -> None:
    values = np.sort(np.random.default_rng(0).normal(size=200_000))
    levels = best_levels(values, num_levels)
    # The standard error of a mean of 200,000 squared errors is below 0.5 per cent. With many levels Lloyd's rounds are
    # slow in the end: at 32 levels 4 per cent are left after 30 of them.
    assert levels.distortion == pytest.approx(wanted, rel=0.05)
    assert levels.shares.sum() == pytest.approx(1.0)
    np.testing.assert_allclose(levels.centres, -levels.centres[::-1], atol=0.1)


def test_many_levels_reach_the_limit_of_panter_and_dite() -> None:
    """The error of many levels is (∫ f^⅓)³ / 12 L², and the integral's cube is 108 for a Laplace density f."""
    values = np.sort(np.random.default_rng(1).laplace(size=400_000))
    limit = 108 / (12 * 128**2)
    assert best_levels(values, 128).distortion == pytest.approx(limit, rel=0.1)


@settings(deadline=None, max_examples=50)
@given(
    values=st.lists(st.floats(-100, 100, allow_subnormal=False), min_size=1, max_size=30), num_levels=st.integers(1, 9)
)
def test_levels_are_what_they_say(values: list[float], num_levels: int) -> None:
    ascending = np.sort(np.array(values))
    levels = best_levels(ascending, num_levels)
    assert (np.diff(levels.centres) >= 0).all()
    nearest = ((ascending[:, None] - levels.centres) ** 2).min(axis=1).mean()
    assert levels.distortion == pytest.approx(nearest, rel=1e-9, abs=1e-9)
    assert levels.distortion <= ascending.var() + 1e-9


def test_few_points_are_clustered_as_well_as_can_be() -> None:
    """All ways to cut 9 points of three clumps into 3 runs."""
    values = np.array([0.0, 0.1, 0.3, 2.0, 2.1, 2.4, 7.0, 7.2, 7.3])
    best = min(
        sum(((part - part.mean()) ** 2).sum() for part in np.split(values, cuts)) / 9
        for cuts in itertools.combinations(range(1, 9), 2)
    )
    assert best_levels(values, 3).distortion == pytest.approx(best)


def test_bits_are_shared_nearly_as_well_as_can_be() -> None:
    """Against all numbers of levels of three channels within 2⁷ codes."""
    random = np.random.default_rng(2)
    values = np.sort(random.normal(size=(3, 2000)) * np.array([[3.0], [1.0], [0.3]]), axis=1)
    errors = [[best_levels(row, number).distortion for number in range(1, 65)] for row in values]
    best = min(
        errors[0][a - 1] + errors[1][b - 1] + errors[2][c - 1]
        for a in range(1, 65)
        for b in range(1, 128 // a + 1)
        for c in range(1, min(64, 128 // (a * b)) + 1)
        if b <= 64
    )
    shared = share_bits(values, 7)
    assert math.prod(shared) <= 2**7
    assert sum(errors[channel][number - 1] for channel, number in enumerate(shared)) <= 1.05 * best


def test_two_clumps_get_two_levels_although_one_more_would_be_tried_first() -> None:
    values = np.sort(np.concatenate([np.zeros(50), np.ones(50)]))[None]
    assert share_bits(values, 8) == [2]


@settings(deadline=None, max_examples=25)
@given(channels=st.integers(1, 12), bits=st.integers(1, 40), seed=st.integers(0, 1000))
def test_no_more_bits_are_shared_than_there_are(channels: int, bits: int, seed: int) -> None:
    random = np.random.default_rng(seed)
    values = np.sort(random.normal(size=(channels, 400)) * np.exp(random.normal(size=(channels, 1))), axis=1)
    shared = share_bits(values, min(bits, 8 * channels))
    assert math.prod(shared) <= 2**bits
    assert all(1 <= number <= 256 for number in shared)
