"""`gaussian`, `vq`, `fsq` in ONNX, as in evaluation: the mean, the nearest code, the rounded value."""

import numpy as np

from diabolo.interop.finite_levels import fsq_constants
from diabolo.interop.onnx.registry import ONNX, Writer


@ONNX.of("gaussian")
def _gaussian(writer: Writer) -> str:
    count = writer.whole("channels")
    weight = writer.part.weight(writer.node, "weight")[:count]  # the mean's half; the variance's is for training
    bias = writer.weight("bias", writer.part.weight(writer.node, "bias")[:count])
    if writer.is_map:
        kernel = writer.weight("weight", weight[:, :, None, None])
        return writer.add("Conv", writer.input, kernel, bias, kernel_shape=[1, 1])
    return writer.add("Gemm", writer.input, writer.weight("weight", weight), bias, transB=1)


@ONNX.of("vq")
def _vq(writer: Writer) -> str:
    """The code of the smallest ‖e‖² − 2 z·e, which is ‖z − e‖² but for what all codes share."""
    codebook = writer.part.weight(writer.node, "codebook")
    vectors = writer.channels_last(writer.input)
    products = writer.add("MatMul", vectors, writer.constant(-2 * codebook.T))
    distances = writer.add("Add", products, writer.constant(np.square(codebook).sum(axis=1)))
    codes = writer.add("ArgMin", distances, axis=-1, keepdims=0)
    return writer.channels_first(writer.add("Gather", writer.weight("codebook"), codes, axis=0))


@ONNX.of("fsq")
def _fsq(writer: Writer) -> str:
    half, shift, offset, levels = (writer.by_channel(values) for values in fsq_constants(writer.node.attributes))
    bounded = writer.add("Tanh", writer.add("Add", writer.input, writer.constant(shift)))
    scaled = writer.add("Sub", writer.add("Mul", bounded, writer.constant(half)), writer.constant(offset))
    return writer.add("Div", writer.add("Round", scaled), writer.constant(levels))
