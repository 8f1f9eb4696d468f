"""Power of a paired comparison: which differences a number of seeds shows, and how many seeds a difference needs."""

import math

import numpy as np
from scipy import optimize, special, stats

from diabolo.errors import DataError

MOST_SEEDS = 1_000_000
_NUM_NODES = 400  # of the integral over the sample's deviation; 200 give the same six digits


def power_of(difference: float, deviation: float, n: int, *, alpha: float = 0.05) -> float:
    """Probability that n pairs show a true difference (two-sided paired t-test).

    The statistic is noncentral t with n - 1 degrees of freedom and noncentrality √n · difference / deviation.

    Args:
        difference: the true mean difference.
        deviation: standard deviation of the differences, above 0.
        n: pairs, at least 2.
        alpha: probability of showing a difference where there is none.

    Raises:
        DataError: a value is out of range.
    """
    _check(deviation, n, alpha)
    limit = float(stats.t.ppf(1 - alpha / 2, n - 1))
    shift = math.sqrt(n) * abs(difference) / deviation
    # Not `scipy.stats.nct`: it is NaN in both tails. Given the sample's deviation s, the statistic is normal; the mean
    # over s is an integral over its quantiles.
    nodes, weights = np.polynomial.legendre.leggauss(_NUM_NODES)
    sample = stats.chi.ppf((nodes + 1) / 2, n - 1) / math.sqrt(n - 1)
    shown = special.ndtr(shift - limit * sample) + special.ndtr(-shift - limit * sample)
    return float(min(1.0, (shown * weights).sum() / 2))


def smallest_difference(deviation: float, n: int, *, alpha: float = 0.05, power: float = 0.8) -> float:
    """The difference that n pairs show with this probability, in the unit of `deviation`.

    Raises:
        DataError: a value is out of range; `power` must lie between `alpha` and 1.
    """
    _check(deviation, n, alpha, power)
    highest = 1.0
    while power_of(highest, 1.0, n, alpha=alpha) < power:
        highest *= 2
    found = optimize.brentq(lambda size: power_of(size, 1.0, n, alpha=alpha) - power, 0.0, highest, xtol=1e-9)
    return float(found) * deviation


def seeds_needed(deviation: float, difference: float, *, alpha: float = 0.05, power: float = 0.8) -> int | None:
    """The fewest pairs that show this difference with this probability; None where a million are not enough.

    Raises:
        DataError: a value is out of range.
    """
    _check(deviation, 2, alpha, power)
    size = abs(difference) / deviation
    if size == 0 or power_of(size, 1.0, MOST_SEEDS, alpha=alpha) < power:
        return None
    low, high = 1, 2
    while power_of(size, 1.0, high, alpha=alpha) < power:
        low, high = high, min(MOST_SEEDS, high * 2)
    while high - low > 1:
        middle = (low + high) // 2
        low, high = (low, middle) if power_of(size, 1.0, middle, alpha=alpha) >= power else (middle, high)
    return high


def _check(deviation: float, n: int, alpha: float, power: float | None = None) -> None:
    if not (deviation > 0 and math.isfinite(deviation)):
        raise DataError(f"`deviation` (={deviation}) must be a number above 0")
    if n < 2:
        raise DataError(f"`n` (={n}) must be at least 2: one pair has no deviation")
    if not 0 < alpha < 1:
        raise DataError(f"`alpha` (={alpha}) must be between 0 and 1, as in 0.05")
    if power is not None and not alpha < power < 1:
        raise DataError(f"`power` (={power}) must lie between `alpha` (={alpha}) and 1, as in 0.8")
