"""Dropout and additive noise: random in training, nothing in evaluation."""

import torch
from torch import Tensor, nn

from diabolo.layers.registry import Request, builds


class GaussianNoise(nn.Module):
    """x + std · n with n ~ N(0, 1) in training; x in evaluation. Any shape.

    Vincent et al. 2008, Extracting and composing robust features with denoising autoencoders.
    """

    def __init__(self, std: float) -> None:
        super().__init__()
        self.std = std

    def forward(self, x: Tensor) -> Tensor:
        """Any Tensor -> the same shape."""
        return x + self.std * torch.randn_like(x) if self.training and self.std else x

    def extra_repr(self) -> str:
        """Deviation, for `print(model)`."""
        return f"std={self.std}"


@builds("dropout")
def _dropout(request: Request) -> nn.Module:
    return nn.Dropout(request.number("p"))


@builds("noise")
def _noise(request: Request) -> nn.Module:
    return GaussianNoise(request.number("std"))
