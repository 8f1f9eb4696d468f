"""How far a latent is from those of normal images: Mahalanobis's distance, with a shrunk covariance."""

import base64
import binascii
from dataclasses import dataclass
from typing import Any, Self

import numpy as np
from numpy.typing import NDArray

from diabolo.errors import DataError, DiaboloError

MOST_VALUES = 1024
"""Longest latent vector: its covariance is a matrix, kept beside the run."""
_LEAST_VARIANCE = 1e-6  # of a direction, as a share of the largest


@dataclass(frozen=True, kw_only=True, eq=False)
class LatentStatistics:
    """Where latents of normal images lie: mean and directions, in which they vary alike."""

    mean: NDArray[np.float32]
    """(values,)"""
    whitening: NDArray[np.float32]
    """(values, values): latents minus the mean, times this, have about the identity as covariance."""
    num_images: int
    """Normal images that they come from."""

    def distances(self, latents: NDArray[np.floating]) -> NDArray[np.float64]:
        """Mahalanobis's distance of each of (N, values): 0 at the mean, about √values for a normal image.

        Raises:
            DiaboloError: the latents have another length.
        """
        if latents.ndim != 2 or latents.shape[1] != len(self.mean):
            raise DiaboloError(f"`latents` have shape {latents.shape}; this takes (N, {len(self.mean)})")
        centred = np.asarray(latents, np.float64) - self.mean
        distances: NDArray[np.float64] = np.linalg.norm(centred @ self.whitening.astype(np.float64), axis=1)
        return distances

    def to_dict(self) -> dict[str, Any]:
        """For JSON: float32 values, little-endian, in base64."""
        return {
            "num_images": self.num_images,
            "values": len(self.mean),
            "mean": _packed(self.mean),
            "whitening": _packed(self.whitening),
        }

    @classmethod
    def from_dict(cls, values: dict[str, Any]) -> Self:
        """Reads what `to_dict` gave.

        Raises:
            KeyError, TypeError, ValueError: something is missing, or of another kind or length.
        """
        size = int(values["values"])
        if not 1 <= size <= MOST_VALUES:
            raise ValueError(f"{size} values")
        return cls(
            mean=_unpacked(values["mean"], (size,)),
            whitening=_unpacked(values["whitening"], (size, size)),
            num_images=int(values["num_images"]),
        )


def latent_statistics(latents: NDArray[np.floating]) -> LatentStatistics:
    """Mean and covariance of latents (N, values) of normal images.

    The covariance is drawn towards a multiple of the identity by the amount that makes its expected error smallest
    (O. Ledoit, M. Wolf, "A well-conditioned estimator for large-dimensional covariance matrices", 2004), so that few
    images and dead channels do no harm.

    Raises:
        DataError: fewer than 2 images, vectors too long, or a value that is not finite.
    """
    values = np.asarray(latents, np.float64)
    if values.ndim != 2 or len(values) < 2:
        raise DataError(f"latent distances need latents of at least 2 normal images, and there are {len(values):,}")
    if values.shape[1] > MOST_VALUES:
        raise DataError(
            f"latent distances take vectors of at most {MOST_VALUES:,} values, and these have {values.shape[1]:,}; "
            "choose another score"
        )
    if not np.isfinite(values).all():
        raise DataError("a latent of a normal image is NaN or infinite; did the training diverge?")
    mean = values.mean(axis=0)
    variances, directions = np.linalg.eigh(_shrunk_covariance(values - mean))
    # A direction without variance would be infinitely far; latents that never vary say nothing of what is normal.
    scale = np.sqrt(np.maximum(variances, variances.max() * _LEAST_VARIANCE)) if variances.max() > 0 else 1.0
    return LatentStatistics(
        mean=mean.astype(np.float32), whitening=(directions / scale).astype(np.float32), num_images=len(values)
    )


def _shrunk_covariance(centred: NDArray[np.float64]) -> NDArray[np.float64]:
    """Covariance of centred values (N, values) with Ledoit and Wolf's shrinkage."""
    n, size = centred.shape
    covariance: NDArray[np.float64] = centred.T @ centred / n
    target = np.trace(covariance) / size
    away = float(((covariance - target * np.eye(size)) ** 2).sum())
    if away == 0:
        return covariance
    squares = centred**2
    noise = float(((squares.T @ squares) / n - covariance**2).sum()) / n
    share = min(1.0, max(0.0, noise) / away)
    return (1 - share) * covariance + share * target * np.eye(size)


def _packed(values: NDArray[np.float32]) -> str:
    return base64.b64encode(values.astype("<f4").tobytes()).decode()


def _unpacked(text: str, shape: tuple[int, ...]) -> NDArray[np.float32]:
    try:
        values = np.frombuffer(base64.b64decode(text, validate=True), "<f4").reshape(shape).astype(np.float32)
    except binascii.Error as error:
        raise ValueError(str(error)) from None
    if not np.isfinite(values).all():
        raise ValueError("a value is not finite")
    return values
