"""What a comparison would have shown, judged by the deviation of its own few seeds, which is itself uncertain."""

import math
from functools import cache

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, special, stats

_NUM_QUANTILES = 300  # of each deviation
_MOST_SEEDS = 100_000


@cache
def sensitivity(num_seeds: int, alpha: float, power: float) -> tuple[float, int | None]:
    """The smallest difference that so many seeds show, in units of the deviation they have, and seeds for half of it.

    With the true deviation σ known, `diabolo.stats.smallest_difference` would do. Known is the s of n seeds, and s / σ
    is distributed as √(χ² / (n - 1)): often s is too small, and a multiple of it that were right for σ would be shown
    less often than it says. The multiple k here is such that a true difference of k · s is shown with this probability
    on average over s.

    Args:
        num_seeds: pairs of runs, at least 2.
        alpha: at which a difference is shown.
        power: probability with which it is shown.

    Returns:
        k, and how many seeds show k · s / 2 as often; None where 100,000 are not enough.
    """
    smallest = _smallest(num_seeds, alpha, power)
    low, high = 1, 2
    while _mean_power(smallest / 2, num_seeds, high, alpha) < power:
        low, high = high, high * 2
        if high > _MOST_SEEDS:
            return smallest, None
    while high - low > 1:
        middle = (low + high) // 2
        enough = _mean_power(smallest / 2, num_seeds, middle, alpha) >= power
        low, high = (low, middle) if enough else (middle, high)
    return smallest, high


def _smallest(num_seeds: int, alpha: float, power: float) -> float:
    highest = 1.0
    while _mean_power(highest, num_seeds, num_seeds, alpha) < power:
        highest *= 2
    return float(
        optimize.brentq(lambda size: _mean_power(size, num_seeds, num_seeds, alpha) - power, 0.0, highest, xtol=1e-3)
    )


def _mean_power(multiple: float, known: int, planned: int, alpha: float) -> float:
    """Power of `planned` pairs at `multiple` deviations, over what the deviation of `known` pairs may be.

    The statistic is (z + √planned · multiple · s) / s', with z normal, s of the known pairs and s' of the planned ones.
    """
    limit = float(stats.t.ppf(1 - alpha / 2, planned - 1)) * _deviations(planned)[:, None]
    shift = math.sqrt(planned) * multiple * _deviations(known)[None, :]
    return float(np.mean(special.ndtr(shift - limit) + special.ndtr(-shift - limit)))


@cache
def _deviations(num_seeds: int) -> NDArray[np.float64]:
    """Equally likely values of s / σ."""
    shares = (np.arange(_NUM_QUANTILES) + 0.5) / _NUM_QUANTILES
    return np.sqrt(stats.chi2.ppf(shares, num_seeds - 1) / (num_seeds - 1))
