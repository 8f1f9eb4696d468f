"""SSIM pixel by pixel: where do two images differ in brightness, contrast or structure?"""

import numpy as np
import torch
from torch import Tensor

from diabolo.metrics._pairs import check_pair, pairs_in_chunks
from diabolo.metrics.similarity import _TILE, WINDOW, _full_precision, _largest_odd, _similarity_map


@torch.no_grad()
def structural_similarity_map(reconstructions: Tensor, images: Tensor) -> Tensor:
    """The SSIM of the window around each pixel, mean over channels; borders are mirrored, edge pixels included.

    Window and constants as of `structural_similarity`. It equals the full map that
    `skimage.metrics.structural_similarity(…, full=True)` gives for the same options, borders too.

    Args:
        reconstructions: Float[Tensor, "batch channels height width"], in [0, 1].
        images: the same shape, in [0, 1].

    Returns:
        Float[Tensor, "batch height width"], in [-1, 1].

    Raises:
        DataError: the two cannot be compared (shape, dtype or device).
    """
    check_pair(reconstructions, images)
    height, width = images.shape[2:]
    window = min(WINDOW, _largest_odd(min(height, width)))
    rows, columns = (_mirrored(side, window // 2, images.device) for side in (height, width))
    result = torch.empty(len(images), height, width, device=images.device)
    done = 0
    with _full_precision(images.device):
        for rebuilt, image in pairs_in_chunks(reconstructions, images):
            chunk = slice(done, done + len(image))
            for top in range(0, height, _TILE):
                for left in range(0, width, _TILE):
                    down = rows[top : top + _TILE + window - 1]
                    across = columns[left : left + _TILE + window - 1]
                    x, y = (values[:, :, down][..., across] for values in (rebuilt, image))
                    tile = _similarity_map(x, y, window).mean(1)
                    result[chunk, top : top + _TILE, left : left + _TILE] = tile
            done = chunk.stop
    return result


def _mirrored(side: int, margin: int, device: torch.device) -> Tensor:
    """Positions of an axis with a margin at both ends, in which it is mirrored at the edge of the outer pixels."""
    return torch.from_numpy(np.pad(np.arange(side), margin, mode="symmetric")).to(device)
