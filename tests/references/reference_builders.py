"""What the tests of references share: images with structure, and metrics written again in float64."""

import numpy as np
from numpy.typing import NDArray


def smooth_images(num_images: int, height: int, width: int, channels: int, seed: int = 0) -> NDArray[np.uint8]:
    """Sums of a few waves and noise: most of the variance lies in some directions, a little in all."""
    rng = np.random.default_rng(seed)
    y, x = np.mgrid[0:height, 0:width]
    images = np.zeros((num_images, height, width, channels))
    for _ in range(6):
        phase = rng.uniform(0, 2 * np.pi, (num_images, 1, 1, channels))
        slope = rng.uniform(0, 0.8, 2)
        amplitude = rng.uniform(5, 40, (num_images, 1, 1, channels))
        images += amplitude * np.sin((slope[0] * y + slope[1] * x)[None, :, :, None] + phase)
    images += rng.normal(0, 4, images.shape) + rng.uniform(90, 160, (num_images, 1, 1, 1))
    return np.clip(images.round(), 0, 255).astype(np.uint8)


def linear_by_svd(train: NDArray[np.float64], test: NDArray[np.float64], num_kept: int) -> NDArray[np.float64]:
    """PCA by the singular values of the centred rows, all in float64; rows are in units of [0, 1]."""
    mean = train.mean(0)
    _, _, directions = np.linalg.svd(train - mean, full_matrices=False)
    kept = directions[:num_kept]
    return mean + (test - mean) @ kept.T @ kept


def mean_psnr(rebuilt: NDArray[np.float64], images: NDArray[np.float64]) -> float:
    """Mean over images of the PSNR in dB, reconstructions clipped; both (n, …) in units of [0, 1]."""
    errors = ((rebuilt.clip(0, 1) - images) ** 2).reshape(len(images), -1).mean(1)
    return float((-10 * np.log10(np.maximum(errors, 1e-10))).mean())


def cross_entropy(rebuilt: NDArray[np.float64], images: NDArray[np.float64]) -> float:
    """Binary cross-entropy in nats a value, reconstructions kept half a grey level off 0 and 1."""
    q = rebuilt.clip(0.5 / 255, 1 - 0.5 / 255)
    return float(-(images * np.log(q) + (1 - images) * np.log(1 - q)).mean())
