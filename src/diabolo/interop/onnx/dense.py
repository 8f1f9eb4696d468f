"""`flatten`, `dense`, `unflatten` in ONNX; flat values are in Keras's channels-last order."""

import numpy as np

from diabolo.interop.onnx.registry import ONNX, Writer


@ONNX.of("flatten")
def _flatten(writer: Writer) -> str:
    features = writer.node.shape[0]
    return writer.add(
        "Reshape", writer.channels_last(writer.input), writer.constant([-1, features], np.int64)
    )  # the batch is the one unknown side


@ONNX.of("unflatten")
def _unflatten(writer: Writer) -> str:
    target = writer.constant([-1, *writer.node.shape], np.int64)
    return writer.add("Transpose", writer.add("Reshape", writer.input, target), perm=[0, 3, 1, 2])


@ONNX.of("dense")
def _dense(writer: Writer) -> str:
    inputs = [writer.input, writer.weight("weight")]
    if writer.part.has_weight(writer.node, "bias"):
        inputs.append(writer.weight("bias"))
    return writer.add("Gemm", *inputs, transB=1)
