"""Normalisation over the channels of each position by itself: `ln` and `rms`."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from diabolo.layers.bottleneck import channels_to_end, channels_to_front
from diabolo.layers.registry import Request, builds


class LayerNorm(nn.Module):
    """y = γ · (x − μ) / √(σ² + ε) + β with the mean μ and variance σ² of the channels at each position.

    Takes and gives Float[Tensor, "batch channels ..."]. Ba, Kiros & Hinton 2016, https://arxiv.org/abs/1607.06450.
    """

    def __init__(self, channels: int, *, eps: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(channels))
        self.bias = nn.Parameter(torch.zeros(channels))
        self.eps = eps

    def forward(self, x: Tensor) -> Tensor:
        """Float[Tensor, "batch channels ..."] -> the same shape."""
        return channels_to_front(F.layer_norm(channels_to_end(x), self.weight.shape, self.weight, self.bias, self.eps))

    def extra_repr(self) -> str:
        """Sizes, for `print(model)`."""
        return f"{self.weight.shape[0]}, eps={self.eps}"


class RootMeanSquareNorm(nn.Module):
    """y = γ · x / √(mean(x²) + ε) with the mean over the channels at each position.

    Takes and gives Float[Tensor, "batch channels ..."]. Zhang & Sennrich 2019, https://arxiv.org/abs/1910.07467.
    """

    def __init__(self, channels: int, *, eps: float) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.ones(channels))
        self.eps = eps

    def forward(self, x: Tensor) -> Tensor:
        """Float[Tensor, "batch channels ..."] -> the same shape."""
        return channels_to_front(F.rms_norm(channels_to_end(x), self.weight.shape, self.weight, self.eps))

    def extra_repr(self) -> str:
        """Sizes, for `print(model)`."""
        return f"{self.weight.shape[0]}, eps={self.eps}"


@builds("ln")
def _ln(request: Request) -> nn.Module:
    return LayerNorm(request.channels, eps=request.number("eps"))


@builds("rms")
def _rms(request: Request) -> nn.Module:
    return RootMeanSquareNorm(request.channels, eps=request.number("eps"))
