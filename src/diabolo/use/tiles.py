"""Images of any size through a model in bounded memory: whole where they are small, else in tiles without seams.

Tiles overlap by all that the model sees, and of each only the core is kept. So the results are those of the whole image
and there is nothing to blend.
"""

import contextlib
import math
from collections.abc import Iterator
from dataclasses import dataclass
from typing import Any, Literal

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from diabolo.errors import DiaboloError
from diabolo.graph import ModelGraph
from diabolo.model import AutoEncoder
from diabolo.model.device import device_of
from diabolo.use.sight import Sight, sight, size_is_fixed_by, whole_is_seen_by

Part = Literal["reconstruct", "encode", "decode"]
"""Which half of a model works, or both."""

Values = NDArray[np.uint8] | NDArray[np.float32]
"""Images as bytes, or latents, channels last."""

MEMORY = 1024
"""Bytes that activations may take, in MiB, where nothing else is said."""
_WORKSPACE = 2.0  # room for the library's own copies; 1024 MiB allowed took 600 on plain torch, 281 on native stages
_MOST_AT_ONCE = 250  # images in a pass: more only takes memory


@dataclass(frozen=True, kw_only=True)
class Block:
    """A piece of a result."""

    images: slice
    """Which images of the batch."""
    rows: slice
    """Which rows of their results."""
    columns: slice
    """Which columns of their results."""
    values: NDArray[np.float32]
    """(images, rows, columns, channels); or (images, features) where results are flat."""


@dataclass(frozen=True, kw_only=True)
class Ends:
    """Where a part of a model begins and ends, and how wide it is in between."""

    source: str
    """Name of the node that it reads."""
    target: str
    """Name of the node that it gives."""
    bytes_each: float
    """Bytes that its activations take at most for each source position."""


def memory_in_bytes(memory: float | None) -> float:
    """The bound on activations in bytes; `memory` in MiB, None for `MEMORY`.

    Raises:
        DiaboloError: it is not a number above 0.
    """
    value = MEMORY if memory is None else memory
    if isinstance(value, bool) or not isinstance(value, int | float) or not (0 < value < math.inf):
        raise DiaboloError(f"`memory` (={memory}) must be a number of MiB above 0")
    return float(value) * 2**20


def check_size(graph: ModelGraph, height: int, width: int) -> None:
    """Refuses images that the model cannot take.

    Raises:
        DiaboloError: the model takes one size only, and this is another.
    """
    if (height, width) != graph.input_shape[:2] and (why := size_is_fixed_by(graph)) is not None:
        own = f"{graph.input_shape[0]}×{graph.input_shape[1]}"
        raise DiaboloError(f"images are {height}×{width}, and the model takes {own} only: {why}")


def blocks(model: AutoEncoder, source: Values, part: Part, *, memory: float | None = None) -> Iterator[Block]:
    """Puts a batch through a part of a model, piece by piece; the model's mode is put back at the end.

    Images whose sides are no multiple of what the model needs are reflected at the right and at the bottom;
    reconstructions are cut to the images' size again. Pieces come in the order of images, then rows, then columns.

    Args:
        model: on any device.
        source: images, uint8 (N, H, W, C); or for `decode` latents, float32 (N, h, w, channels) or (N, features).
        part: `reconstruct` and `decode` give floats as the model makes them, `encode` latents.
        memory: MiB that activations may take; None: `MEMORY`.

    Raises:
        DiaboloError: the model takes one size only; or it cannot be cut into tiles, or not into tiles so small.
    """
    ends = _ends(model.graph, part)
    if not len(source):
        return
    limit = memory_in_bytes(memory)
    with _evaluating(model):
        if source.ndim == 2 or size_is_fixed_by(model.graph) is not None:
            at_once = _images_at_once(ends, math.prod(model.graph[ends.source].shape[:-1]), limit)
            for start in range(0, len(source), at_once):
                values = _run(model, part, source[start : start + at_once])
                whole = [slice(0, side) for side in values.shape[1:-1]] or [slice(0, 1)] * 2
                images = slice(start, start + len(values))
                yield Block(images=images, rows=whole[0], columns=whole[1], values=values)
            return
        yield from _mapped(model, source, part, ends, limit)


