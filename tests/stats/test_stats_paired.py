"""Paired differences beside SciPy's test, and by simulation: intervals cover what they say."""

import numpy as np
import pytest
from scipy import stats

from diabolo.errors import DataError
from diabolo.stats import paired_difference

NUM_SIMULATED = 600


@pytest.mark.parametrize("n", [2, 3, 5, 10, 200])
def test_interval_and_p_value_are_scipys(n: int) -> None:
    random = np.random.default_rng(n)
    a, b = random.normal(26, 0.1, n), random.normal(25.9, 0.1, n)
    ours = paired_difference(a, b, confidence=0.9)
    theirs = stats.ttest_rel(a, b)
    low, high = theirs.confidence_interval(0.9)
    assert ours.p_value == pytest.approx(theirs.pvalue, rel=1e-9)
    assert ours.t_interval == pytest.approx((low, high), rel=1e-9)
    assert (ours.n, ours.mean) == (n, pytest.approx(np.mean(a - b)))
    assert ours.deviation == pytest.approx(np.std(a - b, ddof=1))
    assert (ours.bootstrap_interval is not None) == (n >= 5)


def test_the_interval_covers_the_true_difference() -> None:
    """At 95 % of 600, three standard errors are 2.7 points; the bootstrap may cover more, never less."""
    random = np.random.default_rng(0)
    covered = np.zeros(2)
    for _ in range(NUM_SIMULATED):
        shared = random.normal(25, 1, 5)
        found = paired_difference(shared + random.normal(0.3, 0.2, 5), shared)
        for index, interval in enumerate((found.t_interval, found.bootstrap_interval)):
            assert interval is not None
            covered[index] += interval[0] <= 0.3 <= interval[1]
    share_t, share_bootstrap = covered / NUM_SIMULATED
    assert abs(share_t - 0.95) < 0.027
    assert share_bootstrap > 0.95 - 0.027


def test_skewed_differences_are_covered_better_by_the_bootstrap() -> None:
    random = np.random.default_rng(1)
    covered = np.zeros(2)
    for _ in range(NUM_SIMULATED):
        found = paired_difference(random.lognormal(0, 1, 6), np.zeros(6))
        for index, interval in enumerate((found.t_interval, found.bootstrap_interval)):
            assert interval is not None
            covered[index] += interval[0] <= np.exp(0.5) <= interval[1]
    assert covered[1] > covered[0] + 0.03 * NUM_SIMULATED


def test_the_same_seed_gives_the_same_interval() -> None:
    a, b = np.random.default_rng(3).normal(size=(2, 7))
    assert paired_difference(a, b) == paired_difference(a, b)
    assert paired_difference(a, b, seed=1).bootstrap_interval != paired_difference(a, b).bootstrap_interval


def test_what_cannot_be_inferred_is_none() -> None:
    one = paired_difference([2.0], [1.5])
    assert (one.n, one.mean, one.t_interval, one.bootstrap_interval, one.p_value) == (1, 0.5, None, None, None)
    assert np.isnan(one.deviation)
    assert not one.is_constant
    for a, b in (([1.0, 2.0, 3.0], [0.9, 1.9, 2.9]), ([1.0] * 6, [1.0] * 6)):
        same = paired_difference(a, b)
        assert same.is_constant, "0.1 three times, but for rounding"
        assert (same.t_interval, same.bootstrap_interval, same.p_value) == (None, None, None)
    # Most resamples of one value that differs have no deviation at all.
    odd = paired_difference([1.0] * 7 + [2.0], [1.0] * 8)
    assert odd.t_interval is not None
    assert odd.bootstrap_interval == (-np.inf, np.inf)


@pytest.mark.parametrize(
    ("a", "b", "options", "message"),
    [
        ([1.0], [1.0, 2.0], {}, "two lists of the same length"),
        ([], [], {}, "no pairs"),
        ([1.0, float("nan")], [1.0, 2.0], {}, "NaN or infinite"),
        ([1.0, 2.0], [1.0, float("inf")], {}, "NaN or infinite"),
        ([[1.0]], [[1.0]], {}, "two lists"),
        ([1.0, 2.0], [1.0, 2.5], {"confidence": 95}, r"`confidence` \(=95\)"),
    ],
)
def test_what_cannot_be_compared(a: list, b: list, options: dict, message: str) -> None:
    with pytest.raises(DataError, match=message):
        paired_difference(a, b, **options)
