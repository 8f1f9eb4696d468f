"""Batch normalisation as Keras does it, and group normalisation."""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from diabolo.errors import DiaboloError
from diabolo.layers.registry import Request, builds


_POSITIONS_A_CHUNK = 8192
"""Positions whose statistics torch may sum in one go: at 64 channels 2 MB, which stay in the cache for both passes."""


def _statistics(x: Tensor, like: Tensor) -> tuple[Tensor, Tensor]:
    """Mean and biased variance by channel, in the type of `like`.

    On channels-last memory torch adds up in float32, one position after the other: over 500 images of 32×32 the
    variance is wrong by 6e-5 of itself (NCHW: 1e-7). So it does a few images at a time here, and float64 joins the parts
    (Chan, Golub & LeVeque 1983).
    """
    parts = x.split(max(1, _POSITIONS_A_CHUNK * x.shape[1] // x[0].numel()))
    scratch = torch.zeros_like(like), torch.zeros_like(like)  # its type is the type of the statistics
    each = [torch.batch_norm_update_stats(part, *scratch, 0.0) for part in parts]
    means = torch.stack([mean for mean, _ in each]).double()
    variances = torch.stack([variance for _, variance in each]).double()
    shares = torch.tensor([[len(part) / len(x)] for part in parts], dtype=torch.float64)
    mean = (shares * means).sum(dim=0)
    variance = (shares * (variances + (means - mean).square())).sum(dim=0)
    return mean.to(like.dtype), variance.to(like.dtype)


class _NormaliseOnCpu(torch.autograd.Function):
    """torch's own batch normalisation in training, forward and backward, with the statistics of `_statistics`."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, weight: Tensor, bias: Tensor, eps: float) -> tuple[Tensor, Tensor, Tensor]:
        mean, variance = _statistics(x, weight)
        ctx.save_for_backward(x, weight, mean, (variance + eps).rsqrt())
        ctx.mark_non_differentiable(mean, variance)
        ctx.eps = eps
        return F.batch_norm(x, mean, variance, weight, bias, False, 0.0, eps), mean, variance

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        x, weight, mean, scale = ctx.saved_tensors
        wanted = ctx.needs_input_grad[:3]
        result = torch.ops.aten.native_batch_norm_backward(
            gradients[0], x, weight, None, None, mean, scale, True, ctx.eps, wanted
        )
        return *result, None


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
        if x.device.type == "cpu":
            y, mean, variance = _NormaliseOnCpu.apply(x, self.weight, self.bias, self.eps)
        else:
            # momentum=1 makes torch write the batch's own mean and unbiased variance here.
            mean, variance = torch.zeros_like(self.moving_mean), torch.zeros_like(self.moving_variance)
            y = F.batch_norm(x, mean, variance, self.weight, self.bias, True, 1.0, self.eps)
            variance = variance * ((count - 1) / count)
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
