"""Thresholds: rank and range against simulation and SciPy, how many images a rate needs, what is refused."""

import math

import numpy as np
import pytest
from scipy import stats

from diabolo.anomaly import false_alarm_threshold, images_needed
from diabolo.errors import DataError


@pytest.mark.parametrize(("rate", "needed"), [(0.01, 99), (0.05, 19), (0.1, 9), (0.5, 1), (0.001, 999), (0.3, 3)])
def test_images_needed(rate: float, needed: int) -> None:
    assert images_needed(rate) == needed
    random = np.random.default_rng(0)
    threshold = false_alarm_threshold(random.random(needed), rate)
    assert threshold.expected <= rate * (1 + 1e-9)
    if needed > 1:
        with pytest.raises(DataError, match=f"at least {needed:,} normal images, and there are {needed - 1:,}"):
            false_alarm_threshold(random.random(needed - 1), rate)


@pytest.mark.parametrize("n", [1, 2, 3, 19, 20, 98, 99, 100, 101, 999, 12345])
def test_the_rank_is_the_lowest_that_keeps_the_rate(n: int) -> None:
    scores = np.arange(n, dtype=np.float64)
    for rate in (0.5, 0.1, 0.05, 0.01, 0.0123):
        if n < images_needed(rate):
            continue
        threshold = false_alarm_threshold(scores, rate)
        ranks = [k for k in range(1, n + 1) if (n - k + 1) / (n + 1) <= rate * (1 + 1e-9)]
        assert threshold.rank == ranks[0]
        assert threshold.value == scores[threshold.rank - 1]


@pytest.mark.parametrize("kind", ["normal", "lognormal", "cauchy"])
def test_the_real_rate_lies_in_the_range(kind: str) -> None:
    """Whatever the scores are: 4,000 thresholds of 200 images; the share covered is 0.95 ± 4 · 0.0034."""
    random = np.random.default_rng(1)
    law = {"normal": stats.norm, "lognormal": stats.lognorm(1.5), "cauchy": stats.cauchy}[kind]
    found = [false_alarm_threshold(law.rvs(size=200, random_state=random), 0.05) for _ in range(4000)]
    real = np.array([law.sf(one.value) for one in found])
    low, high = found[0].interval
    covered = float(np.mean((low <= real) & (real <= high)))
    assert covered == pytest.approx(0.95, abs=4 * math.sqrt(0.95 * 0.05 / 4000))
    assert real.mean() == pytest.approx(found[0].expected, abs=4 * real.std() / math.sqrt(4000))


def test_alarms_among_further_images() -> None:
    """Counts, so the range covers at least what it says: 1,000 times 100 images after a threshold of 150."""
    random = np.random.default_rng(2)
    inside = 0
    for _ in range(1000):
        scores = random.normal(size=250)
        threshold = false_alarm_threshold(scores[:150], 0.04)
        fewest, most = threshold.alarms_among(100)
        inside += fewest <= int((scores[150:] > threshold.value).sum()) <= most
    assert 0.94 < inside / 1000 < 1.0
    assert fewest <= 4 <= most


def test_ties_are_no_alarms() -> None:
    threshold = false_alarm_threshold(np.zeros(100), 0.05)
    assert threshold.value == 0.0
    assert not (np.zeros(5) > threshold.value).any()


def test_too_few_says_what_to_do() -> None:
    with pytest.raises(DataError) as caught:
        false_alarm_threshold(np.arange(50.0), 0.01)
    assert str(caught.value) == (
        "`false_alarm` (=0.01) needs at least 99 normal images, and there are 50: even the highest of their scores is "
        "exceeded by 0.02 of normal images on average; add images, or ask for 0.02"
    )
    assert false_alarm_threshold(np.arange(50.0), 0.02).rank == 50
    for n in (1, 2, 7, 13, 49, 333):  # what it proposes is enough
        with pytest.raises(DataError) as caught:
            false_alarm_threshold(np.arange(float(n)), 0.0001)
        false_alarm_threshold(np.arange(float(n)), float(str(caught.value).rsplit(" ", 1)[1]))


@pytest.mark.parametrize("rate", [0, 1, -0.1, 1.5, math.nan, math.inf, "0.1", None, True])
def test_rates_that_are_none(rate: object) -> None:
    with pytest.raises(DataError, match="must be between 0 and 1"):
        false_alarm_threshold(np.arange(100.0), rate)  # type: ignore[arg-type]


@pytest.mark.parametrize("bad", [math.nan, math.inf])
def test_scores_that_are_not_finite(bad: float) -> None:
    with pytest.raises(DataError, match="NaN or infinite"):
        false_alarm_threshold(np.array([*range(200), bad]), 0.05)


def test_no_scores() -> None:
    with pytest.raises(DataError, match="there are 0"):
        false_alarm_threshold(np.array([]), 0.05)
