"""AUROC: how well a score tells defect from normal images, with an interval."""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import optimize, special, stats

from diabolo.errors import DataError


@dataclass(frozen=True, kw_only=True)
class Auroc:
    """Area under the ROC curve: 1 for a score that never errs, 0.5 for one that guesses."""

    value: float
    """Probability that a defect image scores higher than a normal one; half of the ties count."""
    interval: tuple[float, float]
    """Of the population that the images come from."""
    confidence: float
    """Of the interval, 0.95 for 95 %."""
    num_normal: int
    """Normal images."""
    num_defect: int
    """Defect images."""


def auroc(normal: NDArray[np.floating], defect: NDArray[np.floating], *, confidence: float = 0.95) -> Auroc:
    """AUROC with DeLong's variance (DeLong, DeLong and Clarke-Pearson 1988), the interval on the logit scale.

    Where the variance is 0, as for scores that never err, or of a single image, the interval is Newcombe's fifth
    (Newcombe 2006, "Confidence intervals for an effect size measure based on the Mann-Whitney statistic, part 2"),
    which needs no more than the value and the two numbers.

    Args:
        normal: (n,) scores of normal images.
        defect: (m,) scores of defect images; larger is stranger.
        confidence: of the interval.

    Raises:
        DataError: no images of one kind, or a score is not finite.
    """
    if not 0 < confidence < 1:
        raise DataError(f"`confidence` (={confidence}) must be between 0 and 1, as in 0.95")
    low, high = np.asarray(normal, np.float64).ravel(), np.asarray(defect, np.float64).ravel()
    n, m = len(low), len(high)
    if not (n and m):
        raise DataError(f"AUROC needs normal and defect images, and there are {n:,} and {m:,}")
    if not (np.isfinite(low).all() and np.isfinite(high).all()):
        raise DataError("a score is NaN or infinite; did the training diverge?")
    ranks = stats.rankdata(np.concatenate([low, high]))
    # Of each image the share of the other kind that is on the right side of it, ties counting half.
    above = (ranks[n:] - stats.rankdata(high)) / n
    below = 1 - (ranks[:n] - stats.rankdata(low)) / m
    value = float(above.mean())
    variance = (below.var(ddof=1) / n if n > 1 else 0.0) + (above.var(ddof=1) / m if m > 1 else 0.0)
    z = float(stats.norm.ppf((1 + confidence) / 2))
    if min(n, m) > 1 and variance > 0 and 0 < value < 1:
        centre, half = special.logit(value), z * math.sqrt(variance) / (value * (1 - value))
        interval = (float(special.expit(centre - half)), float(special.expit(centre + half)))
    else:
        interval = _newcombe(value, n, m, z)
    return Auroc(value=value, interval=interval, confidence=confidence, num_normal=n, num_defect=m)


def _newcombe(value: float, n: int, m: int, z: float) -> tuple[float, float]:
    """The areas from which `value` is z standard errors away; the error is that of exponential scores."""

    def distance(area: float) -> float:
        mean = (n + m) / 2 - 1
        error = area * (1 - area) * (1 + mean * (1 - area) / (2 - area) + mean * area / (1 + area)) / (n * m)
        return abs(value - area) - z * math.sqrt(max(error, 0.0))

    # Just beside the value, since a value of 0 or 1 is a root itself.
    lower = 0.0 if value == 0 else float(optimize.brentq(distance, 0.0, value - 1e-9))
    upper = 1.0 if value == 1 else float(optimize.brentq(distance, value + 1e-9, 1.0))
    return lower, upper