def collect(model: AutoEncoder, source: Values, part: Part, *, memory: float | None = None) -> NDArray[np.float32]:
    """All of `blocks` as one float32 array, (N, height, width, channels) or (N, features)."""
    result = None
    for block in blocks(model, source, part, memory=memory):
        if result is None:
            result = np.empty(_result_shape(model, source, part, block.values), np.float32)
        if block.values.ndim == 2:
            result[block.images] = block.values
        else:
            result[block.images, block.rows, block.columns] = block.values
    if result is None:
        result = np.empty((0, *model.graph[_ends(model.graph, part).target].shape), np.float32)
    return result


def _mapped(model: AutoEncoder, source: Values, part: Part, ends: Ends, limit: float) -> Iterator[Block]:
    """The pieces of maps of any size."""
    view = sight(model.graph, ends.source, ends.target)
    height, width = source.shape[1:3]
    full = view.rounded(height), view.rounded(width)
    keep = (height, width) if part == "reconstruct" else tuple(int(side * view.scale) for side in full)
    if full[0] * full[1] * ends.bytes_each <= limit:
        at_once = _images_at_once(ends, full[0] * full[1], limit)
        for start in range(0, len(source), at_once):
            values = _run(model, part, _reflected(source[start : start + at_once], full))
            images = slice(start, start + len(values))
            values = values[:, : keep[0], : keep[1]]
            yield Block(images=images, rows=slice(0, keep[0]), columns=slice(0, keep[1]), values=values)
        return
    side_rows, side_columns = _core(model.graph, ends, view, full, limit)
    for number in range(len(source)):
        images = slice(number, number + 1)
        for top in range(0, full[0], side_rows):
            for left in range(0, full[1], side_columns):
                rows = _Cut(view, top, min(top + side_rows, full[0]), full[0], keep[0])
                columns = _Cut(view, left, min(left + side_columns, full[1]), full[1], keep[1])
                piece = _reflected(source[images], full, rows.read, columns.read)
                values = _run(model, part, piece)[:, rows.inside, columns.inside]
                yield Block(images=images, rows=rows.write, columns=columns.write, values=values)


class _Cut:
    """One tile along one axis: what is read, what of its result is kept, and where that belongs."""

    def __init__(self, view: Sight, start: int, stop: int, side: int, kept: int) -> None:
        self.read = slice(max(0, start - view.rounded(view.before)), min(side, stop + view.rounded(view.after)))
        first, last = int(start * view.scale), min(int(stop * view.scale), kept)
        offset = int(self.read.start * view.scale)
        self.write = slice(first, last)
        self.inside = slice(first - offset, last - offset)


def _core(graph: ModelGraph, ends: Ends, view: Sight, full: tuple[int, int], limit: float) -> tuple[int, int]:
    """Rows and columns of a tile without its margins, multiples of the unit, so that a tile fits into the memory.

    Raises:
        DiaboloError: the model cannot be cut, or its margins alone take more.
    """
    needed = f"{math.ceil(full[0] * full[1] * ends.bytes_each / 2**20):,} MiB"
    size = f"{full[0]}×{full[1]}"
    given = f"`memory` (={limit / 2**20:g} MiB)"
    layer = whole_is_seen_by(graph, ends.source, ends.target)
    if layer is not None:
        raise DiaboloError(
            f"{size} at once take about {needed}, more than {given}, and tiles are not possible: `{layer}` looks at "
            f"the whole image; allow more memory, or bring images to the model's size by `fit`"
        )
    margin = view.rounded(view.before) + view.rounded(view.after)
    side = int(math.sqrt(limit / ends.bytes_each))
    columns = min(full[1], max(side, int(limit / ends.bytes_each / full[0])))
    rows = min(full[0], int(limit / ends.bytes_each / max(columns, 1)))
    cores = [
        full_side if tile >= full_side else (tile - margin) // view.unit * view.unit
        for tile, full_side in zip((rows, columns), full, strict=True)
    ]
    if min(cores) < view.unit:
        smallest = [min(margin + view.unit, full_side) for full_side in full]
        least = math.ceil(smallest[0] * smallest[1] * ends.bytes_each / 2**20)
        raise DiaboloError(
            f"{given} is too little for tiles: this model looks {view.before} pixels far, and a tile with its margins "
            f"takes about {least:,} MiB, the whole of {size} {needed}; allow that much"
        )
    return cores[0], cores[1]


