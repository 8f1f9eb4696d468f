"""Activations in ONNX, and the sum of a residual block."""

import math

from diabolo.interop.onnx.registry import ONNX, Writer


@ONNX.of("relu")
def _relu(writer: Writer) -> str:
    return writer.add("Relu", writer.input)


@ONNX.of("leaky")
def _leaky(writer: Writer) -> str:
    return writer.add("LeakyRelu", writer.input, alpha=writer.number("slope"))


@ONNX.of("gelu")
def _gelu(writer: Writer) -> str:
    """x·Φ(x) = x/2 · (1 + erf(x/√2)), written out: an operation of its own only from opset 20 on."""
    scaled = writer.add("Mul", writer.input, writer.constant(1 / math.sqrt(2)))
    cumulative = writer.add("Add", writer.add("Erf", scaled), writer.constant(1.0))
    return writer.add("Mul", writer.add("Mul", writer.input, writer.constant(0.5)), cumulative)


@ONNX.of("silu")
def _silu(writer: Writer) -> str:
    return writer.add("Mul", writer.input, writer.add("Sigmoid", writer.input))


@ONNX.of("sigmoid")
def _sigmoid(writer: Writer) -> str:
    return writer.add("Sigmoid", writer.input)


@ONNX.of("tanh")
def _tanh(writer: Writer) -> str:
    return writer.add("Tanh", writer.input)


@ONNX.of("add")
def _add(writer: Writer) -> str:
    return writer.add("Add", *[writer.values[name] for name in writer.node.inputs])
