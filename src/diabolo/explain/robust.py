"""Statistics that a few wild epochs cannot move: medians, Theil-Sen slopes, noise from second differences."""

import itertools
import math

import numpy as np
from numpy.typing import NDArray

Curve = NDArray[np.float64]

_MOST_POINTS = 150  # of which all pairs are taken; a longer curve is thinned to medians of blocks
_MAD_TO_SIGMA = 1.4826  # of a normal distribution
_Z95 = 1.959964


def noise(values: Curve) -> float:
    """Standard deviation of a curve's epoch-to-epoch noise around any smooth course; NaN with fewer than 5 values.

    σ = 1.4826 · median |y(t-1) - 2 y(t) + y(t+1)| / √6: a second difference of white noise has 6 times its variance,
    and a smooth curve next to none. Wild single epochs do not move the median.
    """
    finite = values[np.isfinite(values)]
    if len(finite) < 5:
        return math.nan
    second = np.diff(finite, 2)
    return float(_MAD_TO_SIGMA * np.median(np.abs(second)) / math.sqrt(6))


def running_median(values: Curve, width: int) -> Curve:
    """Median over `width` (odd) neighbours, at the ends over fewer; missing values stay missing and count for none."""
    if width <= 1 or len(values) < 3:
        return values.copy()
    keep = np.isfinite(values)
    if not keep.all():
        out = values.copy()
        out[keep] = running_median(values[keep], width)
        return out
    half = min(width // 2, (len(values) - 1) // 2)
    out = values.copy()
    windows = np.lib.stride_tricks.sliding_window_view(values, 2 * half + 1)
    out[half : len(values) - half] = np.median(windows, axis=1)
    for index in range(half):
        out[index] = np.median(values[: 2 * index + 1])
        out[-1 - index] = np.median(values[len(values) - 1 - 2 * index :])
    return out


def slope(times: Curve, values: Curve) -> tuple[float, float, float]:
    """Theil-Sen slope and its 95 % interval by Kendall's statistic (Sen 1968), without ties; NaN below 3 points."""
    times, values = thinned(times, values)
    count = len(values)
    if count < 3:
        return math.nan, math.nan, math.nan
    first, second = np.triu_indices(count, 1)
    slopes = np.sort((values[second] - values[first]) / (times[second] - times[first]))
    spread = _Z95 * math.sqrt(count * (count - 1) * (2 * count + 5) / 18)
    low = max(0, math.floor((len(slopes) - spread) / 2) - 1)
    high = min(len(slopes) - 1, math.ceil((len(slopes) + spread) / 2))
    return float(np.median(slopes)), float(slopes[low]), float(slopes[high])


def thinned(times: Curve, values: Curve, most: int = _MOST_POINTS) -> tuple[Curve, Curve]:
    """Finite points; of more than `most` the medians of blocks."""
    keep = np.isfinite(values) & np.isfinite(times)
    times, values = times[keep], values[keep]
    if len(values) <= most:
        return times, values
    edges = np.linspace(0, len(values), most + 1).astype(int)
    pairs = list(itertools.pairwise(edges))
    return (
        np.array([np.median(times[start:end]) for start, end in pairs]),
        np.array([np.median(values[start:end]) for start, end in pairs]),
    )


def level(values: Curve, count: int) -> float:
    """Median of the last `count` finite values; NaN where there is none."""
    finite = values[np.isfinite(values)]
    return float(np.median(finite[-count:])) if len(finite) else math.nan


def middle(values: Curve) -> float:
    """Median of the finite values; NaN where there is none."""
    return level(values, len(values))
