"""Batch normalisation as Keras does it, and group normalisation."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from diabolo.errors import DiaboloError
from diabolo.layers.batch_statistics import normalise_batch
from diabolo.layers.registry import Request, builds


class BatchNorm(nn.Module):
    """Batch normalisation: y = γ · (x − μ) / √(σ² + ε) + β, by channel.

    In training μ and σ² are those of the batch, and the moving averages take m ← momentum · m + (1 − momentum) · batch,
    with the biased variance, as Keras does (torch.nn.BatchNorm2d takes the unbiased one and the opposite momentum).
    In evaluation the moving averages are used.

    Takes and gives Float[Tensor, "batch channels ..."]. Ioffe & Szegedy 2015, https://arxiv.org/abs/1502.03167.
    """

    moving_mean: Tensor
    moving_variance: Tensor

    def __init__(self, channels: int, *, momentum: float, eps: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))
        self.register_buffer("moving_mean", torch.zeros(channels))
        self.register_buffer("moving_variance", torch.ones(channels))
        self.momentum = momentum
        self.eps = eps

    def forward(self, x: Tensor) -> Tensor:
        """Float[Tensor, "batch channels ..."] -> the same shape."""
        if not self.training:
            return F.batch_norm(
                x, self.moving_mean, self.moving_variance, self.weight, self.bias, training=False, eps=self.eps
            )
        count = x.numel() // x.shape[1]
        if count < 2:
            raise DiaboloError(
                "`bn` in training needs more than one value a channel, but one image without height and width reaches "
                "it; use a larger batch, or `model.eval()`"
            )
        y, mean, variance = normalise_batch(x, self.weight, self.bias, self.eps)
        with torch.no_grad():
            self.moving_mean.lerp_(mean, 1 - self.momentum)
            self.moving_variance.lerp_(variance, 1 - self.momentum)
        return y

    def extra_repr(self) -> str:
        """Sizes, for `print(model)`."""
        return f"{self.weight.shape[0]}, momentum={self.momentum}, eps={self.eps}"


@builds("bn")
def _bn(request: Request) -> nn.Module:
    return BatchNorm(request.channels, momentum=request.number("momentum"), eps=request.number("eps"))


@builds("gn")
def _gn(request: Request) -> nn.Module:
    """Wu & He 2018, https://arxiv.org/abs/1803.08494."""
    return nn.GroupNorm(request.whole("groups"), request.channels, eps=request.number("eps"))
