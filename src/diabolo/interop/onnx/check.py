"""An ONNX model in onnxruntime beside the model that it was made from."""

from typing import Any

import numpy as np
from numpy.typing import NDArray

from diabolo.interop.libraries import need
from diabolo.interop.model_part import ModelPart
from diabolo.interop.probe import Difference, compare, is_discrete


def differences(exported: Any, ours: ModelPart, *, input_kind: str) -> Difference:
    """Runs both on fresh images, at two sizes where the model takes any.

    Args:
        exported: an `onnx.ModelProto`.
        ours: the part that it was made from.
        input_kind: `float` or `uint8`.

    Raises:
        DiaboloError: `onnxruntime` is not installed.
    """
    runtime = need("onnxruntime", "the check of an ONNX file")
    options = runtime.SessionOptions()
    options.log_severity_level = 3
    session = runtime.InferenceSession(exported.SerializeToString(), options, providers=["CPUExecutionProvider"])
    name = session.get_inputs()[0].name
    wanted, got = [], []
    for pixels, values in ours.inputs():
        fed = pixels if input_kind == "uint8" and pixels is not None else values
        got.append(session.run(None, {name: fed})[0])
        wanted.append(ours.run(values))
    if input_kind == "float" or not ours.part.gives_images:
        return compare(wanted, got, discrete=is_discrete(ours.part))
    return _in_levels(wanted, got, ours)


def _in_levels(wanted: list[NDArray], got: list[NDArray], ours: ModelPart) -> Difference:
    """8-bit results: a value that lies in the middle of two levels may fall to either side, by one level."""
    bytes_wanted = [np.rint(np.clip(batch, 0, 1) * 255).transpose(0, 2, 3, 1) for batch in wanted]
    if any(one.shape != other.shape for one, other in zip(bytes_wanted, got, strict=True)):
        return Difference(largest=float("inf"), num_images=sum(map(len, wanted)))
    by_image = [
        level
        for one, other in zip(bytes_wanted, got, strict=True)
        for level in np.abs(one - other).reshape(len(one), -1).max(axis=1).astype(int).tolist()
    ]
    jumps = sum(level > 1 for level in by_image) if is_discrete(ours.part) else 0
    levels = max((level for level in by_image if not jumps or level <= 1), default=0)
    return Difference(
        largest=0.0,
        num_images=len(by_image),
        num_jumps=jumps,
        shapes=tuple("x".join(map(str, batch.shape)) for batch in bytes_wanted),
        levels=levels,
    )
