"""Holm's correction by its definition; power beside a simulation, and its inverses beside power itself."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from scipy import stats

from diabolo.errors import DataError
from diabolo.stats import holm, power_of, seeds_needed, smallest_difference


def test_holm_on_the_textbook_case() -> None:
    assert holm([0.01, 0.04, 0.03, 0.005]) == pytest.approx((0.03, 0.06, 0.06, 0.02))
    assert holm([]) == ()
    assert holm([0.2]) == (0.2,)
    assert holm([0.9, 0.8]) == (1.0, 1.0)


@given(st.lists(st.floats(0, 1), min_size=1, max_size=12), st.floats(0.001, 0.5))
@settings(deadline=None, derandomize=True)
def test_holm_rejects_as_the_procedure_does(p_values: list[float], alpha: float) -> None:
    """Step by step, from the smallest: reject while p ≤ alpha / (number left); stop at the first that is not."""
    order = np.argsort(p_values, kind="stable")
    rejected = set()
    for rank, index in enumerate(order):
        if p_values[index] * (len(p_values) - rank) > alpha:
            break
        rejected.add(int(index))
    assert {index for index, value in enumerate(holm(p_values)) if value <= alpha} == rejected


@pytest.mark.parametrize(("n", "difference"), [(3, 2.0), (5, 1.2), (10, 0.8), (10, 0.0)])
def test_power_is_what_a_simulation_shows(n: int, difference: float) -> None:
    """20,000 simulated tests: three standard errors are at most 1.1 points."""
    drawn = np.random.default_rng(n).normal(difference, 1.0, (20_000, n))
    shown = float((stats.ttest_1samp(drawn, 0.0, axis=1).pvalue < 0.05).mean())
    assert power_of(difference, 1.0, n) == pytest.approx(shown, abs=0.011)
    assert power_of(-difference * 3, 3.0, n) == pytest.approx(power_of(difference, 1.0, n))


@pytest.mark.parametrize(("n", "difference"), [(3, 1.0), (5, 0.5), (10, 1.5), (1000, 0.1)])
def test_power_is_scipys_noncentral_t_where_that_has_digits(n: int, difference: float) -> None:
    limit, shift = stats.t.ppf(0.975, n - 1), np.sqrt(n) * difference
    theirs = stats.nct.sf(limit, n - 1, shift) + stats.nct.cdf(-limit, n - 1, shift)
    assert power_of(difference, 1.0, n) == pytest.approx(theirs, abs=1e-5)


@pytest.mark.parametrize("n", [2, 3, 5, 10, 100])
@pytest.mark.parametrize("alpha", [0.05, 0.005])
def test_the_smallest_difference_has_the_power_asked_for(n: int, alpha: float) -> None:
    found = smallest_difference(0.3, n, alpha=alpha, power=0.8)
    assert power_of(found, 0.3, n, alpha=alpha) == pytest.approx(0.8, abs=1e-6)


@pytest.mark.parametrize("difference", [0.05, 0.2, 1.0, 40.0])
def test_the_seeds_needed_are_the_fewest(difference: float) -> None:
    n = seeds_needed(0.25, difference)
    assert n is not None
    assert power_of(difference, 0.25, n) >= 0.8
    assert n == 2 or power_of(difference, 0.25, n - 1) < 0.8


def test_at_the_edges() -> None:
    assert seeds_needed(1.0, 0.0) is None
    assert seeds_needed(1.0, 1e-9) is None
    assert power_of(1e300, 1e-300, 5) == 1.0
    assert power_of(1e9, 1.0, 2) == 1.0
    for call, message in (
        (lambda: power_of(1, 0, 5), "`deviation`"),
        (lambda: power_of(1, float("nan"), 5), "`deviation`"),
        (lambda: power_of(1, 1, 1), "`n`"),
        (lambda: power_of(1, 1, 3, alpha=0), "`alpha`"),
        (lambda: smallest_difference(1, 3, power=1.0), "`power`"),
        (lambda: seeds_needed(1, 1, power=0.01), "`power`"),
    ):
        with pytest.raises(DataError, match=message):
            call()
