"""Robust statistics against SciPy and against known answers."""

import numpy as np
import pytest
from scipy import signal, stats

from diabolo.explain.robust import level, middle, noise, running_median, slope, thinned

SEEDS = range(5)


@pytest.mark.parametrize("seed", SEEDS)
@pytest.mark.parametrize("count", [5, 20, 80])
def test_slope_is_scipys(seed: int, count: int) -> None:
    random = np.random.default_rng(seed)
    times = np.arange(1.0, count + 1)
    values = 0.3 * times + random.standard_normal(count)
    ours, low, high = slope(times, values)
    theirs = stats.theilslopes(values, times, alpha=0.95)
    assert ours == pytest.approx(theirs.slope, rel=1e-12)
    # SciPy rounds the ranks of the interval to the nearest, we round outwards: one slope of the sorted ones at most.
    slopes = np.sort([(values[j] - values[i]) / (j - i) for i in range(count) for j in range(i + 1, count)])
    for bound, wanted in ((low, theirs.low_slope), (high, theirs.high_slope)):
        assert abs(int(np.abs(slopes - bound).argmin()) - int(np.abs(slopes - wanted).argmin())) <= 1
    assert low <= theirs.low_slope <= theirs.high_slope <= high


@pytest.mark.parametrize("seed", SEEDS)
def test_noise_is_that_around_a_course(seed: int) -> None:
    times = np.arange(1.0, 2001)
    values = 5 * times**-0.5 + 0.01 * np.random.default_rng(seed).standard_normal(2000)
    # The median of 2,000 absolute differences, neighbours correlated, has a standard error of about 3%; 4 of them.
    assert noise(values[500:]) == pytest.approx(0.01, rel=0.12)


def test_noise_ignores_a_wild_epoch() -> None:
    values = np.random.default_rng(0).standard_normal(200)
    wild = values.copy()
    wild[[50, 120]] = 1e6
    assert noise(wild) == pytest.approx(noise(values), rel=0.2)


def test_noise_of_too_few_or_of_a_constant() -> None:
    assert np.isnan(noise(np.array([1.0, 2.0, 3.0, np.nan, 4.0])))
    assert noise(np.full(9, 0.25)) == 0


@pytest.mark.parametrize("width", [3, 5, 9])
def test_running_median_is_scipys_inside(width: int) -> None:
    values = np.random.default_rng(width).standard_normal(40)
    half = width // 2
    np.testing.assert_array_equal(running_median(values, width)[half:-half], signal.medfilt(values, width)[half:-half])


def test_running_median_passes_missing_values_by() -> None:
    values = np.array([1.0, np.nan, 3.0, 2.0, np.nan, 5.0, 4.0])
    got = running_median(values, 3)
    assert np.isnan(got[[1, 4]]).all()
    np.testing.assert_array_equal(got[[0, 2, 3, 5, 6]], running_median(values[[0, 2, 3, 5, 6]], 3))


def test_thinning_keeps_a_line() -> None:
    times = np.arange(1.0, 10_001)
    few, values = thinned(times, 2 * times)
    assert len(few) == 150
    np.testing.assert_allclose(values, 2 * few)
    assert slope(times, 2 * times)[0] == pytest.approx(2)


def test_levels() -> None:
    assert level(np.array([9.0, 1.0, 2.0, np.nan, 3.0]), 3) == 2
    assert np.isnan(middle(np.array([np.nan])))
