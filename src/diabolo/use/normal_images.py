"""Normal images in a drawn order, for a calibration: out of files, or out of an array."""

import random
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Protocol

import numpy as np
from numpy.typing import NDArray

from diabolo.data import Skipped
from diabolo.use.files import AT_ONCE, open_stream
from diabolo.use.latent_distance import LatentStatistics
from diabolo.use.reconstruct import check_images
from diabolo.use.run import Run
from diabolo.use.score import Scored, score_images
from diabolo.use.score_stream import Reading, ScoreStream
from diabolo.use.walk import find_files


class NormalImages(Protocol):
    """Normal images: the first serve one purpose, the others another."""

    reading: Reading
    """How they are read and put through the model."""
    skipped: list[Skipped]
    """Files that turned out to be no images."""

    def __len__(self) -> int: ...

    def first(self, count: int) -> Iterator[NDArray[np.uint8]]:
        """The first so many, one by one, uint8 (height, width, channels).

        Raises:
            DataError: at the end, if none of them could be read.
        """

    def scored_from(self, start: int, score: str, latent: LatentStatistics | None) -> Iterator[Scored]:
        """Scores of those from a place on, some images of one size at a time.

        Raises:
            DataError: at the end, if none of them could be read.
        """


class ImageFiles:
    """Normal images out of files and folders, as a stream in bounded memory.

    Args:
        run: whose images they are.
        paths: files, or folders of them.
        reading: how they are read.
        seed: of their order.

    Raises:
        DataError: there are none.
    """

    def __init__(self, run: Run, paths: Sequence[str | Path], reading: Reading, seed: int) -> None:
        self.run, self.reading = run, reading
        self.skipped: list[Skipped] = []
        self.files = find_files(paths)
        random.Random(seed).shuffle(self.files)

    def __len__(self) -> int:
        return len(self.files)

    def first(self, count: int) -> Iterator[NDArray[np.uint8]]:
        """As of `NormalImages`."""
        how = self.reading
        stream = open_stream(
            self.run, self.files[:count], fit=how.fit, workers=how.workers, report=how.report, stage="choosing a score"
        )
        number = 0
        for one in stream:
            number += 1
            yield one.image
        self.skipped.extend(stream.skipped)
        stream.check_any(number)

    def scored_from(self, start: int, score: str, latent: LatentStatistics | None) -> Iterator[Scored]:
        """As of `NormalImages`."""
        stream = ScoreStream(
            self.run, self.files[start:], [score], latent=latent, reading=self.reading, stage="calibrating"
        )
        for _, scored in stream:
            yield scored
        self.skipped.extend(stream.skipped)


class ImageArray:
    """Normal images out of an array, uint8 (N, height, width, channels).

    Raises:
        DiaboloError: they are no such images, or the model does not take them.
    """

    def __init__(self, run: Run, images: NDArray[np.uint8], memory: float | None, seed: int) -> None:
        check_images(run.model, images)
        self.run, self.images = run, images
        self.reading = Reading(memory=memory)
        self.skipped: list[Skipped] = []
        self.order = np.random.default_rng(seed).permutation(len(images))

    def __len__(self) -> int:
        return len(self.images)

    def first(self, count: int) -> Iterator[NDArray[np.uint8]]:
        """As of `NormalImages`."""
        return (self.images[place] for place in self.order[:count])

    def scored_from(self, start: int, score: str, latent: LatentStatistics | None) -> Iterator[Scored]:
        """As of `NormalImages`."""
        for begin in range(start, len(self.images), AT_ONCE):
            some = self.images[self.order[begin : begin + AT_ONCE]]
            yield score_images(self.run.model, some, [score], latent=latent, memory=self.reading.memory)
