"""Pooling, up-sampling and pixel shuffling."""

import torch.nn.functional as F
from torch import Tensor, nn

from diabolo.layers.convolution import same_padding
from diabolo.layers.registry import Request, builds


def _same_padding(x: Tensor, size: int) -> tuple[int, int]:
    """Rows above and columns left of 'same' pooling; `ceil_mode` takes care of those below and right."""
    return same_padding(x.shape[2], size, size)[0], same_padding(x.shape[3], size, size)[0]


class MaxPool(nn.Module):
    """Maximum of size × size windows; at sides that are no multiple, Keras's 'same': padding never wins.

    Takes and gives Float[Tensor, "batch channels height width"].
    """

    def __init__(self, size: int) -> None:
        super().__init__()
        self.size = size

    def forward(self, x: Tensor) -> Tensor:
        """Float[Tensor, "batch channels height width"] -> sides divided by size, rounded up."""
        return F.max_pool2d(x, self.size, padding=_same_padding(x, self.size), ceil_mode=True)

    def extra_repr(self) -> str:
        """Size, for `print(model)`."""
        return str(self.size)


class AveragePool(nn.Module):
    """Mean of size × size windows; at sides that are no multiple, Keras's 'same': padding does not count.

    Takes and gives Float[Tensor, "batch channels height width"].
    """

    def __init__(self, size: int) -> None:
        super().__init__()
        self.size = size

    def forward(self, x: Tensor) -> Tensor:
        """Float[Tensor, "batch channels height width"] -> sides divided by size, rounded up."""
        padding = _same_padding(x, self.size)
        return F.avg_pool2d(x, self.size, padding=padding, ceil_mode=True, count_include_pad=False)

    def extra_repr(self) -> str:
        """Size, for `print(model)`."""
        return str(self.size)


class Upsample(nn.Module):
    """Image size × size, by nearest neighbour or bilinear interpolation (half-pixel centres).

    Takes and gives Float[Tensor, "batch channels height width"].
    """

    def __init__(self, size: int, mode: str) -> None:
        super().__init__()
        self.size = size
        self.mode = mode

    def forward(self, x: Tensor) -> Tensor:
        """Float[Tensor, "batch channels height width"] -> sides times size."""
        if self.mode == "nearest":
            # 1/41 and others round down in float32, and `nearest` then takes some pixels from the wrong neighbour.
            mode = "nearest" if self.size <= 40 else "nearest-exact"
            return F.interpolate(x, scale_factor=float(self.size), mode=mode)
        return F.interpolate(x, scale_factor=float(self.size), mode="bilinear", align_corners=False)

    def extra_repr(self) -> str:
        """Size, for `print(model)`."""
        return f"{self.size}, {self.mode}"


@builds("pool")
def _pool(request: Request) -> nn.Module:
    return MaxPool(request.whole("size"))


@builds("avgpool")
def _avgpool(request: Request) -> nn.Module:
    return AveragePool(request.whole("size"))


@builds("up")
def _up(request: Request) -> nn.Module:
    return Upsample(request.whole("size"), str(request.attributes["mode"]))


@builds("shuffle")
def _shuffle(request: Request) -> nn.Module:
    """Shi et al. 2016, https://arxiv.org/abs/1609.05158."""
    return nn.PixelShuffle(request.whole("size"))


@builds("unshuffle")
def _unshuffle(request: Request) -> nn.Module:
    return nn.PixelUnshuffle(request.whole("size"))
