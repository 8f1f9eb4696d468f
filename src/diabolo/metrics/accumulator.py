"""MSE, PSNR and SSIM over a whole data set, batch by batch."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from diabolo.errors import DataError
from diabolo.metrics._pairs import check_pair
from diabolo.metrics.pixelwise import mean_squared_error, peak_signal_to_noise
from diabolo.metrics.similarity import structural_similarity

_RANGE_SLACK = 1e-3  # how far an image may leave [0, 1] by rounding (bf16 has three digits)


@dataclass(frozen=True, kw_only=True)
class MetricValues:
    """Means over images, of reconstructions clipped to [0, 1]."""

    num_images: int
    """How many images the means are over."""
    mse: float
    """Mean squared error, in squared units of the range [0, 1]."""
    psnr_db: float
    """Mean of the PSNR of each image, in dB (not the PSNR of the mean error, which is lower)."""
    ssim: float
    """Mean structural similarity, in [-1, 1]."""


@dataclass(frozen=True, kw_only=True)
class PerImageValues:
    """One value an image, in the order in which the images came; float64 arrays of shape (images,)."""

    mse: NDArray[np.float64]
    """Mean squared error over pixels and channels."""
    psnr_db: NDArray[np.float64]
    """Peak signal-to-noise ratio in dB, at most 100."""
    ssim: NDArray[np.float64]
    """Structural similarity, in [-1, 1]."""


class ImageMetrics:
    """Collects MSE, PSNR and SSIM of batches of reconstructions.

    Reconstructions are clipped to [0, 1] first, as a display or an image file would, so that all three describe what
    can be seen. Means are taken in float64 and do not depend on how the images were cut into batches.
    """

    def __init__(self) -> None:
        self._mse: list[NDArray[np.float64]] = []
        self._psnr: list[NDArray[np.float64]] = []
        self._ssim: list[NDArray[np.float64]] = []

    @torch.no_grad()
    def update(self, reconstructions: Tensor, images: Tensor) -> None:
        """Adds a batch.

        Args:
            reconstructions: Float[Tensor, "batch channels height width"], any device and memory order.
            images: the same shape, in [0, 1].

        Raises:
            DataError: shapes, dtypes or devices differ, or the images are not in [0, 1].
        """
        check_pair(reconstructions, images)
        if images.shape[0] == 0:
            return
        _check_range(images)
        clipped = reconstructions.clamp(0.0, 1.0)
        mse = mean_squared_error(clipped, images).double()
        self._mse.append(mse.cpu().numpy())
        self._psnr.append(peak_signal_to_noise(mse).cpu().numpy())
        self._ssim.append(structural_similarity(clipped, images).double().cpu().numpy())

    def per_image(self) -> PerImageValues:
        """The values of every image so far."""
        return PerImageValues(mse=_joined(self._mse), psnr_db=_joined(self._psnr), ssim=_joined(self._ssim))

    def result(self) -> MetricValues:
        """The means over all images so far.

        Raises:
            DataError: no image was added yet.
        """
        values = self.per_image()
        if values.mse.size == 0:
            raise DataError("there are no metrics of no images; call `update` with a batch first")
        return MetricValues(
            num_images=values.mse.size,
            mse=float(values.mse.mean()),
            psnr_db=float(values.psnr_db.mean()),
            ssim=float(values.ssim.mean()),
        )


def _check_range(images: Tensor) -> None:
    """A wrong range is the classic way to a PSNR of 90 dB (InterDigitalInc/CompressAI #190): refuse it."""
    lowest, highest = (float(value) for value in torch.aminmax(images))
    if not (lowest >= -_RANGE_SLACK and highest <= 1.0 + _RANGE_SLACK):
        raise DataError(
            f"`images` has values from {lowest:.4g} to {highest:.4g}; metrics need pixels in [0, 1]: divide bytes by "
            f"255, and undo any normalisation before measuring"
        )


def _joined(parts: list[NDArray[np.float64]]) -> NDArray[np.float64]:
    return np.concatenate(parts) if parts else np.empty(0)
