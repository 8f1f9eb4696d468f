"""Convolution and transposed convolution with Keras's 'same' padding, at any size and stride."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from diabolo.layers.registry import Request, builds


def same_padding(side: int, span: int, stride: int) -> tuple[int, int]:
    """Zeros before and after one axis so that ceil(side / stride) positions come out, the odd one after.

    Source: TensorFlow's 'SAME', which Keras follows on every back end.
    """
    total = max((-(-side // stride) - 1) * stride + span - side, 0)
    return total // 2, total - total // 2


class Conv(nn.Module):
    """Convolution: y[o] = b[o] + Σ w[o, i, dy, dx] · x[i, y·s + dy, x·s + dx].

    Takes and gives Float[Tensor, "batch channels height width"]. `pad="same"` gives ceil(side / stride) positions.
    """

    def __init__(
        self, channels: int, out: int, *, kernel: int, stride: int, pad: str, dilation: int, groups: int, bias: bool
    ) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(out, channels // groups, kernel, kernel))
        self.bias = nn.Parameter(torch.empty(out)) if bias else None
        self.stride = stride
        self.pad = pad
        self.dilation = dilation
        self.groups = groups
        self.span = dilation * (kernel - 1) + 1

    def forward(self, x: Tensor) -> Tensor:
        """Float[Tensor, "batch channels height width"] -> Float[Tensor, "batch out height' width'"]."""
        padding = (0, 0)
        if self.pad == "same":
            top, bottom = same_padding(x.shape[2], self.span, self.stride)
            left, right = same_padding(x.shape[3], self.span, self.stride)
            if (top, left) == (bottom, right):
                padding = (top, left)
            else:
                x = F.pad(x, (left, right, top, bottom))
        return F.conv2d(x, self.weight, self.bias, self.stride, padding, self.dilation, self.groups)

    def extra_repr(self) -> str:
        """Sizes, for `print(model)`."""
        out, channels, kernel, _ = self.weight.shape
        return f"{channels * self.groups}, {out}, k={kernel}, stride={self.stride}, pad={self.pad}"


class Deconv(nn.Module):
    """Transposed convolution, the adjoint of a 'same' convolution: the sides grow by exactly the stride.

    Where k − stride is odd, the row and column too many go at the end, as TensorFlow and Keras have it.

    Takes and gives Float[Tensor, "batch channels height width"].
    """

    def __init__(self, channels: int, out: int, *, kernel: int, stride: int, bias: bool) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(channels, out, kernel, kernel))
        self.bias = nn.Parameter(torch.empty(out)) if bias else None
        self.stride = stride

    def forward(self, x: Tensor) -> Tensor:
        """Float[Tensor, "batch channels height width"] -> Float[Tensor, "batch out height·stride width·stride"]."""
        crop, odd = divmod(self.weight.shape[2] - self.stride, 2)
        y = F.conv_transpose2d(x, self.weight, self.bias, self.stride, padding=crop)
        return y[:, :, :-1, :-1].contiguous(memory_format=torch.channels_last) if odd else y

    def extra_repr(self) -> str:
        """Sizes, for `print(model)`."""
        channels, out, kernel, _ = self.weight.shape
        return f"{channels}, {out}, k={kernel}, stride={self.stride}"


@builds("conv")
def _conv(request: Request) -> nn.Module:
    return Conv(
        request.channels,
        request.whole("channels"),
        kernel=request.whole("k"),
        stride=request.whole("stride"),
        pad=str(request.attributes["pad"]),
        dilation=request.whole("dilation"),
        groups=request.whole("groups"),
        bias=bool(request.attributes["bias"]),
    )


@builds("dwconv")
def _dwconv(request: Request) -> nn.Module:
    """Howard et al. 2017, https://arxiv.org/abs/1704.04861."""
    return Conv(
        request.channels,
        request.channels,
        kernel=request.whole("k"),
        stride=request.whole("stride"),
        pad=str(request.attributes["pad"]),
        dilation=request.whole("dilation"),
        groups=request.channels,
        bias=bool(request.attributes["bias"]),
    )


@builds("deconv")
def _deconv(request: Request) -> nn.Module:
    return Deconv(
        request.channels,
        request.whole("channels"),
        kernel=request.whole("k"),
        stride=request.whole("stride"),
        bias=bool(request.attributes["bias"]),
    )
