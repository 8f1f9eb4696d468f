"""Images in, reconstructions out."""

import numpy as np
import torch
from numpy.typing import NDArray

from diabolo.errors import DiaboloError
from diabolo.metrics import mean_squared_error, peak_signal_to_noise
from diabolo.model import AutoEncoder
from diabolo.train import images_at_once


@torch.inference_mode()
def reconstruct(model: AutoEncoder, images: NDArray[np.uint8]) -> NDArray[np.float32]:
    """Reconstructs uint8 images (N, H, W, C) as float32 (N, H, W, C), clipped to [0, 1]; the model's mode is put back.

    Raises:
        DiaboloError: the images are not uint8, or do not have the model's size or channels.
    """
    if images.dtype != np.uint8:
        raise DiaboloError(
            f"`images` are {images.dtype}; this takes uint8 from 0 to 255: convert floats in [0, 1] by "
            "`np.rint(images * 255).astype(np.uint8)`, or call the model itself"
        )
    if images.ndim != 4 or images.shape[1:] != model.graph.input_shape:
        raise DiaboloError(
            f"`images` have shape {images.shape}; this model takes (N, {', '.join(map(str, model.graph.input_shape))})"
        )
    device = next(model.parameters()).device
    was_training, at_once = model.training, images_at_once(model)
    model.eval()
    try:
        parts = []
        for start in range(0, len(images), at_once):
            batch = torch.from_numpy(np.array(images[start : start + at_once])).to(device)
            output = model(batch.to(torch.float32).div_(255.0).permute(0, 3, 1, 2))
            parts.append(output.clamp(0, 1).permute(0, 2, 3, 1).float().cpu().numpy())
    finally:
        model.train(was_training)
    return np.concatenate(parts) if parts else np.empty(images.shape, np.float32)


def psnr_of(images: NDArray[np.uint8], reconstructions: NDArray[np.float32]) -> NDArray[np.float64]:
    """PSNR of each image in dB; uint8 images and float reconstructions in [0, 1], both (N, H, W, C)."""
    target = torch.from_numpy(images.astype(np.float32) / 255).permute(0, 3, 1, 2)
    mse = mean_squared_error(torch.from_numpy(reconstructions).permute(0, 3, 1, 2), target)
    return peak_signal_to_noise(mse).numpy().astype(np.float64)
