"""`attention` in ONNX, at any height and width."""

import numpy as np

from diabolo.interop.onnx.registry import ONNX, Writer


@ONNX.of("attention")
def _attention(writer: Writer) -> str:
    """softmax(Q Kᵀ / √d) V by head, over all positions."""
    channels, heads = writer.channels, writer.whole("heads")
    width = channels // heads
    rows = writer.channels_last(writer.input)
    shape = writer.add("Shape", rows)
    flat = writer.add("Reshape", rows, writer.constant([0, -1, channels], np.int64))
    biases = writer.part.weight(writer.node, "biases")

    def split(name: str, index: int, order: list[int]) -> str:
        kernel = writer.weight(name, writer.part.weight(writer.node, name).T)
        mapped = writer.add("Add", writer.add("MatMul", flat, kernel), writer.constant(biases[index]))
        by_head = writer.add("Reshape", mapped, writer.constant([0, -1, heads, width], np.int64))
        return writer.add("Transpose", by_head, perm=order)

    query, key = split("query", 0, [0, 2, 1, 3]), split("key", 1, [0, 2, 3, 1])
    value = split("value", 2, [0, 2, 1, 3])
    scores = writer.add("Mul", writer.add("MatMul", query, key), writer.constant(width**-0.5))
    attended = writer.add("MatMul", writer.add("Softmax", scores, axis=-1), value)
    joined = writer.add("Transpose", attended, perm=[0, 2, 1, 3])
    together = writer.add("Reshape", joined, writer.constant([0, -1, channels], np.int64))
    last = writer.weight("weight", writer.part.weight(writer.node, "weight").T)
    mapped = writer.add("Add", writer.add("MatMul", together, last), writer.weight("bias"))
    return writer.channels_first(writer.add("Reshape", mapped, shape))
