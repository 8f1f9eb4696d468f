"""A threshold from scores of normal images, so that a chosen share of normal images is above it; and how sure that is.

No shape of the scores is assumed. Of n + 1 images that could have come in any order, the next one is as likely to rank
first as last. So with the k-th smallest of n scores as threshold, the share of normal images above it is drawn from
Beta(n - k + 1, k), whatever the scores are (Wilks 1941, "Determination of sample sizes for setting tolerance limits");
its mean is (n - k + 1) / (n + 1), and k is the smallest for which that is at most the rate asked for. This is the
threshold of split conformal prediction.
"""

import math
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import stats

from diabolo.errors import DataError

CONFIDENCE = 0.95
"""Of the range that is stated for a false-alarm rate."""


@dataclass(frozen=True, kw_only=True)
class Threshold:
    """Scores above `value` are alarms."""

    value: float
    """The threshold, in the unit of the scores."""
    asked: float
    """The false-alarm rate that was asked for, between 0 and 1."""
    expected: float
    """The rate to expect: at most `asked`, and as near to it as the number of images allows."""
    interval: tuple[float, float]
    """The real rate lies in it with probability `confidence`, over which normal images were drawn."""
    confidence: float
    """Of the interval."""
    num_images: int
    """Normal images that the threshold comes from."""
    rank: int
    """The threshold is the score of this rank among them, the smallest being 1."""

    def alarms_among(self, num_images: int) -> tuple[int, int]:
        """Fewest and most alarms among so many further normal images, with probability `confidence` at least.

        Wider than `interval` times their number: this adds the chance of which images come. Their number of alarms is
        beta-binomial.
        """
        alarms = stats.betabinom(num_images, self.num_images - self.rank + 1, self.rank)
        tail = (1 - self.confidence) / 2
        return int(alarms.ppf(tail)), int(alarms.ppf(1 - tail))


def images_needed(false_alarm: float) -> int:
    """The fewest normal images for which a threshold can have this false-alarm rate.

    Raises:
        DataError: the rate is not between 0 and 1.
    """
    _check_rate(false_alarm)
    needed = max(1, math.ceil(1 / false_alarm) - 2)
    while _rank(needed, false_alarm) > needed:  # counts up at most twice: division rounds
        needed += 1
    return needed


def false_alarm_threshold(
    scores: NDArray[np.floating], false_alarm: float, *, confidence: float = CONFIDENCE
) -> Threshold:
    """Chooses the threshold.

    Args:
        scores: (n,) of normal images that took no part in the training; larger is stranger.
        false_alarm: the share of normal images that may be called abnormal, as 0.01.
        confidence: of the range stated for the real rate.

    Raises:
        DataError: too few scores for this rate (the message says how many are needed), a score is not finite, or an
            option is out of range.
    """
    _check_rate(false_alarm)
    if not 0 < confidence < 1:
        raise DataError(f"`confidence` (={confidence}) must be between 0 and 1, as in 0.95")
    values = np.sort(np.asarray(scores, np.float64).ravel())
    if not np.isfinite(values).all():
        raise DataError("a score of a normal image is NaN or infinite; did the training diverge?")
    n = len(values)
    rank = _rank(n, false_alarm)
    if rank > n:
        raise DataError(
            f"`false_alarm` (={false_alarm:g}) needs at least {images_needed(false_alarm):,} normal images, and there "
            f"are {n:,}: even the highest of their scores is exceeded by {1 / (n + 1):.2g} of normal images on "
            f"average; add images, or ask for {_round_up(1 / (n + 1)):g}"
        )
    beta = stats.beta(n - rank + 1, rank)
    tail = (1 - confidence) / 2
    return Threshold(
        value=float(values[rank - 1]),
        asked=false_alarm,
        expected=(n - rank + 1) / (n + 1),
        interval=(float(beta.ppf(tail)), float(beta.ppf(1 - tail))),
        confidence=confidence,
        num_images=n,
        rank=rank,
    )


def _rank(n: int, false_alarm: float) -> int:
    """The smallest rank with an expected rate of at most `false_alarm`; n + 1 where there is none."""
    # A rate such as 0.01 of 99 images allows 1.0000000000000002 or 0.9999999999999999 alarms, and one is meant.
    allowed = math.floor((n + 1) * false_alarm * (1 + 1e-12))
    return n + 1 - min(allowed, n)


def _round_up(rate: float) -> float:
    """The rate with two digits, never less than it is."""
    digits = 1 - math.floor(math.log10(rate))
    return math.ceil(rate * 10**digits - 1e-9) / 10**digits


def _check_rate(false_alarm: float) -> None:
    is_number = isinstance(false_alarm, int | float) and not isinstance(false_alarm, bool)
    if not (is_number and 0 < false_alarm < 1):
        raise DataError(f"`false_alarm` (={false_alarm}) must be between 0 and 1, as in 0.01")
