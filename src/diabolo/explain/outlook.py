"""What another N epochs would probably give: every smooth course that fits the recent curve, carried on."""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from diabolo.explain.robust import running_median, thinned

Curve = NDArray[np.float64]

_FEWEST = 6  # points of the recent half, below which nothing is said
_SHAPES = 40  # courses of each family
_MOST_POINTS = 120
_CHI2_95 = 3.841  # 95 % point of χ² with one degree of freedom, for the profile of the shape parameter


@dataclass(frozen=True, kw_only=True)
class Outlook:
    """A curve's probable level later on, in the curve's own unit."""

    num_epochs: int
    """Epochs from the last one on."""
    now: float
    """The level at the last epoch, noise taken out."""
    then: float
    """The most probable level."""
    low: float
    """Lower end of the interval."""
    high: float
    """Upper end of the interval."""


def outlook(times: Curve, values: Curve, num_epochs: int, *, lowest: float | None = None) -> Outlook | None:
    """Carries a falling curve on; None where there are too few points.

    Two families are fitted to the recent half of the curve, y = a + b·exp(-t/τ) and y = a + b·t^(-c), each for forty
    values of τ and c; for each, a and b are least squares with b ≥ 0 and a ≥ `lowest`. All courses whose squared error
    is within the 95 % profile of the best, SSE ≤ SSE_min · (1 + 3.84 / m), and the neighbours of the best, are carried
    on, with m half the number of points, since neighbouring epochs are not independent. Their range, widened by the
    standard error of the level, is the interval; the middle is the mean of the best of each family. The two families
    bracket what training curves do: they stop, or they slow down for ever.

    Args:
        times: numbers of the epochs, rising, above 0.
        values: the curve; missing values are NaN.
        num_epochs: how far to carry on.
        lowest: a value that the curve cannot fall below, where there is one.
    """
    times, values = thinned(times, values, 2 * _MOST_POINTS)
    count = len(values) // 2
    if count < _FEWEST:
        return None
    smooth = running_median(values, 3)[-count:]
    times = times[-count:]
    shapes, later = _courses(times, float(times[-1]) + num_epochs)
    sse, at_end, at_later = _fits(shapes, later, smooth, lowest)
    degrees = max(1.0, count / 2 - 2)
    best = float(sse.min())
    accepted = sse <= best * (1 + _CHI2_95 / degrees) + 1e-30
    at = int(np.argmin(sse))  # its neighbours, too: the truth lies between two shapes of the grid
    family = at // _SHAPES * _SHAPES
    accepted[max(family, at - 1) : min(family + _SHAPES, at + 2)] = True
    error = float(np.sqrt(best / max(1, count - 3)) * 2 / np.sqrt(max(2.0, count / 4)))
    winners = [int(np.argmin(sse[:_SHAPES])), _SHAPES + int(np.argmin(sse[_SHAPES:]))]
    usable = [index for index in winners if accepted[index]] or [at]
    low, high = float(at_later[accepted].min()) - error, float(at_later[accepted].max()) + error
    if lowest is not None:
        low = max(low, lowest)
    return Outlook(
        num_epochs=num_epochs,
        now=float(np.mean(at_end[usable])),
        then=float(np.mean(at_later[usable])),
        low=low,
        high=high,
    )


def _courses(times: Curve, later: float) -> tuple[Curve, Curve]:
    """Decreasing shapes (2·_SHAPES, points) and their values at `later`, scaled from 1 at the first point."""
    first, span = times[0], max(1.0, times[-1] - times[0])
    taus = span * np.geomspace(0.08, 20, _SHAPES)[:, None]
    powers = np.geomspace(0.05, 6, _SHAPES)[:, None]
    shapes = np.concatenate([np.exp(-(times - first) / taus), (times / first) ** -powers])
    at = np.concatenate([np.exp(-(later - first) / taus), (later / first) ** -powers])
    return shapes, at[:, 0]


def _fits(shapes: Curve, later: Curve, values: Curve, lowest: float | None) -> tuple[Curve, Curve, Curve]:
    """Squared error, value at the last point and value later, of the best a + b·shape for each shape."""
    centred = shapes - shapes.mean(axis=1, keepdims=True)
    scale = np.maximum((centred**2).sum(axis=1), 1e-300)
    slopes = np.maximum(0.0, centred @ (values - values.mean()) / scale)
    offsets = values.mean() - slopes * shapes.mean(axis=1)
    if lowest is not None:
        under = offsets < lowest
        through = (shapes @ (values - lowest)) / np.maximum((shapes**2).sum(axis=1), 1e-300)
        slopes = np.where(under, np.maximum(0.0, through), slopes)
        offsets = np.where(under, lowest, offsets)
    errors = values - offsets[:, None] - slopes[:, None] * shapes
    return (errors**2).sum(axis=1), offsets + slopes * shapes[:, -1], offsets + slopes * later
