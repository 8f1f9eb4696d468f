"""`gaussian`, `vq`, `fsq`, `lloyd`, `topk` in ONNX, as in evaluation: the mean, the nearest code, the rounded value."""

import numpy as np

from diabolo.interop.constants import fsq_constants, level_constants
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


@ONNX.of("lloyd")
def _lloyd(writer: Writer) -> str:
    """The nearest level by binary search: memory stays that of the values, whatever the number of levels."""
    levels, middles = level_constants(writer.part, writer.node)
    rows = writer.channels_last(writer.input)
    first = np.arange(len(levels)) * levels.shape[1]
    flat, codes, step = writer.constant(middles.reshape(-1)), "", levels.shape[1] // 2
    while step:
        looked = writer.constant(first + step - 1, np.int64)
        place = writer.add("Add", codes, looked) if codes else looked
        above = writer.add(
            "Cast", writer.add("Greater", rows, writer.add("Gather", flat, place, axis=0)), to=7
        )  # int64
        moved = writer.add("Mul", above, writer.constant(step, np.int64))
        codes = writer.add("Add", codes, moved) if codes else moved
        step //= 2
    place = writer.add("Add", codes, writer.constant(first, np.int64))
    rounded = writer.add("Gather", writer.weight("centres", levels.reshape(-1)), place, axis=0)
    return writer.channels_first(writer.add("Where", writer.add("IsNaN", rows), rows, rounded))


@ONNX.of("topk")
def _topk(writer: Writer) -> str:
    """The k largest values of a position, a channel or an image keep their place; the others become 0."""
    of = str(writer.node.attributes["of"]) if writer.is_map else "position"
    shapes = {"position": None, "channel": [0, 0, -1], "image": [0, -1]}
    axis = 2 if of == "channel" else 1
    rows, target = writer.input, shapes[of]
    if target is not None:
        rows = writer.add("Reshape", rows, writer.constant(target, np.int64))
    largest, places = writer.add_two("TopK", rows, writer.constant([writer.whole("k")], np.int64), axis=axis)
    zeros = writer.add("Mul", rows, writer.constant(0.0))
    kept = writer.add("ScatterElements", zeros, places, largest, axis=axis)
    return kept if target is None else writer.add("Reshape", kept, writer.add("Shape", writer.input))
