"""Multi-scale structural similarity, differentiable: for training; `diabolo.metrics` has what is reported.

Z. Wang, E. P. Simoncelli, A. C. Bovik, "Multi-scale structural similarity for image quality assessment", Asilomar
Conference on Signals, Systems and Computers, 2003.
"""

import torch
import torch.nn.functional as F
from torch import Tensor

from diabolo.metrics.similarity import _C1, _C2, WINDOW, _band, _largest_odd

WEIGHTS = (0.0448, 0.2856, 0.3001, 0.2363, 0.1333)
"""Exponents of the paper, from the finest scale to the coarsest."""
_LEAST = 1e-4  # of a mean to be raised to a power below 1, whose slope is infinite at 0


def num_scales(height: int, width: int) -> int:
    """How many scales images of a size have, 1 to 5: each halves it, and the window of 11 pixels must still fit.

    2 for 32×32, 3 for 64×64, 5 from 176×176 on; the exponents of those left are scaled to a sum of 1.
    """
    smaller = min(height, width)
    return max(1, sum(smaller // 2**scale >= WINDOW for scale in range(len(WEIGHTS))))


def multi_scale_similarity(outputs: Tensor, images: Tensor) -> Tensor:
    """The MS-SSIM of each image: contrast and structure at each scale, brightness at the coarsest alone.

    Gaussian windows as in `structural_similarity`, 2×2 means between scales; by channel, then the mean over channels.
    With one scale it is the SSIM.

    Args:
        outputs: Float[Tensor, "batch channels height width"]; values outside of [0, 1] are allowed.
        images: the same shape, in [0, 1].

    Returns:
        Float[Tensor, "batch"], 1 for an exact copy.
    """
    scales = num_scales(*images.shape[2:])
    weights = [weight / sum(WEIGHTS[:scales]) for weight in WEIGHTS[:scales]]
    if scales == 1:
        contrast, brightness = _terms(outputs, images)
        return (contrast * brightness).mean(dim=(1, 2, 3))
    product = images.new_ones(images.shape[:2])
    for scale, weight in enumerate(weights):
        if scale:
            outputs, images = F.avg_pool2d(outputs, 2), F.avg_pool2d(images, 2)
        contrast, brightness = _terms(outputs, images)
        values = contrast * brightness if scale == scales - 1 else contrast
        product = product * values.mean(dim=(2, 3)).clamp(min=_LEAST) ** weight
    return product.mean(dim=1)


def _terms(outputs: Tensor, images: Tensor) -> tuple[Tensor, Tensor]:
    """Contrast times structure, and brightness, of every window."""
    height, width = images.shape[2:]
    window = min(WINDOW, _largest_odd(min(height, width)))
    # Copies: what the cache holds may have been made in inference mode, and autograd refuses that.
    rows, columns = (_band(side, window, images.device).to(images.dtype, copy=True) for side in (height, width))
    centre = images.mean(dim=(2, 3), keepdim=True)  # taken off, so that float32 keeps more digits of variances
    x, y = outputs - centre, images - centre
    moments = torch.stack([x, y, x.square() + y.square(), x * y])
    mean_x, mean_y, squares, product = (rows @ moments @ columns.T).unbind(0)
    contrast = (2 * (product - mean_x * mean_y) + _C2) / (squares - mean_x.square() - mean_y.square() + _C2)
    mean_x, mean_y = mean_x + centre, mean_y + centre
    return contrast, (2 * mean_x * mean_y + _C1) / (mean_x.square() + mean_y.square() + _C1)
