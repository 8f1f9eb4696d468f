"""AUPRO: how well maps of scores find defect regions, each region counting the same, whatever its size.

P. Bergmann, K. Batzner, M. Fauser, D. Sattlegger, C. Steger, "The MVTec Anomaly Detection Dataset", International
Journal of Computer Vision 129, 2021: for every threshold, the per-region overlap (PRO) is the mean over connected
defect regions of the share of their pixels that are above it; its area over the share of normal pixels above it, from
0 to 0.3, divided by 0.3.
"""

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

from diabolo.errors import DataError

LIMIT = 0.3
"""Largest share of normal pixels above the threshold that AUPRO integrates to, as in the paper."""

# Scores are counted in bins of equal ratio: the upper bits of a float32 grow with its value. 9 bits of mantissa keep
# neighbours apart that differ by 0.2 %, and memory does not grow with the number of pixels.
_DROPPED_BITS = 14
_LOWEST, _HIGHEST = 2.0**-30, 2.0**6
_FIRST = int(np.float32(_LOWEST).view(np.int32)) >> _DROPPED_BITS
_NUM_BINS = (int(np.float32(_HIGHEST).view(np.int32)) >> _DROPPED_BITS) - _FIRST + 1
_NUM_RESAMPLES = 200
_BLOCK = 16  # images whose counts are added to the resamples together
_NEIGHBOURS = np.ones((3, 3), np.int8)  # pixels that touch by a corner belong to one region, as in MVTec's evaluation


@dataclass(frozen=True, kw_only=True)
class OverlapCurve:
    """What maps of scores find."""

    aupro: float
    """Area under the overlap, from 0 to `limit`, divided by it: 1 for maps that never err."""
    interval: tuple[float, float]
    """Of AUPRO, by resampling images (percentiles of a Poisson bootstrap)."""
    pixel_auroc: float
    """Probability that a defect pixel scores higher than a normal one, from the same counts."""
    confidence: float
    """Of the interval."""
    limit: float
    """Upper end of the area."""
    num_regions: int
    """Connected defect regions."""
    num_images: int
    """Images, normal ones included."""


class PixelScores:
    """Counts maps of scores as they come, in memory that does not grow (about 30 MB).

    Args:
        limit: of the area, between 0 and 1.
        confidence: of the interval.
        seed: of the resamples.
    """

    def __init__(self, *, limit: float = LIMIT, confidence: float = 0.95, seed: int = 0) -> None:
        if not 0 < limit <= 1:
            raise DataError(f"`limit` (={limit}) must be above 0 and at most 1, as in 0.3")
        if not 0 < confidence < 1:
            raise DataError(f"`confidence` (={confidence}) must be between 0 and 1, as in 0.95")
        self.limit, self.confidence = limit, confidence
        self.num_images = self.num_regions = 0
        self._random = np.random.default_rng(seed)
        self._normal = np.zeros(_NUM_BINS)
        self._defect = np.zeros(_NUM_BINS)
        self._overlap = np.zeros(_NUM_BINS)
        self._resampled = np.zeros((2, _NUM_RESAMPLES, _NUM_BINS), np.float32)
        self._waiting: list[tuple[NDArray[np.float32], NDArray[np.float32], int]] = []

    def add(self, score_map: NDArray[np.floating], mask: NDArray[np.bool_] | None) -> int:
        """Counts one image and returns the number of its defect regions.

        Args:
            score_map: (height, width), at least 0; larger is stranger.
            mask: the same shape, True in defects; None for a normal image.

        Raises:
            DataError: the shapes differ, or a score is not finite.
        """
        values = np.asarray(score_map, np.float32)
        if values.ndim != 2 or (mask is not None and mask.shape != values.shape):
            raise DataError(
                f"a map of scores and its mask must be (height, width), and are {values.shape} and "
                f"{None if mask is None else mask.shape}"
            )
        if not np.isfinite(values).all():
            raise DataError("a pixel's score is NaN or infinite; did the training diverge?")
        bins = (np.clip(values, _LOWEST, _HIGHEST).view(np.int32) >> _DROPPED_BITS) - _FIRST
        defects = np.zeros(values.shape, np.bool_) if mask is None else np.asarray(mask, np.bool_)
        regions, count = ndimage.label(defects, structure=_NEIGHBOURS)
        sizes = np.bincount(regions.ravel())
        normal = np.bincount(bins[~defects], minlength=_NUM_BINS)
        overlap = np.bincount(bins[defects], weights=1 / sizes[regions[defects]], minlength=_NUM_BINS)
        self._defect += np.bincount(bins[defects], minlength=_NUM_BINS)
        self._normal += normal
        self._overlap += overlap
        self.num_images += 1
        self.num_regions += count
        self._waiting.append((normal.astype(np.float32), overlap.astype(np.float32), count))
        if len(self._waiting) == _BLOCK:
            self._resample()
        return int(count)

    def result(self) -> OverlapCurve | None:
        """The areas so far; None where there was no defect region, or no normal pixel."""
        self._resample()
        if not (self.num_regions and self._normal.any()):
            return None
        rates, overlaps = _above(self._normal), _above(self._overlap)
        tail = (1 - self.confidence) / 2
        areas = [
            _area(_above(normal), _above(overlap), self.limit)
            for normal, overlap in zip(*self._resampled, strict=True)
            if normal.any() and overlap.any()
        ]
        return OverlapCurve(
            aupro=_area(rates, overlaps, self.limit),
            interval=(float(np.quantile(areas, tail)), float(np.quantile(areas, 1 - tail))),
            pixel_auroc=_area(rates, _above(self._defect), 1.0),
            confidence=self.confidence,
            limit=self.limit,
            num_regions=self.num_regions,
            num_images=self.num_images,
        )

    def _resample(self) -> None:
        """Gives each image that waits a Poisson number of copies in each resample."""
        if not self._waiting:
            return
        copies = self._random.poisson(1.0, (_NUM_RESAMPLES, len(self._waiting))).astype(np.float32)
        for kind in (0, 1):
            counts = np.stack([one[kind] for one in self._waiting])
            used = np.flatnonzero(counts.any(axis=0))
            self._resampled[kind][:, used] += copies @ counts[:, used]
        self._waiting.clear()


def _above(counts: NDArray[np.floating]) -> NDArray[np.float64]:
    """Share of the total in each bin and those above it, from none to all: (bins + 1,)."""
    sums = np.concatenate([[0.0], np.cumsum(counts[::-1], dtype=np.float64)])
    shares: NDArray[np.float64] = sums / sums[-1]
    return shares


def _area(rates: NDArray[np.float64], shares: NDArray[np.float64], limit: float) -> float:
    """Area under `shares` over `rates` from 0 to `limit`, divided by `limit`; straight lines between the bins."""
    end = int(np.searchsorted(rates, limit, side="right"))
    x, y = rates[:end], shares[:end]
    if x[-1] < limit:  # the line to the next bin is cut there
        part = (limit - x[-1]) / (rates[end] - x[-1])
        x, y = np.append(x, limit), np.append(y, y[-1] + part * (shares[end] - y[-1]))
    return float(np.trapezoid(y, x)) / limit
