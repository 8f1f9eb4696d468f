"""What layers compute with beside their weights, or from them, which every target writes out."""

import numpy as np
from numpy.typing import NDArray

from diabolo.graph import Node
from diabolo.interop.part import Part
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


PEDESTAL = 2.0**-36
"""Under the roots that are the weights of a `gdn`."""
LEAST_BETA = 1e-6
"""Of a `gdn`."""


def divisive_constants(part: Part, node: Node) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """γ, (channels, channels), and β, (channels,), of a `gdn`, whose weights are roots held at their lower bounds."""
    root_gamma, root_beta = part.weight(node, "root_gamma"), part.weight(node, "root_beta")
    pedestal = np.float32(PEDESTAL)
    gamma = np.square(np.maximum(root_gamma, np.float32(PEDESTAL**0.5))) - pedestal
    beta = np.square(np.maximum(root_beta, np.float32((LEAST_BETA + PEDESTAL) ** 0.5))) - pedestal
    return gamma, beta


_BEYOND = np.float32(1e30)


def level_constants(part: Part, node: Node) -> tuple[NDArray[np.float32], NDArray[np.float32]]:
    """Levels and the middles between them of a `lloyd`, both (channels, 2^depth), for a binary search by channel.

    The number of middles below a value is the number of its level. Middles that a channel does not have lie so far out
    that nothing passes them.
    """
    centres, counts = part.weight(node, "centres"), part.weight(node, "levels").astype(np.int64)
    most = max(2, int(counts.max()))
    width = 2 ** (most - 1).bit_length()
    levels = np.zeros((len(centres), width), np.float32)
    levels[:, :most] = centres[:, :most]
    middles = np.full((len(centres), width), _BEYOND)
    middles[:, : most - 1] = (centres[:, : most - 1] + centres[:, 1:most]) / np.float32(2)
    has = np.arange(width) < counts[:, None] - 1
    return levels, np.where(has, middles, _BEYOND)
