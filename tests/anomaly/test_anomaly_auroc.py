"""AUROC against scikit-learn; its interval against DeLong's formula written out, and by simulation."""

import math

import numpy as np
import pytest
from scipy import stats
from sklearn.metrics import roc_auc_score

from diabolo.anomaly import auroc
from diabolo.errors import DataError


@pytest.mark.parametrize("decimals", [8, 1, 0])
def test_value_is_that_of_scikit_learn(decimals: int) -> None:
    random = np.random.default_rng(decimals)
    for n, m in ((1, 1), (1, 5), (30, 70), (400, 9)):
        normal, defect = random.normal(size=n).round(decimals), random.normal(0.7, 2, m).round(decimals)
        labels = np.repeat([0, 1], [n, m])
        assert auroc(normal, defect).value == pytest.approx(
            roc_auc_score(labels, np.concatenate([normal, defect])), abs=1e-12
        )


def test_variance_is_that_of_delong() -> None:
    """The interval's half width on the logit scale, from the components computed pair by pair."""
    random = np.random.default_rng(5)
    normal, defect = random.normal(size=40).round(1), random.normal(1, 1, 25).round(1)
    pairs = (defect[:, None] > normal) + 0.5 * (defect[:, None] == normal)
    variance = pairs.mean(0).var(ddof=1) / 40 + pairs.mean(1).var(ddof=1) / 25
    found = auroc(normal, defect)
    half = stats.norm.ppf(0.975) * math.sqrt(variance) / (found.value * (1 - found.value))
    low, high = (math.log(end / (1 - end)) for end in found.interval)
    assert (high - low) / 2 == pytest.approx(half, rel=1e-9)


@pytest.mark.parametrize(("shift", "n", "m"), [(0.0, 20, 20), (1.0, 50, 15), (2.5, 100, 30)])
def test_interval_covers(shift: float, n: int, m: int) -> None:
    """2,000 samples each: between 93 % and 98 %, four deviations of the simulation (0.5 %) and the method's own 1 %."""
    random = np.random.default_rng(6)
    true = float(stats.norm.cdf(shift / math.sqrt(2)))
    inside = 0
    for _ in range(2000):
        low, high = auroc(random.normal(size=n), random.normal(shift, 1, m)).interval
        inside += low <= true <= high
    assert 0.93 < inside / 2000 < 0.98


@pytest.mark.parametrize(("normal", "defect"), [([1, 2, 3], [4, 5]), ([1], [2]), ([4, 5], [1, 2, 3]), ([1, 1], [1, 1])])
def test_scores_that_never_err_still_have_an_interval(normal: list[float], defect: list[float]) -> None:
    found = auroc(np.array(normal), np.array(defect))
    low, high = found.interval
    assert 0 <= low <= found.value <= high <= 1
    assert high - low > 0.1


def test_more_images_narrow_the_interval_of_scores_that_never_err() -> None:
    lows = [auroc(np.zeros(n), np.ones(n)).interval[0] for n in (2, 10, 100, 1000)]
    assert lows == sorted(lows)
    assert lows[-1] > 0.99


@pytest.mark.parametrize(("normal", "defect"), [([], [1]), ([1], []), ([1, math.nan], [1]), ([1], [math.inf])])
def test_what_it_refuses(normal: list[float], defect: list[float]) -> None:
    with pytest.raises(DataError):
        auroc(np.array(normal), np.array(defect))
