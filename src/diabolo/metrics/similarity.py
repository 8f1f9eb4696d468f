"""Structural similarity (SSIM): do two images agree in brightness, contrast and structure, window by window?

Z. Wang, A. C. Bovik, H. R. Sheikh, E. P. Simoncelli, "Image Quality Assessment: From Error Visibility to
Structural Similarity", IEEE Transactions on Image Processing 13(4), 2004.
"""

import contextlib
import functools
from collections.abc import Iterator

import torch
from torch import Tensor

from diabolo.metrics._pairs import check_pair, empty_result, pairs_in_chunks

WINDOW = 11  # pixels on a side, as in the paper
_SIGMA = 1.5  # of the Gaussian, in pixels
_C1 = 0.01**2  # (K1 * data range) squared
_C2 = 0.03**2  # (K2 * data range) squared

# Larger images are filtered in square tiles of this many results a side: the cost of a product with a banded matrix
# grows with the side. Measured on two cores, 16 images of 512 × 512 × 3: tiles of 64 / 128 / 256 take 366 / 263 /
# 373 ms, no tiles 726 ms, and separable one-channel convolutions 1,450 ms.
_TILE = 128


@torch.no_grad()
def structural_similarity(reconstructions: Tensor, images: Tensor) -> Tensor:
    """The SSIM of each image: 1 for an exact copy, near 0 for unrelated images; it can fall below 0.

    As in the paper: Gaussian window of 11 × 11 pixels with σ = 1.5, K1 = 0.01, K2 = 0.03, data range 1, population
    covariances, only windows that lie wholly inside the image, mean over windows, then over channels. It equals
    `skimage.metrics.structural_similarity(gaussian_weights=True, sigma=1.5, use_sample_covariance=False,
    data_range=1, channel_axis=-1)`. Images with a side under 11 get the largest odd window that fits (the same
    Gaussian, cut and normalised); at 1 × 1 pixels only the brightness term is left.

    A measure, not a loss: no gradient flows through it.

    Args:
        reconstructions: Float[Tensor, "batch channels height width"], in [0, 1], any memory order.
        images: the same shape, in [0, 1].

    Returns:
        Float[Tensor, "batch"], float32, in [-1, 1].

    Raises:
        DataError: the two cannot be compared (shape, dtype or device).
    """
    check_pair(reconstructions, images)
    with _full_precision(images.device):
        parts = [_similarity(rebuilt, image) for rebuilt, image in pairs_in_chunks(reconstructions, images)]
    return torch.cat(parts) if parts else empty_result(images)


def _similarity(reconstructions: Tensor, images: Tensor) -> Tensor:
    """SSIM of a few images, (batch,): the mean of its map, summed tile by tile."""
    num_images, num_channels, height, width = images.shape
    window = min(WINDOW, _largest_odd(min(height, width)))
    num_rows, num_columns = height - window + 1, width - window + 1
    total = images.new_zeros(num_images)
    for top in range(0, num_rows, _TILE):
        bottom = min(top + _TILE, num_rows) + window - 1
        for left in range(0, num_columns, _TILE):
            right = min(left + _TILE, num_columns) + window - 1
            tile = (..., slice(top, bottom), slice(left, right))
            total += _similarity_map(reconstructions[tile], images[tile], window).sum((1, 2, 3))
    return total / (num_channels * num_rows * num_columns)


def _similarity_map(reconstructions: Tensor, images: Tensor, window: int) -> Tensor:
    """SSIM of every window: (batch, channels, height - window + 1, width - window + 1)."""
    num_images, num_channels, height, width = images.shape
    # Variances do not change when a constant is taken off, and float32 keeps more of them near 0.
    centre = images.mean((2, 3), keepdim=True)
    moments = images.new_empty(4, num_images, num_channels, height, width)
    x, y, squares, product = moments.unbind(0)
    torch.sub(reconstructions, centre, out=x)
    torch.sub(images, centre, out=y)
    torch.mul(x, x, out=squares).addcmul_(y, y)  # the two variances are only needed as a sum
    torch.mul(x, y, out=product)

    rows = _band(height, window, images.device)
    columns = _band(width, window, images.device)
    filtered = torch.matmul(rows, torch.matmul(moments.view(-1, height, width), columns.T))
    mean_x, mean_y, squares, product = filtered.view(4, num_images, num_channels, *filtered.shape[1:]).unbind(0)

    variances = squares - mean_x.square() - mean_y.square()
    covariance = product - mean_x * mean_y
    mean_x, mean_y = mean_x + centre, mean_y + centre
    structure = (2 * covariance + _C2) / (variances + _C2)
    brightness = (2 * mean_x * mean_y + _C1) / (mean_x.square() + mean_y.square() + _C1)
    return structure * brightness


@functools.lru_cache(maxsize=32)
def _band(size: int, window: int, device: torch.device) -> Tensor:
    """The Gaussian filter along one side as a banded matrix, (size - window + 1, size).

    Two products with small matrices are three times as fast as two one-channel convolutions on CPU: measured on
    10,000 images of 32 × 32 × 3.
    """
    offsets = torch.arange(window, dtype=torch.float64) - window // 2
    weights = torch.exp(-0.5 * (offsets / _SIGMA) ** 2)
    weights /= weights.sum()
    band = torch.zeros(size - window + 1, size, dtype=torch.float64)
    for offset in range(window):
        band.diagonal(offset).fill_(weights[offset])
    return band.float().to(device)


def _largest_odd(size: int) -> int:
    return size if size % 2 else size - 1


@contextlib.contextmanager
def _full_precision(device: torch.device) -> Iterator[None]:
    """Float32 products stay float32: a training run may have allowed bf16 or TF32, which would cost SSIM its digits."""
    precision = torch.get_float32_matmul_precision()
    torch.set_float32_matmul_precision("highest")
    try:
        with torch.autocast(device.type, enabled=False):
            yield
    finally:
        torch.set_float32_matmul_precision(precision)
