"""Pooling, up-sampling and pixel shuffling in ONNX, at any height and width."""

import numpy as np

from diabolo.interop.onnx.registry import ONNX, Writer


@ONNX.of("pool")
def _pool(writer: Writer) -> str:
    size = writer.whole("size")
    return writer.add("MaxPool", writer.input, kernel_shape=[size, size], strides=[size, size], auto_pad="SAME_UPPER")


@ONNX.of("avgpool")
def _avgpool(writer: Writer) -> str:
    size = writer.whole("size")
    return writer.add(
        "AveragePool",
        writer.input,
        kernel_shape=[size, size],
        strides=[size, size],
        auto_pad="SAME_UPPER",
        count_include_pad=0,
    )


@ONNX.of("up")
def _up(writer: Writer) -> str:
    size = writer.whole("size")
    scales = writer.constant([1, 1, size, size])
    if writer.node.attributes["mode"] == "bilinear":
        return writer.add(
            "Resize", writer.input, "", scales, mode="linear", coordinate_transformation_mode="half_pixel"
        )
    # Half-pixel centres lie in the middle of their pixel, far from the rounding of 1/41 that `asymmetric` falls for.
    return writer.add(
        "Resize",
        writer.input,
        "",
        scales,
        mode="nearest",
        coordinate_transformation_mode="half_pixel",
        nearest_mode="round_prefer_floor",
    )


@ONNX.of("shuffle")
def _shuffle(writer: Writer) -> str:
    """Channels of a pixel's block lie side by side (CRD), as in torch; TensorFlow's order is DCR."""
    return writer.add("DepthToSpace", writer.input, blocksize=writer.whole("size"), mode="CRD")


@ONNX.of("unshuffle")
def _unshuffle(writer: Writer) -> str:
    """ONNX's space-to-depth puts the place in the block first and the channel last; here it is the other way round."""
    size, channels = writer.whole("size"), writer.channels
    blocks = writer.add("SpaceToDepth", writer.input, blocksize=size)
    order = [place * channels + channel for channel in range(channels) for place in range(size * size)]
    return writer.add("Gather", blocks, writer.constant(order, np.int64), axis=1)
