"""Normalisation in ONNX, as in evaluation: `bn` by its moving averages."""

import numpy as np

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


def add_affine(writer: Writer, value: str) -> str:
    """γ · value + β, by channel."""
    gamma = writer.by_channel(writer.part.weight(writer.node, "weight"))
    beta = writer.by_channel(writer.part.weight(writer.node, "bias"))
    return writer.add("Add", writer.add("Mul", value, writer.weight("weight", gamma)), writer.weight("bias", beta))
