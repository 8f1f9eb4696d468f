"""The metrics of a run, taken of reconstructions that are arrays."""

from collections.abc import Callable

import numpy as np
from numpy.typing import NDArray

from diabolo.references.pieces import Part
from diabolo.references.reference import Reference

HALF_LEVEL = 0.5 / 255
"""How far from 0 and 1 reconstructions stay for the cross-entropy.

A pixel value of 1 that is rebuilt as exactly 0 costs infinitely much, which a network's sigmoid never says and any
clipping does. Half a grey level is what rounding to bytes leaves open anyway.
"""

Rebuild = Callable[[NDArray[np.uint8]], NDArray[np.float32]]
"""uint8 (n, H, W, C) -> their reconstructions, float32 in units of the range [0, 1], not clipped."""


def measure(
    rebuild: Rebuild,
    test: Part,
    floor: float,
    *,
    name: str,
    title: str,
    note: str,
    latent_values: int | None = None,
    doing: str | None = None,
) -> Reference:
    """A reference, measured on a part with `diabolo.metrics.ImageMetrics`, as a run is.

    Args:
        rebuild: what it makes of images.
        test: the images.
        floor: of cross-entropy on them, nats a value.
        name: of the reference.
        title: of the reference.
        note: of the reference.
        latent_values: of the reference.
        doing: what progress calls the work.
    """
    import torch

    from diabolo.metrics import ImageMetrics

    metrics = ImageMetrics()
    divergence, num_values = 0.0, 0
    for piece in test.pieces(doing or f"measuring {title}"):
        rebuilt = rebuild(piece)
        images = torch.from_numpy(piece).permute(0, 3, 1, 2).to(torch.float32).div_(255.0)
        metrics.update(torch.from_numpy(rebuilt).permute(0, 3, 1, 2), images)
        divergence += _divergence(rebuilt, piece)
        num_values += piece.size
    values = metrics.result()
    excess = divergence / num_values
    return Reference(
        name=name,
        title=title,
        psnr=values.psnr_db,
        mse=values.mse,
        ssim=values.ssim,
        bce=floor + excess,
        bce_excess=excess,
        latent_values=latent_values,
        bytes_per_image=None,
        note=note,
    )


def entropy_floor(test: Part) -> float:
    """The entropy of the pixels of a part, in nats a value: the binary cross-entropy of a perfect copy."""
    from diabolo.metrics import pixel_entropy

    total = sum(pixel_entropy(piece) * len(piece) for piece in test.pieces("entropy of pixels"))
    return total / len(test)


def _divergence(reconstructions: NDArray[np.float32], images: NDArray[np.uint8]) -> float:
    """The sum over values of `p ln(p / q) + (1 - p) ln((1 - p) / (1 - q))`, with q kept off 0 and 1."""
    q = np.clip(reconstructions.astype(np.float64), HALF_LEVEL, 1 - HALF_LEVEL)
    levels = np.arange(256) / 255
    inside = levels[1:-1]
    negative_entropy = np.zeros(256)
    negative_entropy[1:-1] = inside * np.log(inside) + (1 - inside) * np.log1p(-inside)
    p = levels[images]
    cross = p * np.log(q) + (1 - p) * np.log1p(-q)
    return float((negative_entropy[images] - cross).sum())
