"""`conv`, `dwconv` and `deconv` in ONNX."""

import numpy as np
from numpy.typing import NDArray

from diabolo.interop.onnx.registry import ONNX, Writer


def add_convolution(
    writer: Writer, weight: NDArray[np.float32], *, stride: int, pad: str, dilation: int, groups: int
) -> str:
    """A convolution with Keras's 'same' or no padding, at any height and width.

    At stride 1 the padding is known beforehand. Above it depends on the size, which `SAME_UPPER` works out as Keras
    does, though not of a dilated kernel: that one is written out with zeros between its taps.

    Args:
        writer: where it goes; a `bias` of the node is added.
        weight: Float[Array, "out channels k k"].
        stride: step.
        pad: `same` or `valid`.
        dilation: spacing of the taps.
        groups: of channels.
    """
    if pad == "same" and stride > 1 and dilation > 1:
        weight, dilation = _spread(weight, dilation), 1
    total = dilation * (weight.shape[2] - 1)
    before, after = total // 2, total - total // 2
    padding = (
        {"auto_pad": "SAME_UPPER"}
        if pad == "same" and stride > 1
        else {"pads": [before, before, after, after] if pad == "same" else [0, 0, 0, 0]}
    )
    inputs = [writer.input, writer.weight("weight", weight)]
    if writer.part.has_weight(writer.node, "bias"):
        inputs.append(writer.weight("bias"))
    return writer.add(
        "Conv",
        *inputs,
        kernel_shape=list(weight.shape[2:]),
        strides=[stride, stride],
        dilations=[dilation, dilation],
        group=groups,
        **padding,
    )


@ONNX.of("conv")
def _conv(writer: Writer) -> str:
    return add_convolution(
        writer,
        writer.part.weight(writer.node, "weight"),
        stride=writer.whole("stride"),
        pad=str(writer.node.attributes["pad"]),
        dilation=writer.whole("dilation"),
        groups=writer.whole("groups"),
    )


@ONNX.of("dwconv")
def _dwconv(writer: Writer) -> str:
    return add_convolution(
        writer,
        writer.part.weight(writer.node, "weight"),
        stride=writer.whole("stride"),
        pad=str(writer.node.attributes["pad"]),
        dilation=writer.whole("dilation"),
        groups=writer.channels,
    )


@ONNX.of("deconv")
def _deconv(writer: Writer) -> str:
    kernel, stride = writer.whole("k"), writer.whole("stride")
    crop, odd = divmod(kernel - stride, 2)  # the odd row and column go at the end, as Keras has it
    inputs = [writer.input, writer.weight("weight")]
    if writer.part.has_weight(writer.node, "bias"):
        inputs.append(writer.weight("bias"))
    return writer.add(
        "ConvTranspose",
        *inputs,
        kernel_shape=[kernel, kernel],
        strides=[stride, stride],
        pads=[crop, crop, crop + odd, crop + odd],
    )


def _spread(weight: NDArray[np.float32], dilation: int) -> NDArray[np.float32]:
    """A dilated kernel as an ordinary one, with zeros between its taps."""
    out, channels, kernel, _ = weight.shape
    span = dilation * (kernel - 1) + 1
    spread = np.zeros((out, channels, span, span), weight.dtype)
    spread[:, :, ::dilation, ::dilation] = weight
    return spread
