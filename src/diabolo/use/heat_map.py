"""Heat maps: an image, and beside it the same in grey with its per-pixel scores in colour."""

import functools

import numpy as np
from numpy.typing import NDArray
from scipy import ndimage

_SMALLEST_SIDE = 128  # pixels: smaller images are enlarged by a whole number to at least this
_GAP = 4  # white pixels between image and heat map
_STRONGEST = 0.8  # share of the colour where a score is at the top
_OUTLINE = (255, 255, 255)


def heat_map(image: NDArray[np.uint8], scores: NDArray[np.float32], top: float | None) -> NDArray[np.uint8]:
    """The image and its heat map side by side.

    Args:
        image: uint8 (H, W, C), C is 1 or 3.
        scores: (H, W), at least 0; larger is stranger.
        top: the score with the strongest colour; pixels above it are outlined in white. None: the largest of this
            image, and nothing is outlined.

    Returns:
        uint8 (height, 2 · width + 4, 3), in enlarged pixels where the image is small.
    """
    colour = image if image.shape[2] == 3 else image.repeat(3, axis=2)
    grey = np.rint(colour.mean(axis=2, keepdims=True)).repeat(3, axis=2)
    highest = float(scores.max(initial=0.0)) if top is None else top
    share = np.clip(scores / highest, 0, 1) if highest > 0 else (scores > 0).astype(np.float32)
    weight = (_STRONGEST * share)[..., None]
    painted = np.rint((1 - weight) * grey + weight * _palette()[np.rint(share * 255).astype(int)]).astype(np.uint8)
    factor = max(1, -(-_SMALLEST_SIDE // min(scores.shape)))
    painted, colour = (values.repeat(factor, axis=0).repeat(factor, axis=1) for values in (painted, colour))
    if top is not None:
        alarm = (scores > top).repeat(factor, axis=0).repeat(factor, axis=1)
        painted[alarm & ~ndimage.binary_erosion(alarm, border_value=1)] = _OUTLINE
    gap = np.full((len(painted), _GAP, 3), 255, np.uint8)
    return np.concatenate([colour, gap, painted], axis=1)


@functools.cache
def _palette() -> NDArray[np.float64]:
    """256 colours from black over red to bright yellow, evenly lighter."""
    from matplotlib import colormaps

    return np.asarray(colormaps["inferno"](np.arange(256)))[:, :3] * 255
