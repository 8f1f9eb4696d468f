"""`torch.export`: a part of a model as a program of torch's own operations, which runs without diabolo."""

import contextlib
import io
import json
import logging
import warnings
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any

import numpy as np
import torch
from torch import Tensor, nn

from diabolo.errors import DiaboloError, clip
from diabolo.interop.converters import TRAINING_ONLY
from diabolo.interop.fixed_levels import with_fixed_levels
from diabolo.interop.model_part import ModelPart, PartModule
from diabolo.interop.part import size_multiple, takes_any_size
from diabolo.interop.probe import Difference, compare, is_discrete


@dataclass(frozen=True, kw_only=True)
class TorchProgram:
    """An exported program."""

    content: bytes
    """Of a `.pt2` file."""
    any_size: bool
    """Whether it takes other heights and widths than the model's."""
    left_out: tuple[str, ...]
    """Layers that do nothing in evaluation."""


class _ByteImages(nn.Module):
    """A part that takes and gives images as files hold them: UInt8[Tensor, "batch height width channels"]."""

    def __init__(self, inner: PartModule, *, takes_images: bool, gives_images: bool) -> None:
        super().__init__()
        self.inner = inner
        self.takes_images = takes_images
        self.gives_images = gives_images

    def forward(self, values: Tensor) -> Tensor:
        if self.takes_images:
            values = (values.to(torch.float32) / 255.0).permute(0, 3, 1, 2)
        result = self.inner(values)
        if self.gives_images:
            result = (result.clamp(0, 1) * 255.0).round().to(torch.uint8).permute(0, 2, 3, 1)
        return result


def to_torch_program(ours: ModelPart, metadata: dict[str, str], *, input_kind: str = "float") -> TorchProgram:
    """Exports a part with any batch size, and any height and width where torch can follow them.

    Args:
        ours: the part.
        metadata: kept in the file as `diabolo.json`.
        input_kind: `float` or `uint8`, as of ONNX.

    Raises:
        DiaboloError: torch cannot export it.
    """
    part = ours.part
    inner = PartModule(with_fixed_levels(ours.model, part), part.name)
    module = _ByteImages(
        inner,
        takes_images=part.takes_images and input_kind == "uint8",
        gives_images=part.gives_images and input_kind == "uint8",
    )
    program, any_size = _exported(module.to("cpu"), _example(ours, input_kind), ours, input_kind)
    buffer = io.BytesIO()
    with _quiet():
        torch.export.save(program, buffer, extra_files={"diabolo.json": json.dumps(metadata)})
    left_out = tuple(node.name for node in part.nodes if node.kind in TRAINING_ONLY)
    return TorchProgram(content=buffer.getvalue(), any_size=any_size, left_out=left_out)


def program_differences(content: bytes, ours: ModelPart, *, input_kind: str, any_size: bool) -> Difference:
    """Loads the file's bytes and runs them beside the model on fresh images."""
    with _quiet():
        module = torch.export.load(io.BytesIO(content)).module()
    wanted, got = [], []
    for index, (pixels, values) in enumerate(ours.inputs()):
        if index and not any_size:
            break
        fed = pixels if input_kind == "uint8" and pixels is not None else values
        with torch.no_grad():
            result = module(torch.from_numpy(np.ascontiguousarray(fed))).numpy()
        expected = ours.run(values)
        if input_kind == "uint8" and ours.part.gives_images:
            result = result.astype(np.float32) / np.float32(255)
            expected = np.rint(np.clip(expected, 0, 1) * 255).transpose(0, 2, 3, 1).astype(np.float32) / np.float32(255)
        wanted.append(expected)
        got.append(result)
    return compare(wanted, got, discrete=is_discrete(ours.part))


def _example(ours: ModelPart, input_kind: str) -> Tensor:
    """Two inputs: torch takes a batch of one for a constant."""
    pixels, values = next(iter(ours.inputs()))
    fed = pixels if input_kind == "uint8" and pixels is not None else values
    return torch.from_numpy(np.ascontiguousarray(fed[:2]))


def _exported(module: nn.Module, example: Tensor, ours: ModelPart, input_kind: str) -> tuple[Any, bool]:
    choices = [False]
    if takes_any_size(ours.part.graph):
        choices = [True, False]
    problem: Exception | None = None
    for any_size in choices:
        try:
            with _quiet():
                sides = _dynamic(ours, input_kind, any_size)
                return torch.export.export(module, (example,), dynamic_shapes=(sides,)), any_size
        except Exception as error:  # torch raises many kinds here
            problem = error
    first = str(problem).strip().splitlines()[0] if str(problem).strip() else type(problem).__name__
    raise DiaboloError(f"torch cannot export this model ({clip(first)}); export it to ONNX, or as safetensors")


def _dynamic(ours: ModelPart, input_kind: str, any_size: bool) -> dict[int, Any]:
    """Which sides of the input are free: the batch, and multiples for height and width."""
    free: dict[int, Any] = {0: torch.export.Dim("batch", min=1)}
    if any_size:
        step = size_multiple(ours.part.graph) if ours.part.takes_images else 1
        first = 1 if input_kind == "uint8" and ours.part.takes_images else 2
        for axis, name in ((first, "height"), (first + 1, "width")):
            unit = torch.export.Dim(f"{name}_units", min=1, max=4096)
            free[axis] = step * unit if step > 1 else unit
    return free


@contextlib.contextmanager
def _quiet() -> Iterator[None]:
    """torch logs, prints and warns a page for each way that it tries."""
    logger = logging.getLogger("torch")
    before = logger.level
    logger.setLevel(logging.CRITICAL)
    try:
        with (
            warnings.catch_warnings(action="ignore"),
            contextlib.redirect_stdout(io.StringIO()),
            contextlib.redirect_stderr(io.StringIO()),
        ):
            yield
    finally:
        logger.setLevel(before)
