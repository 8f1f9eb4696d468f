"""Normal images with a made-up defect each: what a score is chosen by where there are normal images only.

A patch or a thin strip of the image, turned by half a turn or not, is pasted elsewhere and its brightness changed, as
in C.-L. Li, K. Sohn, J. Yoon, T. Pfister, "CutPaste: Self-Supervised Learning for Anomaly Detection and Localization",
CVPR 2021.
"""

import numpy as np
from numpy.typing import NDArray

_AREA = (0.02, 0.15)  # of a patch, share of the image, as in the paper
_STRIP = ((0.06, 0.25), (0.30, 0.80))  # width and length of a strip, shares of the shorter side
_BRIGHTNESS = 0.1  # largest change, share of the range, as in the paper


def with_made_up_defects(images: NDArray[np.uint8], *, seed: int) -> NDArray[np.uint8]:
    """Copies of uint8 images (N, H, W, C), each with a patch (even numbers) or a strip (odd ones) pasted in."""
    random = np.random.default_rng(seed)
    made = images.copy()
    for number, image in enumerate(made):
        height, width = image.shape[:2]
        rows, columns = _strip_size(height, width, random) if number % 2 else _patch_size(height, width, random)
        top, left = random.integers(0, height - rows + 1), random.integers(0, width - columns + 1)
        patch = images[number, top : top + rows, left : left + columns].astype(np.float64)
        if random.integers(0, 2):
            patch = patch[::-1, ::-1]
        patch = patch + random.uniform(-_BRIGHTNESS, _BRIGHTNESS) * 255
        top, left = random.integers(0, height - rows + 1), random.integers(0, width - columns + 1)
        image[top : top + rows, left : left + columns] = np.rint(np.clip(patch, 0, 255))
    return made


def _patch_size(height: int, width: int, random: np.random.Generator) -> tuple[int, int]:
    area = random.uniform(*_AREA) * height * width
    aspect = np.exp(random.uniform(np.log(0.3), np.log(3.3)))
    return _clipped(np.sqrt(area * aspect), height), _clipped(np.sqrt(area / aspect), width)


def _strip_size(height: int, width: int, random: np.random.Generator) -> tuple[int, int]:
    short, long = (random.uniform(*shares) * min(height, width) for shares in _STRIP)
    rows, columns = (short, long) if random.integers(0, 2) else (long, short)
    return _clipped(rows, height), _clipped(columns, width)


def _clipped(length: float, side: int) -> int:
    return int(np.clip(round(float(length)), 1, side))
