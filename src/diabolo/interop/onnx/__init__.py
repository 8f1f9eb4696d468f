"""ONNX: a graph and its weights as a file that runs without diabolo and without torch.

One file a family of layers, each registering its converters; `convert` puts them together, `check` runs the result.
"""

from diabolo.interop.onnx import (  # noqa: F401  (each registers its converters)
    activation,
    attention,
    bottleneck,
    convolution,
    dense,
    normalisation,
    sampling,
)
from diabolo.interop.onnx.check import differences
from diabolo.interop.onnx.convert import INPUTS, OPSET, to_onnx
from diabolo.interop.onnx.registry import ONNX

__all__ = ["INPUTS", "ONNX", "OPSET", "differences", "to_onnx"]
