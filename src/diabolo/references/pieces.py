"""Some of the images of a part, a few at a time, so that memory is bounded wherever they lie."""

import math
from collections.abc import Callable, Iterator
from dataclasses import dataclass, field

import numpy as np
from numpy.typing import NDArray

from diabolo.data import Images, Progress
from diabolo.errors import DataError, counted

VALUES_AT_A_TIME = 1 << 21
"""Pixel values of a piece: 2 MB of bytes, 16 MB of float64."""

Report = Callable[[Progress], None]


@dataclass(frozen=True, kw_only=True, eq=False)
class Part:
    """Images of which only some count."""

    images: Images
    """uint8 (N, H, W, C)."""
    indices: NDArray[np.int64]
    """Which of them, in order; at least one."""
    report: Report | None = field(default=None)
    """Reader of progress."""

    @property
    def image_shape(self) -> tuple[int, int, int]:
        """(height, width, channels)."""
        height, width, channels = self.images.shape[1:]
        return int(height), int(width), int(channels)

    def __len__(self) -> int:
        return len(self.indices)

    def at_most(self, num_images: int, num_values: int) -> "Part":
        """This part, or as many of its images, evenly spaced, as keep both limits; never fewer than one."""
        most = max(1, min(num_images, num_values // math.prod(self.image_shape)))
        if len(self) <= most:
            return self
        chosen = np.linspace(0, len(self) - 1, most).round().astype(np.int64)
        return Part(images=self.images, indices=self.indices[chosen], report=self.report)

    def out_of(self, whole: "Part") -> str:
        """How many these are, in words: `300 images`, or `100 of 300 images`."""
        few = "" if len(self) == len(whole) else f"{len(self):,} of "
        return f"{few}{counted(len(whole), 'image')}"

    def pieces(self, doing: str) -> Iterator[NDArray[np.uint8]]:
        """The images in order, uint8 (n, H, W, C) with a few of them each; progress is reported as `doing`."""
        at_once = max(1, VALUES_AT_A_TIME // math.prod(self.image_shape))
        for start in range(0, len(self), at_once):
            chosen = self.indices[start : start + at_once]
            yield np.ascontiguousarray(self.images[chosen])
            if self.report is not None:
                done = start + len(chosen)
                self.report(Progress(stage=doing, done=done, total=len(self), unit="images"))


def part_of(images: Images, indices: NDArray[np.int64] | None, *, name: str, report: Report | None = None) -> Part:
    """A checked part.

    Args:
        images: uint8 (N, H, W, C).
        indices: which of them; None: all.
        name: of the part, for messages.
        report: reader of progress.

    Raises:
        DataError: not images of bytes, or none at all.
    """
    if getattr(images, "dtype", None) != np.uint8 or images.ndim != 4:
        shape, dtype = getattr(images, "shape", ""), getattr(images, "dtype", type(images).__name__)
        raise DataError(f"`{name}` is {dtype} {shape}; references need uint8 images of shape (N, H, W, C)")
    chosen = np.arange(len(images)) if indices is None else np.asarray(indices, dtype=np.int64)
    if 0 in images.shape or not len(chosen):
        raise DataError(f"`{name}` has no images (shape {tuple(images.shape)}, {len(chosen)} chosen)")
    return Part(images=images, indices=chosen, report=report)
