"""Losses: each a mean over pixel values or images, with its unit and the value of a perfect reconstruction."""

import math
from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
import torch
import torch.nn.functional as F
from numpy.typing import NDArray
from torch import Tensor

from diabolo.data import Images
from diabolo.errors import RecipeError
from diabolo.kernels import binary_cross_entropy_with_logits
from diabolo.metrics import pixel_entropy
from diabolo.model import AutoEncoder


@dataclass(frozen=True, kw_only=True)
class Loss:
    """One training loss."""

    name: str
    """Name in a recipe."""
    title: str
    """Name on figures."""
    unit: str
    """Of its value."""
    from_logits: bool
    """Whether it takes the output before the final sigmoid."""
    function: Callable[[Tensor, Tensor], Tensor]
    """(output, images) -> scalar mean over all values, or over images."""
    floor: Callable[[NDArray[np.uint8]], float]
    """Value for a perfect reconstruction of uint8 images (N, H, W, C)."""


_IMAGES_AT_A_TIME = 1000
_LEAST_MSE = (
    1e-6  # below it nothing is gained: -60 dB, far beyond what 8 bits a pixel can show (58.9 dB, uniform error)
)


def _minus_psnr(output: Tensor, images: Tensor) -> Tensor:
    """Minus the PSNR: mean over images of 10·log10(MSE + 1e-6), dB; pixels in [0, 1], outputs not clipped."""
    mse = (output - images).square().flatten(1).mean(dim=1)
    return 10 * torch.log10(mse + _LEAST_MSE).mean()


def _psnr_floor(images: NDArray[np.uint8]) -> float:
    return 10 * math.log10(_LEAST_MSE)


def _no_floor(images: NDArray[np.uint8]) -> float:
    return 0.0


LOSSES = {
    loss.name: loss
    for loss in (
        Loss(
            name="bce",
            title="binary cross-entropy",
            unit="nats a pixel value",
            from_logits=True,
            function=F.binary_cross_entropy_with_logits,
            floor=pixel_entropy,
        ),
        Loss(
            name="mse",
            title="mean squared error",
            unit="squared pixel range",
            from_logits=False,
            function=F.mse_loss,
            floor=_no_floor,
        ),
        Loss(
            name="l1",
            title="mean absolute error",
            unit="pixel range",
            from_logits=False,
            function=F.l1_loss,
            floor=_no_floor,
        ),
        Loss(
            name="psnr",
            title="minus the PSNR",
            unit="dB",
            from_logits=False,
            function=_minus_psnr,
            floor=_psnr_floor,
        ),
    )
}
"""Every loss by its name in a recipe."""


def floor_of(loss: Loss, images: Images, indices: NDArray[np.int64]) -> float:
    """The floor of the loss on some of the images (N, H, W, C), of which only a few are copied at a time."""
    total = 0.0
    for start in range(0, len(indices), _IMAGES_AT_A_TIME):
        chosen = indices[start : start + _IMAGES_AT_A_TIME]
        total += loss.floor(images[chosen]) * len(chosen)
    return total / len(indices)


def loss_for(name: str, model: AutoEncoder) -> Loss:
    """The loss of that name, checked against the model's last layer; on the stage engine where the model is.

    Raises:
        RecipeError: binary cross-entropy with a model that does not end in a sigmoid.
    """
    loss = LOSSES[name]
    if loss.from_logits and not model.has_logits:
        raise RecipeError(
            f"`loss={name}` needs outputs between 0 and 1, and `{model.line}` does not end in `sigmoid`; "
            "write `sigmoid` at its end, or train with `--set loss=mse`"
        )
    if loss.name == "bce" and model.engine == "fused":
        return replace(loss, function=binary_cross_entropy_with_logits)
    return loss


def loss_input(model: AutoEncoder, loss: Loss, images: Tensor) -> Tensor:
    """What the loss takes: logits or the reconstruction, float32."""
    output = model.logits(images) if loss.from_logits else model(images)
    return output.float()
