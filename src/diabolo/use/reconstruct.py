"""Images in, reconstructions out."""

import numpy as np
import torch
from numpy.typing import NDArray

from diabolo.errors import DiaboloError
from diabolo.metrics import mean_squared_error, peak_signal_to_noise
from diabolo.model import AutoEncoder
from diabolo.use.tiles import check_size, collect


def reconstruct(model: AutoEncoder, images: NDArray[np.uint8], *, memory: float | None = None) -> NDArray[np.float32]:
    """Reconstructs uint8 images (N, H, W, C) as float32 (N, H, W, C), clipped to [0, 1]; the model's mode is put back.

    A model without flat layers takes images of any size: they are reflected at their ends to a size that comes back,
    put through, and cut. Where that takes more than `memory` MiB (None: 1024), tiles are made, without seams.

    Raises:
        DiaboloError: the images are not uint8, have other channels than the model, or a size that it cannot take.
    """
    check_images(model, images)
    return np.clip(collect(model, images, "reconstruct", memory=memory), 0, 1) if len(images) else _nothing(images)


def check_images(model: AutoEncoder, images: NDArray[np.uint8]) -> None:
    """Refuses what is no batch of images for this model.

    Raises:
        DiaboloError: as of `reconstruct`.
    """
    if not isinstance(images, np.ndarray) or images.dtype != np.uint8:
        kind = images.dtype if isinstance(images, np.ndarray) else type(images).__name__
        raise DiaboloError(
            f"`images` are {kind}; this takes uint8 from 0 to 255: convert floats in [0, 1] by "
            "`np.rint(images * 255).astype(np.uint8)`, or call the model itself"
        )
    height, width, channels = model.graph.input_shape
    if images.ndim != 4 or images.shape[3] != channels or 0 in images.shape[1:]:
        raise DiaboloError(f"`images` have shape {images.shape}; this model takes (N, {height}, {width}, {channels})")
    check_size(model.graph, *images.shape[1:3])


def psnr_of(images: NDArray[np.uint8], reconstructions: NDArray[np.float32]) -> NDArray[np.float64]:
    """PSNR of each image in dB; uint8 images and float reconstructions in [0, 1], both (N, H, W, C)."""
    target = torch.from_numpy(images.astype(np.float32) / 255).permute(0, 3, 1, 2)
    mse = mean_squared_error(torch.from_numpy(reconstructions).permute(0, 3, 1, 2), target)
    return peak_signal_to_noise(mse).numpy().astype(np.float64)


def _nothing(images: NDArray[np.uint8]) -> NDArray[np.float32]:
    return np.empty(images.shape, np.float32)
