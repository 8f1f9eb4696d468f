"""Metrics that compare pixel with pixel: the mean squared error, and the same on a decibel scale."""

import torch
from torch import Tensor

from diabolo.metrics._pairs import check_pair, empty_result, pairs_in_chunks

MAX_PSNR_DB = 100.0
"""The highest PSNR reported, in dB; an exact copy gets this instead of infinity (see `peak_signal_to_noise`)."""


@torch.no_grad()
def mean_squared_error(reconstructions: Tensor, images: Tensor) -> Tensor:
    """The squared difference of each image, averaged over its pixels and channels.

    A measure, not a loss: no gradient flows through it.

    Args:
        reconstructions: Float[Tensor, "batch channels height width"], taken as they are (not clipped).
        images: the same shape, in [0, 1].

    Returns:
        Float[Tensor, "batch"], float32, in squared units of the pixel range.

    Raises:
        DataError: the two cannot be compared (shape, dtype or device).
    """
    check_pair(reconstructions, images)
    parts = [(rebuilt - image).square_().mean((1, 2, 3)) for rebuilt, image in pairs_in_chunks(reconstructions, images)]
    return torch.cat(parts) if parts else empty_result(images)


def peak_signal_to_noise(mse: Tensor) -> Tensor:
    """The peak signal-to-noise ratio of each image in dB, for pixels in [0, 1]: `10 log10(1 / mse)`.

    Clip the reconstructions to [0, 1] before taking the error: a display would. An error below 1e-10 counts as
    1e-10, so that an exact copy has 100 dB (`MAX_PSNR_DB`) instead of infinity and a mean over images stays finite;
    8-bit rounding alone costs 59 dB, so no comparison of pictures is touched by it. NaN stays NaN.

    Args:
        mse: the mean squared error of each image, Float[Tensor, "batch"], at least 0.

    Returns:
        Float[Tensor, "batch"] in dB, of the dtype of `mse`.
    """
    return -10.0 * torch.log10(mse.clamp(min=10.0 ** (-MAX_PSNR_DB / 10.0)))
