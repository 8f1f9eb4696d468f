"""Loss and image metrics of a model on some images, in evaluation mode and without gradients."""

import contextlib
import math
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from diabolo.errors import DataError
from diabolo.metrics import ImageMetrics
from diabolo.model import AutoEncoder
from diabolo.train.images import ImageSource
from diabolo.train.losses import Loss, loss_input
from diabolo.train.precision import products

_MOST_AT_ONCE = 250
_VALUES_AT_ONCE = 16_777_216  # 64 MiB of float32: 250 images in the question's network


def images_at_once(model: AutoEncoder) -> int:
    """Images a forward pass, so that the largest activation of one takes about 64 MiB; from 1 to 250."""
    largest = max(math.prod(node.shape) for node in model.graph.nodes)
    return max(1, min(_MOST_AT_ONCE, _VALUES_AT_ONCE // largest))


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
    """PSNR of each image in the order given, dB; empty without metrics."""


@torch.inference_mode()
def evaluate(
    model: AutoEncoder, images: ImageSource, indices: NDArray[np.int64], loss: Loss, *, with_metrics: bool = True
) -> Evaluation:
    """Evaluates a model on the images of these indices; its training mode is put back afterwards.

    Args:
        model: on the device of `images`.
        images: the source.
        indices: which of them, at least one.
        loss: the loss to average; a bottleneck's penalty is no part of it.
        with_metrics: False leaves out MSE, PSNR and SSIM (they are NaN then).

    Raises:
        DataError: there are no images.
    """
    if not len(indices):
        raise DataError("there are no images to evaluate the model on")
    was_training = model.training
    model.eval()
    metrics = ImageMetrics()
    losses: list[tuple[Tensor, int]] = []  # read at the end, so that a GPU is not waited for batch by batch
    try:
        with (
            products("float32", images.device),
            contextlib.closing(images.batches(indices, images_at_once(model))) as batches,
        ):
            for batch in batches:
                output = loss_input(model, loss, batch)
                losses.append((loss.function(output, batch), len(batch)))
                if with_metrics:
                    metrics.update(torch.sigmoid(output) if loss.from_logits else output, batch)
    finally:
        model.train(was_training)
    total = 0.0
    for value, num_images in losses:
        total += float(value) * num_images
    values = metrics.result() if with_metrics else None
    missing = float("nan")
    return Evaluation(
        num_images=len(indices),
        loss=total / len(indices),
        mse=values.mse if values else missing,
        psnr=values.psnr_db if values else missing,
        ssim=values.ssim if values else missing,
        psnr_per_image=metrics.per_image().psnr_db,
    )
