"""Loss and image metrics of a model on some images, in evaluation mode and without gradients."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray

from diabolo.metrics import ImageMetrics
from diabolo.model import AutoEncoder
from diabolo.train.images import ImageSource
from diabolo.train.losses import Loss

BATCH = 250
"""Images a forward pass; keeps the activations of the question's network in a few dozen MB."""


@dataclass(frozen=True, kw_only=True)
class Evaluation:
    """What `evaluate` measures; reconstructions are clipped to [0, 1] for the image metrics."""

    num_images: int
    """Images measured."""
    loss: float
    """Mean over pixel values, in the loss's unit."""
    mse: float
    """Mean squared error, pixels in [0, 1]."""
    psnr: float
    """Mean over images of the per-image PSNR, dB."""
    ssim: float
    """Mean structural similarity."""
    psnr_per_image: NDArray[np.float64]
    """PSNR of each image in the order given, dB."""


@torch.inference_mode()
def evaluate(
    model: AutoEncoder, images: ImageSource, indices: NDArray[np.int64], loss: Loss, *, with_metrics: bool = True
) -> Evaluation:
    """Evaluates a model on the images of these indices; its training mode is put back afterwards.

    Args:
        model: on the device of `images`.
        images: the source.
        indices: which of them.
        loss: the loss to average.
        with_metrics: False leaves out MSE, PSNR and SSIM (they are NaN then).
    """
    was_training = model.training
    model.eval()
    metrics = ImageMetrics()
    total = 0.0
    try:
        for start in range(0, len(indices), BATCH):
            batch = images.batch(indices[start : start + BATCH])
            if loss.from_logits:
                output = model.logits(batch)
                reconstructions = torch.sigmoid(output) if with_metrics else output
            else:
                output = model(batch)
                reconstructions = output.clamp(0, 1) if with_metrics else output
            total += float(loss.function(output, batch)) * len(batch)
            if with_metrics:
                metrics.update(reconstructions, batch)
    finally:
        model.train(was_training)
    if not with_metrics:
        missing = float("nan")
        nothing = np.empty(0)
        return Evaluation(
            num_images=len(indices),
            loss=total / len(indices),
            mse=missing,
            psnr=missing,
            ssim=missing,
            psnr_per_image=nothing,
        )
    values = metrics.result()
    return Evaluation(
        num_images=len(indices),
        loss=total / len(indices),
        mse=values.mse,
        psnr=values.psnr_db,
        ssim=values.ssim,
        psnr_per_image=metrics.per_image().psnr_db,
    )
