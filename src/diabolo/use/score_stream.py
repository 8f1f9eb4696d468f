"""Image files as a stream of scores, in bounded memory."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from diabolo.data import Skipped
from diabolo.data.dataset import Report
from diabolo.use.files import AT_ONCE, open_stream
from diabolo.use.latent_distance import LatentStatistics
from diabolo.use.run import Run
from diabolo.use.score import Scored, score_images
from diabolo.use.stream import ReadImage


@dataclass(frozen=True, kw_only=True)
class Reading:
    """How image files are read and put through a model."""

    fit: str | None = None
    """`crop`, `pad` or `stretch`, to bring images to the model's size; None: their own, where the model takes it."""
    memory: float | None = None
    """MiB that activations may take; None: 1024."""
    workers: int | None = None
    """Threads that decode; None: one a processor."""
    report: Report | None = None
    """Reader of progress."""


class ScoreStream:
    """Scores of files in their order; what is no image is put into `skipped` and left out.

    Args:
        run: a trained run.
        files: the files.
        names: of `SCORES`.
        latent: of normal images, for the score `latent`.
        reading: how files are read.
        stage: what is done, in words, for the progress.

    Raises:
        DataError: the model takes one size only, an image has another, and there is no `fit`.
    """

    def __init__(
        self,
        run: Run,
        files: Sequence[Path],
        names: Sequence[str],
        *,
        latent: LatentStatistics | None,
        reading: Reading,
        stage: str,
    ) -> None:
        self.run, self.names, self.latent, self.memory = run, names, latent, reading.memory
        self.stream = open_stream(
            run, files, fit=reading.fit, workers=reading.workers, report=reading.report, stage=stage
        )

    @property
    def skipped(self) -> list[Skipped]:
        """Files left out so far, with reasons."""
        return self.stream.skipped

    def __iter__(self) -> Iterator[tuple[list[ReadImage], Scored]]:
        """Images of one size and their scores.

        Raises:
            DataError: at the end, if no file could be read.
        """
        count = 0
        for batch in self.stream.batches(AT_ONCE):
            images = np.stack([one.image for one in batch])
            count += len(batch)
            yield batch, score_images(self.run.model, images, self.names, latent=self.latent, memory=self.memory)
        self.stream.check_any(count)
