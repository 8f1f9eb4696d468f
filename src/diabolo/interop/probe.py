"""Images that no training has seen, to compare a model with its export."""

from collections.abc import Iterator
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from diabolo.interop.part import Part, size_multiple, takes_any_size

TOLERANCE = 1e-5
"""Largest difference that an export may have, as a share of the largest value, or of 1 where all are smaller.

Float32 has 6e-8; sums over some thousand products in another order differ by some 1e-6 of the largest of them.
"""
DISCRETE_KINDS = frozenset({"vq", "fsq", "lloyd", "topk"})
"""Bottlenecks that choose: where two choices are equally near, the last digit decides, and the result jumps."""
_MOST_IMAGES = 8
_MOST_PIXELS = 8 * 256 * 256
_MOST_JUMPS = 0.1  # share of the probed images


@dataclass(frozen=True, kw_only=True)
class Difference:
    """How far an export is from the model."""

    largest: float
    """Largest difference of a value, as a share of the largest value or of 1, jumps left out."""
    num_images: int
    """Images that were compared."""
    num_jumps: int = 0
    """Of these, images for which a discrete bottleneck chose another of two equally near values."""
    shapes: tuple[str, ...] = ()
    """Shapes of what was put in."""
    levels: int | None = None
    """For 8-bit outputs: the largest difference in grey levels."""

    def is_within(self, tolerance: float) -> bool:
        """Whether an export with this difference may be used; NaN never is."""
        few = self.num_jumps <= max(1, _MOST_JUMPS * self.num_images) if self.num_jumps else True
        return self.largest <= tolerance and few and (self.levels is None or self.levels <= 1)


def probe_images(part: Part, seed: int = 0) -> Iterator[NDArray[np.uint8]]:
    """Batches of images, UInt8[Array, "batch height width channels"], of several sizes where the model takes them.

    Eight and one, but fewer where images are large, two at least: activations of all live together. Half are
    noise, where every pixel tests something else, and half smooth colour gradients, as photographs are.
    """
    height, width, channels = part.graph.input_shape
    sizes = [(min(_MOST_IMAGES, max(2, _MOST_PIXELS // (height * width))), height, width)]
    if takes_any_size(part.graph):
        step = size_multiple(part.graph)
        sizes += [(1, height + step, width + 2 * step)]
    generator = np.random.default_rng(seed)
    for count, rows, columns in sizes:
        noise = generator.integers(0, 256, (count, rows, columns, channels))
        waves = generator.uniform(0, 6, (2, count, 1, 1, channels))
        y, x = np.mgrid[:rows, :columns][:, None, :, :, None] / max(rows, columns)
        smooth = 127.5 + 127.5 * np.sin(waves[0] * y * 3 + waves[1] * x * 3 + waves[0])
        is_noise = (np.arange(count) % 2 == 1)[:, None, None, None]
        yield np.where(is_noise, noise, np.rint(smooth)).astype(np.uint8)


def compare(ours: list[NDArray], theirs: list[NDArray], *, discrete: bool) -> Difference:
    """Compares results batch by batch; a result of another shape, or with NaN, is infinitely far.

    Args:
        ours: what the model gives, by batch.
        theirs: what its export gives.
        discrete: whether the model has a discrete bottleneck, so that images may jump.
    """
    worst: list[float] = []
    for mine, other in zip(ours, theirs, strict=True):
        if mine.shape != other.shape or not np.isfinite(mine).all() or not np.isfinite(other).all():
            return Difference(largest=float("inf"), num_images=sum(map(len, ours)))
        scale = max(1.0, float(np.abs(mine).max(initial=0.0)))
        distance = np.abs(mine.astype(np.float64) - other.astype(np.float64)).reshape(len(mine), -1)
        worst += (distance.max(axis=1) / scale).tolist()
    jumps = [value for value in worst if value > TOLERANCE] if discrete else []
    return Difference(
        largest=max((value for value in worst if not discrete or value <= TOLERANCE), default=0.0),
        num_images=len(worst),
        num_jumps=len(jumps),
        shapes=tuple("x".join(map(str, array.shape)) for array in ours),
    )


def is_discrete(part: Part) -> bool:
    """Whether a part of a model has a discrete bottleneck."""
    return any(node.kind in DISCRETE_KINDS for node in part.nodes)
