"""Principal components of mirrored blocks in closed form: the fastest way to a linear autoencoder that is known here.

Images and their mirror images are fitted together. The covariance then falls into two parts that have nothing to do
with each other, one of sums of a block and its mirror image and one of differences, each half as wide: a quarter of the
arithmetic for twice the images. Weights that are one over each image's error turn the least squares into the least mean
logarithm of the error, that is the highest mean PSNR, by one more round of the same (iteratively reweighted least
squares: Holland & Welsch 1977, https://doi.org/10.1080/03610927708827533).
"""

from collections.abc import Callable, Iterator
from dataclasses import dataclass

import numpy as np
import torch
from scipy.linalg import eigh
from torch import Tensor

AT_A_TIME = 2_000_000
"""Pixel values that are held as floats at once."""
_ROOT = 0.5**0.5
_LEAST_SHARE = 0.05  # of the mean error, below which an error counts as that: no plain image outweighs all others
_LEAST_ERROR = 1e-12  # of images that are met exactly
_SPARE = 1.15  # the two parts have about equally many of the leading directions; this share of a half is tried first


@dataclass(frozen=True, kw_only=True, eq=False)
class Components:
    """An affine map to the leading directions of blocks and back: y = Vᵀ(x − mean), x̂ = V y + mean."""

    mean: Tensor
    """Float32[Tensor, "channels·block·block"], in the order of `unshuffle`; pixels in [0, 1]."""
    directions: Tensor
    """Float32[Tensor, "channels·block·block kept"], orthonormal columns."""


def fit(images: Tensor, block: int, kept: int, *, weighted: bool) -> Components:
    """Fits to images and their mirror images.

    Args:
        images: uint8 (images, height, width, 3), on any device; sides divisible by `block`.
        block: side of a block, even.
        kept: directions, at most 3 · block².
        weighted: whether a second round weights each image by one over its error.
    """
    sums = _Sums(block, images.device)
    for even, odd in _halves(images, block):
        sums.add(even, odd, None)
    found = sums.directions(kept)
    if weighted:
        sums, error = _Sums(block, images.device), _error_under(found)
        least = _LEAST_SHARE * found.mean_error
        per_image = (images.shape[1] // block) * (images.shape[2] // block)
        for even, odd in _halves(images, block):
            each = error(even, odd).view(-1, per_image).mean(dim=1) / even.shape[1] / 2
            sums.add(even, odd, (1 / each.clamp(min=max(least, _LEAST_ERROR))).repeat_interleave(per_image))
        found = sums.directions(kept)
    return _whole(found, block)


@dataclass(frozen=True, kw_only=True, eq=False)
class _Halves:
    mean: Tensor  # of the sums; that of the differences is zero, since every block comes with its mirror image
    even: Tensor
    odd: Tensor
    mean_error: float  # squared, of a pixel value


class _Sums:
    """Weighted sums of halves and of their products, in float64 but for a piece's own."""

    def __init__(self, block: int, device: torch.device) -> None:
        width = 3 * block * block // 2
        self._even, self._odd = (torch.zeros(width, width, dtype=torch.float64, device=device) for _ in range(2))
        self._mean = torch.zeros(width, dtype=torch.float64, device=device)
        self._count = torch.zeros((), dtype=torch.float64, device=device)

    def add(self, even: Tensor, odd: Tensor, weights: Tensor | None) -> None:
        scaled = (even, odd) if weights is None else (even * weights[:, None], odd * weights[:, None])
        self._even += scaled[0].T @ even
        self._odd += scaled[1].T @ odd
        self._mean += scaled[0].sum(dim=0)
        self._count += len(even) if weights is None else weights.sum()

    def directions(self, kept: int) -> _Halves:
        """The `kept` directions of the largest variance among both halves."""
        mean, width = self._mean / self._count, 2 * len(self._mean)
        parts = [self._even / self._count - torch.outer(mean, mean), self._odd / self._count]
        for most in (min(width // 2, int(kept / 2 * _SPARE) + 1), width // 2):
            found = [_leading(part, most) for part in parts]
            variances = torch.cat([variances for variances, _ in found])
            strongest = variances.argsort(descending=True)[:kept]
            of_even, of_odd = strongest[strongest < most], strongest[strongest >= most] - most
            if max(len(of_even), len(of_odd)) < most:  # neither half may have more of them than were looked at
                break
        even, odd = found[0][1][:, of_even].float(), found[1][1][:, of_odd].float()
        left = sum(float(part.trace()) for part in parts) - float(variances[strongest].sum())
        return _Halves(mean=mean.float(), even=even, odd=odd, mean_error=left / width)


def _leading(covariance: Tensor, most: int) -> tuple[Tensor, Tensor]:
    if covariance.is_cuda:
        variances, vectors = torch.linalg.eigh(covariance.float())
        return variances[-most:], vectors[:, -most:]
    last = len(covariance) - 1
    variances, vectors = eigh(
        covariance.float().numpy(), subset_by_index=[last + 1 - most, last], overwrite_a=True, check_finite=False
    )
    return torch.from_numpy(np.ascontiguousarray(variances)), torch.from_numpy(np.ascontiguousarray(vectors))


def _halves(images: Tensor, block: int) -> Iterator[tuple[Tensor, Tensor]]:
    """(sums, differences) of blocks and their mirror images in pieces, each Float32[Tensor, "blocks 3·block²/2"]."""
    height, width = images.shape[1:3]
    half = block // 2
    size = max(1, AT_A_TIME // images[0].numel())
    for start in range(0, len(images), size):
        piece = images[start : start + size].view(-1, height // block, block, width // block, block, 3)
        blocks = piece.transpose(2, 3)  # images, down, across, rows, columns, channels
        left = blocks[..., :half, :].reshape(-1, block * half * 3).float().mul_(_ROOT / 255)
        right = blocks[..., half:, :].flip(-2).reshape(-1, block * half * 3).float().mul_(_ROOT / 255)
        yield left + right - _ROOT, left - right  # less a half each, which is about the mean


def _error_under(found: _Halves) -> Callable[[Tensor, Tensor], Tensor]:
    """Squared error of each block, summed over its values: what its coordinates lack of its length."""

    def error(even: Tensor, odd: Tensor) -> Tensor:
        centred = even - found.mean
        whole = centred.square().sum(dim=1) + odd.square().sum(dim=1)
        return whole - (centred @ found.even).square().sum(dim=1) - (odd @ found.odd).square().sum(dim=1)

    return error


def _whole(found: _Halves, block: int) -> Components:
    half = block // 2

    def unfolded(values: Tensor, sign: float) -> Tensor:
        left = values.T.view(-1, block, half, 3) * _ROOT
        blocks = torch.cat([left, sign * left.flip(2)], dim=2)
        return blocks.permute(0, 3, 1, 2).flatten(1).T  # `unshuffle` has the channel first, then row and column

    directions = torch.cat([unfolded(found.even, 1.0), unfolded(found.odd, -1.0)], dim=1)
    return Components(mean=unfolded(found.mean[:, None], 1.0)[:, 0] + 0.5, directions=directions)
