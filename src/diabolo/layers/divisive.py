"""`gdn`: generalised divisive normalisation."""

from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from diabolo.layers.registry import Request, builds

_PEDESTAL = 2.0**-36  # keeps the gradient of the square from vanishing at zero, as in Ballé's own code
_LEAST_BETA = 1e-6
_START_GAMMA = 0.1


class DivisiveNorm(nn.Module):
    """y_i = x_i / √(β_i + Σ_j γ_ij x_j²) at each position; with `inverse`, x_i · √(β_i + Σ_j γ_ij x_j²).

    β ≥ 10⁻⁶ and γ ≥ 0 hold always: the parameters are √(β + 2⁻³⁶) and √(γ + 2⁻³⁶), held at their lower bounds, where
    a gradient passes only if it leads back. They start at β = 1, γ = 0.1 · I. Computed in float32.

    Takes and gives Float[Tensor, "batch channels ..."]. Ballé, Laparra & Simoncelli 2015,
    https://arxiv.org/abs/1511.06281, and 2017, https://arxiv.org/abs/1611.01704.
    """

    def __init__(self, channels: int, *, inverse: bool) -> None:
        super().__init__()
        self.root_beta = nn.Parameter(torch.full((channels,), (1 + _PEDESTAL) ** 0.5))
        self.root_gamma = nn.Parameter((_START_GAMMA * torch.eye(channels) + _PEDESTAL).sqrt())
        self.inverse = inverse

    @property
    def beta(self) -> Tensor:
        """Float[Tensor, "channels"], at least 10⁻⁶."""
        return _squared(self.root_beta, _LEAST_BETA)

    @property
    def gamma(self) -> Tensor:
        """Float[Tensor, "channels channels"], nowhere negative."""
        return _squared(self.root_gamma, 0.0)

    def forward(self, x: Tensor) -> Tensor:
        """Float[Tensor, "batch channels ..."] -> the same shape."""
        with torch.autocast(x.device.type, enabled=False):
            values = x.to(self.root_beta.dtype)
            squares, gamma = values.square(), self.gamma
            if x.dim() == 4:
                norm = F.conv2d(squares, gamma[:, :, None, None], self.beta)
            else:
                norm = F.linear(squares, gamma, self.beta)
            result = values * (norm.sqrt() if self.inverse else norm.rsqrt())
        return result.to(x.dtype)

    def extra_repr(self) -> str:
        """Sizes, for `print(model)`."""
        return f"{self.root_beta.shape[0]}{', inverse' if self.inverse else ''}"


class _AtLeast(torch.autograd.Function):
    """max(x, bound); below the bound a gradient passes only where a step along it leads up."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, bound: float) -> Tensor:
        ctx.save_for_backward(x)
        ctx.bound = bound
        return x.clamp(min=bound)

    @staticmethod
    def backward(ctx: Any, gradient: Tensor) -> tuple[Tensor, None]:
        (x,) = ctx.saved_tensors
        return gradient * ((x >= ctx.bound) | (gradient < 0)), None


def _squared(root: Tensor, least: float) -> Tensor:
    bounded: Tensor = _AtLeast.apply(root, (least + _PEDESTAL) ** 0.5)
    return bounded.square() - _PEDESTAL


@builds("gdn")
def _gdn(request: Request) -> nn.Module:
    return DivisiveNorm(request.channels, inverse=bool(request.attributes["inverse"]))
