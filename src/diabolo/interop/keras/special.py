"""Special bottlenecks as Keras source, as in evaluation: the mean, the nearest code, the rounded value."""

import numpy as np
from numpy.typing import NDArray

from diabolo.interop.constants import fsq_constants
from diabolo.interop.keras.registry import KERAS, SourceWriter, kernel


@KERAS.of("gaussian")
def _gaussian(writer: SourceWriter) -> None:
    count = writer.whole("channels")
    weight, bias = writer.weight("weight")[:count], writer.weight("bias")[:count]
    if writer.is_map:
        writer.layer(f"layers.Conv2D({count}, 1)", kernel(weight[:, :, None, None]), bias)
    else:
        writer.layer(f"layers.Dense({count})", kernel(weight), bias)


@KERAS.of("vq")
def _vq(writer: SourceWriter) -> None:
    """The nearest code by two dense layers: 2 z·e − ‖e‖² is largest for it, and a one-hot row picks it."""
    codebook, name = writer.weight("codebook"), writer.node.name
    codes = writer.whole("codes")
    scores = [2 * codebook.T, -np.square(codebook).sum(axis=1)]
    writer.layer(f"layers.Dense({codes})", *scores, name=f"{name}_scores", last=False)
    writer.expression(f"ops.one_hot(ops.argmax({{x}}, axis=-1), {codes})", last=False)
    writer.layer(f"layers.Dense({codebook.shape[1]}, use_bias=False)", codebook)


@KERAS.of("fsq")
def _fsq(writer: SourceWriter) -> None:
    """By layers with names of their own: `ops.tanh` or a sum would be called as our `tanh_1` and `add_1` are."""
    half, shift, offset, levels = map(_written, fsq_constants(writer.node.attributes))
    offset, name = [0.0 - value for value in offset], writer.node.name
    writer.layer(f"layers.Rescaling(1.0, {shift})", name=f"{name}_shift", last=False)
    writer.layer('layers.Activation("tanh")', name=f"{name}_tanh", last=False)
    writer.layer(f"layers.Rescaling({half}, {offset})", name=f"{name}_bound", last=False)
    writer.expression("ops.round({x})", last=False)
    writer.expression(f"{{x}} / np.array({levels}, 'float32')")


def _written(values: NDArray[np.float32]) -> list[float]:
    """Constants in full, so that they round as they do here."""
    return [float(value) for value in values]
