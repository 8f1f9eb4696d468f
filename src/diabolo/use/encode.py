"""Images in, latents out: as they are, or one vector an image."""

import numpy as np
from numpy.typing import NDArray

from diabolo.errors import DiaboloError
from diabolo.model import AutoEncoder
from diabolo.use.reconstruct import check_images
from diabolo.use.tiles import collect

POOLS = ("mean", "max", "flat")
"""How a latent map becomes one vector."""


def encode(
    model: AutoEncoder, images: NDArray[np.uint8], *, pool: str | None = None, memory: float | None = None
) -> NDArray[np.float32]:
    """Latents of uint8 images (N, H, W, C), as the decoder reads them; the model's mode is put back.

    Args:
        model: on any device.
        images: of a size that the model takes; all of one size.
        pool: as of `pooled`; None keeps the map.
        memory: MiB that activations may take; larger images are cut into tiles. None: 1024.

    Returns:
        float32 (N, height, width, channels) of the latent map, or (N, features) of a dense waist or with a pool.

    Raises:
        DiaboloError: as of `reconstruct`, or there is no such pool.
    """
    check_pool(pool)
    check_images(model, images)
    return pooled(collect(model, images, "encode", memory=memory), pool)


def pooled(latents: NDArray[np.float32], pool: str | None) -> NDArray[np.float32]:
    """One vector an image: `mean` or `max` over positions, or all values in a row (`flat`); vectors stay."""
    if pool is None or latents.ndim == 2:
        return latents
    if pool == "flat":
        return latents.reshape(len(latents), int(np.prod(latents.shape[1:])))
    return np.asarray(latents.mean(axis=(1, 2)) if pool == "mean" else latents.max(axis=(1, 2)), dtype=np.float32)


def check_pool(pool: str | None) -> None:
    """Refuses an unknown pool.

    Raises:
        DiaboloError: there is no such pool.
    """
    if pool is not None and pool not in POOLS:
        raise DiaboloError(
            f"`pool` (={pool}) must be mean or max (over the positions of the latent), or flat (all values in a row)"
        )
