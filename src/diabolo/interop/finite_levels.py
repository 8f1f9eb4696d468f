"""The constants of `fsq`, which every target writes out."""

import numpy as np
from numpy.typing import NDArray

from diabolo.vocabulary import Attributes

Constants = tuple[NDArray[np.float32], NDArray[np.float32], NDArray[np.float32], NDArray[np.float32]]


def fsq_constants(attributes: Attributes) -> Constants:
    """h, shift, offset and ⌊L/2⌋ by channel: z → round(h · tanh(z + shift) − offset) / ⌊L/2⌋.

    Worked out in float32 as `diabolo.layers.scalar_quantizer` does, so that both round alike.
    """
    levels = np.asarray(attributes["levels"], np.int64)
    half = (levels - 1).astype(np.float32) / np.float32(2)
    half = half + np.minimum(half * np.float32(1e-3), np.float32(0.25))
    offset = np.where(levels % 2 == 0, 0.5, 0.0).astype(np.float32)
    return half, np.arctanh(offset / half), offset, (levels // 2).astype(np.float32)
