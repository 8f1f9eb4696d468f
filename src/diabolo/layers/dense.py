"""Flatten, dense and unflatten, in Keras's channels-last order so that weights carry over."""

import torch
from torch import Tensor, nn

from diabolo.layers.registry import Request, builds


class Flatten(nn.Module):
    """Float[Tensor, "batch channels height width"] -> Float[Tensor, "batch height·width·channels"], channels last."""

    def forward(self, x: Tensor) -> Tensor:
        """Row of values of each image."""
        if x.dim() == 4:
            x = x.permute(0, 2, 3, 1)
        return x.reshape(x.shape[0], -1)


class Unflatten(nn.Module):
    """Float[Tensor, "batch height·width·channels"] -> Float[Tensor, "batch channels height width"]."""

    def __init__(self, height: int, width: int, channels: int) -> None:
        super().__init__()
        self.target = (height, width, channels)

    def forward(self, x: Tensor) -> Tensor:
        """Map of each row."""
        return x.reshape(x.shape[0], *self.target).permute(0, 3, 1, 2)

    def extra_repr(self) -> str:
        """Target shape, for `print(model)`."""
        return "×".join(map(str, self.target))


class Dense(nn.Module):
    """y = W x + b; Float[Tensor, "batch features"] -> Float[Tensor, "batch units"]."""

    def __init__(self, features: int, units: int, *, bias: bool) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(units, features))
        self.bias = nn.Parameter(torch.empty(units)) if bias else None

    def forward(self, x: Tensor) -> Tensor:
        """Values of each row."""
        return nn.functional.linear(x, self.weight, self.bias)

    def extra_repr(self) -> str:
        """Sizes, for `print(model)`."""
        return f"{self.weight.shape[1]}, {self.weight.shape[0]}"


@builds("flatten")
def _flatten(request: Request) -> nn.Module:
    return Flatten()


@builds("unflatten")
def _unflatten(request: Request) -> nn.Module:
    return Unflatten(request.whole("h"), request.whole("w"), request.whole("c"))


@builds("dense")
def _dense(request: Request) -> nn.Module:
    return Dense(request.channels, request.whole("units"), bias=bool(request.attributes["bias"]))
