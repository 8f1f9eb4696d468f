"""Curves whose course is known, carried on."""

import numpy as np
import pytest

from diabolo.explain.outlook import outlook

TIMES = np.arange(1.0, 41)


@pytest.mark.parametrize("tau", [4.0, 12.0, 40.0])
def test_an_exponential_goes_on(tau: float) -> None:
    seen = outlook(TIMES, 0.1 + np.exp(-TIMES / tau), 20, lowest=0.0)
    assert seen is not None
    truth = 0.1 + np.exp(-60 / tau)
    # Forty values of τ lie 15% apart, and the mean with the best power is taken: the interval holds the truth.
    assert seen.low <= truth <= seen.high
    assert seen.then == pytest.approx(truth, abs=0.05 * (1.1 - 0.1))


@pytest.mark.parametrize("power", [0.3, 0.7, 1.5])
def test_a_power_goes_on(power: float) -> None:
    seen = outlook(TIMES, 0.02 + TIMES**-power, 20, lowest=0.0)
    assert seen is not None
    # The truth lies between two of the forty shapes of the grid: without noise the ends are right to a thousandth.
    assert seen.low - 0.001 <= 0.02 + 60.0**-power <= seen.high + 0.001


def test_it_never_goes_below_what_is_possible() -> None:
    seen = outlook(TIMES, np.maximum(0.0, 1 - TIMES / 41), 40, lowest=0.0)
    assert seen is not None
    assert 0 <= seen.low <= seen.then


def test_a_rising_curve_is_not_made_to_fall() -> None:
    seen = outlook(TIMES, TIMES, 20)
    assert seen is not None
    assert seen.then == pytest.approx(seen.now)


def test_few_points_have_no_outlook() -> None:
    assert outlook(TIMES[:11], TIMES[:11] ** -0.5, 5) is None
    assert outlook(TIMES, np.full(40, np.nan), 5) is None


def test_the_interval_holds_the_truth_under_noise() -> None:
    random = np.random.default_rng(11)
    inside = 0
    for _ in range(300):
        power, noise = random.uniform(0.3, 1.2), random.uniform(0.005, 0.03)
        course = lambda time: 0.01 + 0.1 * time**-power  # noqa: B023, E731
        seen = outlook(TIMES, course(TIMES) * np.exp(noise * random.standard_normal(40)), 20, lowest=0.0)
        assert seen is not None
        inside += seen.low <= course(60.0) <= seen.high
    # 95% is aimed at; with 300 simulations four standard errors of that are 5%.
    assert inside >= 0.9 * 300
