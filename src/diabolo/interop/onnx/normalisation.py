"""Normalisation in ONNX, as in evaluation: `bn` by its moving averages."""

import numpy as np

from diabolo.interop.constants import divisive_constants
from diabolo.interop.onnx.registry import ONNX, Writer


@ONNX.of("bn")
def _bn(writer: Writer) -> str:
    names = ("weight", "bias", "moving_mean", "moving_variance")
    return writer.add(
        "BatchNormalization",
        writer.input,
        *[writer.weight(name) for name in names],
        epsilon=writer.number("eps"),
    )


@ONNX.of("gn")
def _gn(writer: Writer) -> str:
    """Each group as one row, normalised by itself; ONNX's own operation takes a scale a channel from opset 21 on."""
    groups = writer.whole("groups")
    rows = writer.add("Reshape", writer.input, writer.constant([0, groups, -1], np.int64))
    ones, zeros = writer.constant(np.ones(groups)), writer.constant(np.zeros(groups))
    normal = writer.add("InstanceNormalization", rows, ones, zeros, epsilon=writer.number("eps"))
    back = writer.add("Reshape", normal, writer.add("Shape", writer.input))
    return add_affine(writer, back)


@ONNX.of("ln")
def _ln(writer: Writer) -> str:
    rows = writer.channels_last(writer.input)
    weights = (writer.weight("weight"), writer.weight("bias"))
    normal = writer.add("LayerNormalization", rows, *weights, axis=-1, epsilon=writer.number("eps"))
    return writer.channels_first(normal)


@ONNX.of("rms")
def _rms(writer: Writer) -> str:
    squares = writer.add("ReduceMean", writer.add("Mul", writer.input, writer.input), axes=[1], keepdims=1)
    root = writer.add("Sqrt", writer.add("Add", squares, writer.constant(writer.number("eps"))))
    gamma = writer.by_channel(writer.part.weight(writer.node, "weight"))
    return writer.add("Mul", writer.add("Div", writer.input, root), writer.weight("weight", gamma))


@ONNX.of("gdn")
def _gdn(writer: Writer) -> str:
    """x / √(β + γ x²) by a 1×1 convolution of the squares."""
    gamma, beta = divisive_constants(writer.part, writer.node)
    squares = writer.add("Mul", writer.input, writer.input)
    if writer.is_map:
        kernel = writer.weight("gamma", gamma[:, :, None, None])
        norm = writer.add("Conv", squares, kernel, writer.weight("beta", beta), kernel_shape=[1, 1])
    else:
        norm = writer.add("Gemm", squares, writer.weight("gamma", gamma), writer.weight("beta", beta), transB=1)
    return writer.add("Mul" if writer.node.attributes["inverse"] else "Div", writer.input, writer.add("Sqrt", norm))


def add_affine(writer: Writer, value: str) -> str:
    """γ · value + β, by channel."""
    gamma = writer.by_channel(writer.part.weight(writer.node, "weight"))
    beta = writer.by_channel(writer.part.weight(writer.node, "bias"))
    return writer.add("Add", writer.add("Mul", value, writer.weight("weight", gamma)), writer.weight("bias", beta))