def _ends(graph: ModelGraph, part: Part) -> Ends:
    source = graph.latent if part == "decode" else graph.input.name
    target = graph.latent if part == "encode" else graph.output
    section = {"reconstruct": None, "encode": False, "decode": True}[part]
    nodes = [
        node for node in graph.nodes if node.name == source or section is None or (node.section == "decoder") == section
    ]
    last_use = {name: index for index, node in enumerate(nodes) for name in (node.name, *node.inputs)}
    alive: dict[str, int] = {}
    most = 0
    for index, node in enumerate(nodes):
        alive[node.name] = math.prod(node.shape)
        most = max(most, sum(alive.values()))
        alive = {name: values for name, values in alive.items() if last_use[name] > index}
    positions = math.prod(graph[source].shape[:-1])
    return Ends(source=source, target=target, bytes_each=4 * _WORKSPACE * most / positions)


def _images_at_once(ends: Ends, positions: int, limit: float) -> int:
    return max(1, min(_MOST_AT_ONCE, int(limit / (positions * ends.bytes_each))))


def _result_shape(model: AutoEncoder, source: Values, part: Part, values: NDArray[np.float32]) -> tuple[int, ...]:
    """The shape of all results, from the first piece of them."""
    if values.ndim == 2 or size_is_fixed_by(model.graph) is not None:
        return len(source), *values.shape[1:]
    if part == "reconstruct":
        return (*source.shape[:3], values.shape[3])
    ends = _ends(model.graph, part)
    view = sight(model.graph, ends.source, ends.target)
    return len(source), *(int(view.rounded(side) * view.scale) for side in source.shape[1:3]), values.shape[3]


def _reflected(
    source: Values,
    full: tuple[int, int],
    rows: slice | None = None,
    columns: slice | None = None,
) -> Values:
    """Rows and columns of the images as they are with both sides reflected up to `full`; all of them by default."""
    picked: Any = source
    for axis, wanted in ((1, rows or slice(0, full[0])), (2, columns or slice(0, full[1]))):
        side = source.shape[axis]
        if wanted.stop <= side:
            picked = picked[(slice(None),) * axis + (wanted,)]
        else:
            picked = np.take(picked, _mirrored(np.arange(wanted.start, wanted.stop), side), axis=axis)
    reflected: Values = picked
    return reflected


def _mirrored(positions: NDArray[np.int64], side: int) -> NDArray[np.int64]:
    """Positions beyond the end of an axis mirrored into it, the last one not repeated (`numpy.pad`'s `reflect`)."""
    period = max(1, 2 * (side - 1))
    inside: NDArray[np.int64] = positions % period
    return np.minimum(inside, period - inside) if side > 1 else np.zeros_like(positions)


@torch.inference_mode()
def _run(model: AutoEncoder, part: Part, piece: Values) -> NDArray[np.float32]:
    """One pass: channels last in and out, bytes as floats in [0, 1]."""
    batch = torch.from_numpy(np.array(piece)).to(device_of(model)).to(torch.float32)
    if piece.dtype == np.uint8:
        batch = batch.div_(255.0)
    if batch.dim() == 4:
        batch = batch.permute(0, 3, 1, 2)
    output: Tensor = {"reconstruct": model.__call__, "encode": model.encode, "decode": model.decode}[part](batch)
    if output.dim() == 4:
        output = output.permute(0, 2, 3, 1)
    result: NDArray[np.float32] = output.float().cpu().numpy()
    return result


@contextlib.contextmanager
def _evaluating(model: AutoEncoder) -> Iterator[None]:
    """Evaluation mode; the mode before is put back."""
    was_training = model.training
    model.eval()
    try:
        yield
    finally:
        model.train(was_training)
