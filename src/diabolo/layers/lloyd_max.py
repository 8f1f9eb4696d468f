"""The best levels of one scalar, and how many levels each of several scalars should get; numpy in float64."""

import heapq
import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

MAX_LEVELS = 256
"""Most levels of one scalar: 8 bits."""
_ROUNDS = 30  # of Lloyd's two steps; the distortion then moves in its fourth digit
_LOOK_AHEAD = 8  # levels: a mixture of few peaks gains nothing from one more level and much from two
# Distortions are measured at these numbers of levels and filled in between, where they fall as a power of the number.
_MEASURED = (*range(1, 17), 18, 20, 22, 24, 28, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256)


@dataclass(frozen=True, kw_only=True)
class Levels:
    """The levels of one scalar."""

    centres: NDArray[np.float64]
    """Values that stand for all others, ascending."""
    shares: NDArray[np.float64]
    """Share of the data that each stands for; they add up to 1."""
    distortion: float
    """Mean squared distance between a value and its centre."""


def best_levels(values: NDArray[np.float64], num_levels: int) -> Levels:
    """Levels that (locally) have the least mean squared error: Lloyd's algorithm.

    A boundary is the middle between two centres, a centre the mean of the values between its boundaries, in turn
    (Lloyd 1982, https://doi.org/10.1109/TIT.1982.1056489; Max 1960). Fewer different values than levels leave levels
    without data, which stay where they are.

    Args:
        values: (n,), ascending, n > 0.
        num_levels: 1 or more.
    """
    total = np.concatenate([[0.0], np.cumsum(values)])
    centres = _first_centres(values, num_levels)
    for _ in range(_ROUNDS):
        edges = _edges(values, centres)
        counts = np.diff(edges)
        means = np.diff(total[edges]) / np.maximum(counts, 1)
        moved = np.where(counts > 0, means, centres)
        if np.array_equal(moved, centres):
            break
        centres = np.sort(moved)
    counts = np.diff(_edges(values, centres))
    error = values - np.repeat(centres, counts)
    return Levels(centres=centres, shares=counts / len(values), distortion=float(np.mean(error * error)))


def _first_centres(values: NDArray[np.float64], num_levels: int) -> NDArray[np.float64]:
    """Centres as dense as the cube root of the data's density, the best density for many levels (Panter & Dite 1951).

    From plain quantiles Lloyd's steps stick with too few levels in the tails: at 32 levels of a Laplace distribution
    after 30 rounds with 2.4 times the error.
    """
    at = (np.arange(num_levels) + 0.5) / num_levels
    num_bins = max(1, min(len(values) - 1, max(64, min(4 * num_levels, len(values) // 8))))
    borders = np.quantile(values, np.linspace(0, 1, num_bins + 1))
    weights = np.diff(borders) ** (2 / 3)  # width · density^(1/3), where each bin has the same share of the data
    if not weights.sum() > 0:
        return np.quantile(values, at)
    return np.interp(at, np.concatenate([[0.0], np.cumsum(weights)]) / weights.sum(), borders)


def _edges(values: NDArray[np.float64], centres: NDArray[np.float64]) -> NDArray[np.int64]:
    """Where in the ascending values each centre's own begin, and the end."""
    inner = np.searchsorted(values, (centres[1:] + centres[:-1]) / 2, side="right")
    return np.concatenate([[0], inner, [len(values)]]).astype(np.int64)


def share_bits(values: NDArray[np.float64], bits: int) -> list[int]:
    """How many levels each channel gets, so that their product is at most 2^bits and the error in all is small.

    Greedy: the next levels go where they take away the most squared error a bit (Shoham & Gersho 1988,
    https://doi.org/10.1109/29.90373). A channel may get a single level, and then costs nothing.

    Args:
        values: (channels, n), each row ascending.
        bits: to share.
    """
    curves = [_Curve(row) for row in values]
    levels, product = [1] * len(values), 1
    steps: list[tuple[float, int, int, int]] = []

    def offer(channel: int) -> None:
        now = levels[channel]
        best = max(
            (
                (curves[channel].distortion(now) - curves[channel].distortion(more)) / math.log2(more / now),
                -more,
            )
            for more in range(now + 1, min(now + _LOOK_AHEAD, MAX_LEVELS) + 1)
        ) if now < MAX_LEVELS else (0.0, 0)  # fmt: skip
        if best[0] > 0:
            heapq.heappush(steps, (-best[0], channel, now, -best[1]))

    for channel in range(len(levels)):
        offer(channel)
    while steps:
        _, channel, now, more = heapq.heappop(steps)
        while more > now and product // now * more > 2**bits:
            more -= 1  # the last bits of all: as many levels as still fit
        if more == now:
            continue
        product = product // now * more
        levels[channel] = more
        offer(channel)
    return levels


class _Curve:
    """Distortion of one channel over its number of levels, measured where it is asked for."""

    def __init__(self, values: NDArray[np.float64]) -> None:
        self.values = values
        self.known: dict[int, float] = {}

    def distortion(self, num_levels: int) -> float:
        """Of `best_levels`, or between two measured numbers of levels by a power law."""
        above = next(number for number in _MEASURED if number >= num_levels)
        if above == num_levels:
            return self._measured(num_levels)
        below = max(number for number in _MEASURED if number < num_levels)
        low, high = self._measured(below), self._measured(above)
        part = math.log(num_levels / below) / math.log(above / below)
        if low <= 0 or high <= 0:
            return low + (high - low) * part
        return math.exp(math.log(low) + (math.log(high) - math.log(low)) * part)

    def _measured(self, num_levels: int) -> float:
        if num_levels not in self.known:
            self.known[num_levels] = best_levels(self.values, num_levels).distortion
        return self.known[num_levels]
