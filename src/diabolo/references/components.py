"""Principal components of images or of blocks of them: the best linear autoencoder, in closed form.

K. Pearson, "On lines and planes of closest fit to systems of points in space", Philosophical Magazine 2(11), 1901.
"""

from collections.abc import Iterable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

_CENTRE = 128  # taken off every byte: values in [-128, 127]
_ROWS_AT_A_TIME = 1024  # 1024 · 128² = 2²⁴, the largest sum that float32 is sure to hold exactly


@dataclass(frozen=True, kw_only=True, eq=False)
class Components:
    """A mean and directions, for vectors of pixel values in [0, 1]."""

    mean: NDArray[np.float64]
    """(values,)."""
    directions: NDArray[np.float64]
    """(values, directions), orthonormal columns, the strongest first."""

    def reconstruct(self, rows: NDArray[np.uint8]) -> NDArray[np.float32]:
        """`mean + V Vᵀ (x - mean)` with the directions V as columns, not clipped; in float32, which is good to 1e-6.

        Args:
            rows: uint8 (n, values).

        Returns:
            float32 (n, values), in units of the range [0, 1].
        """
        directions, mean = self.directions.astype(np.float32), self.mean.astype(np.float32)
        centred = rows.astype(np.float32)
        centred /= 255
        centred -= mean
        rebuilt = (centred @ directions) @ directions.T
        rebuilt += mean
        return np.asarray(rebuilt, np.float32)


def fit_components(rows: Iterable[NDArray[np.uint8]], most: int | None = None) -> Components:
    """Mean and principal directions of rows that come in pieces; memory is a few times values² numbers.

    The sums of products are exact whatever the order of the rows: bytes less 128 are small whole numbers, and of so few
    rows that float32 holds every partial sum; the total is kept in float64. That is three times as fast as float64
    products and loses nothing. A direction without any variance is left out.

    Args:
        rows: pieces of uint8 (n, values); at least one row in all.
        most: how many directions are wanted at most; None: all.

    Returns:
        As many directions as vary, at most one fewer than there are rows.
    """
    products: NDArray[np.float64] | None = None
    sums = np.zeros(0)
    count = 0
    for piece in rows:
        if products is None:
            products = np.zeros((piece.shape[1], piece.shape[1]))
            sums = np.zeros(piece.shape[1])
        for start in range(0, len(piece), _ROWS_AT_A_TIME):
            centred = piece[start : start + _ROWS_AT_A_TIME].astype(np.float32)
            centred -= _CENTRE
            products += centred.T @ centred
            sums += centred.sum(axis=0, dtype=np.float64)
            count += len(centred)
    assert products is not None
    products -= np.outer(sums, sums / count)
    products /= count
    variances, vectors = np.linalg.eigh(products)
    varies = variances[::-1] > _noise_of(variances)
    rank = min(int(varies.sum()), count - 1, len(sums) if most is None else most)
    return Components(mean=(sums / count + _CENTRE) / 255, directions=vectors[:, ::-1][:, :rank])


def _noise_of(variances: NDArray[np.float64]) -> float:
    """Below this a variance (of bytes, squared) is rounding of the decomposition."""
    return float(np.finfo(np.float64).eps * len(variances) * max(variances.max(initial=0.0), 1e-300))
