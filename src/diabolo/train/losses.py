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
from diabolo.runs.loss_text import LOSS_NAMES, describe_loss, read_mixture
from diabolo.train.multi_scale import multi_scale_similarity


@dataclass(frozen=True, kw_only=True)
class Loss:
    """One training loss."""

    name: str
    """Name in a recipe."""
    from_logits: bool
    """Whether it takes the output before the final sigmoid."""
    function: Callable[[Tensor, Tensor], Tensor]
    """(output, images) -> scalar mean over all values, or over images."""
    floor: Callable[[NDArray[np.uint8]], float]
    """Value for a perfect reconstruction of uint8 images (N, H, W, C)."""

    @property
    def title(self) -> str:
        """Name on figures."""
        return describe_loss(self.name).title

    @property
    def unit(self) -> str:
        """Of its value."""
        return describe_loss(self.name).unit


_IMAGES_AT_A_TIME = 1000
_LEAST_MSE = (
    1e-6  # below it nothing is gained: -60 dB, far beyond what 8 bits a pixel can show (58.9 dB, uniform error)
)


def _minus_psnr(output: Tensor, images: Tensor) -> Tensor:
    """Minus the PSNR: mean over images of 10·log10(MSE + 1e-6), dB; pixels in [0, 1], outputs not clipped."""
    mse = (output - images).square().flatten(1).mean(dim=1)
    return 10 * torch.log10(mse + _LEAST_MSE).mean()


_SOFTNESS = 1e-3  # of the Charbonnier loss: errors below a quarter of a grey level count by their square


def _charbonnier(output: Tensor, images: Tensor) -> Tensor:
    """Mean of √(error² + 0.001²). Charbonnier et al. 1994, https://doi.org/10.1109/ICIP.1994.413553."""
    return ((output - images).square() + _SOFTNESS**2).sqrt().mean()


def _charbonnier_floor(images: NDArray[np.uint8]) -> float:
    return _SOFTNESS


def _one_less_similarity(output: Tensor, images: Tensor) -> Tensor:
    return 1 - multi_scale_similarity(output, images).mean()


def _psnr_floor(images: NDArray[np.uint8]) -> float:
    return 10 * math.log10(_LEAST_MSE)


def _no_floor(images: NDArray[np.uint8]) -> float:
    return 0.0


LOSSES = {
    loss.name: loss
    for loss in (
        Loss(
            name="bce",
            from_logits=True,
            function=F.binary_cross_entropy_with_logits,
            floor=pixel_entropy,
        ),
        Loss(
            name="mse",
            from_logits=False,
            function=F.mse_loss,
            floor=_no_floor,
        ),
        Loss(
            name="l1",
            from_logits=False,
            function=F.l1_loss,
            floor=_no_floor,
        ),
        Loss(
            name="psnr",
            from_logits=False,
            function=_minus_psnr,
            floor=_psnr_floor,
        ),
        Loss(
            name="charbonnier",
            from_logits=False,
            function=_charbonnier,
            floor=_charbonnier_floor,
        ),
        Loss(
            name="ms-ssim",
            from_logits=False,
            function=_one_less_similarity,
            floor=_no_floor,
        ),
    )
}
"""Every loss by its name in a recipe."""
assert tuple(LOSSES) == tuple(LOSS_NAMES), "`LOSS_NAMES` lists other losses than there are"


def find_loss(text: str) -> Loss:
    """The loss that a recipe's `loss` means: one of `LOSSES`, or a weighted sum of them.

    A sum with cross-entropy in it takes logits, and the other terms see the sigmoid of them. Its unit and its floor are
    the sums of theirs.

    Raises:
        RecipeError: it cannot be read.
    """
    terms = [(weight, LOSSES[name]) for weight, name in read_mixture(text)]
    if len(terms) == 1 and terms[0][0] == 1:
        return terms[0][1]
    from_logits = any(loss.from_logits for _, loss in terms)

    def function(output: Tensor, images: Tensor) -> Tensor:
        rebuilt = torch.sigmoid(output) if from_logits else output
        values = [weight * loss.function(output if loss.from_logits else rebuilt, images) for weight, loss in terms]
        return torch.stack(values).sum()

    def floor(images: NDArray[np.uint8]) -> float:
        return sum(weight * loss.floor(images) for weight, loss in terms)

    return Loss(
        name=text,
        from_logits=from_logits,
        function=function,
        floor=floor,
    )


def floor_of(loss: Loss, images: Images, indices: NDArray[np.int64]) -> float:
    """The floor of the loss on some of the images (N, H, W, C), of which only a few are copied at a time."""
    total = 0.0
    for start in range(0, len(indices), _IMAGES_AT_A_TIME):
        chosen = indices[start : start + _IMAGES_AT_A_TIME]
        total += loss.floor(images[chosen]) * len(chosen)
    return total / len(indices)


def loss_for(name: str, model: AutoEncoder) -> Loss:
    """The loss of that name or mixture, checked against the model's last layer; on the stage engine where the model is.

    Raises:
        RecipeError: binary cross-entropy with a model that does not end in a sigmoid.
    """
    loss = find_loss(name)
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
