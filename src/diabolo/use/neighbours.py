"""Which images of a folder are most like a query, to a trained encoder."""

import os
from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from diabolo.data import Skipped
from diabolo.errors import DataError, DiaboloError
from diabolo.printable import printable
from diabolo.use.encode import check_pool, encode, pooled
from diabolo.use.files import AT_ONCE, open_stream
from diabolo.use.latents import SUFFIXES
from diabolo.use.latents_read import LatentFile
from diabolo.use.nearest import Nearest
from diabolo.use.run import Run
from diabolo.use.score_stream import Reading
from diabolo.use.walk import find_files

POOL = "mean"
"""How a latent map becomes one vector, where nothing else is said."""
_MOST_QUERY_VALUES = 1 << 27  # of float64: 1 GiB of queries


@dataclass(frozen=True, kw_only=True)
class Neighbour:
    """An image near a query."""

    path: Path
    """The file; as it stands in the file of latents, where one was searched."""
    distance: float
    """In the metric asked for."""


@dataclass(frozen=True, kw_only=True)
class Neighbours:
    """The nearest images of one query."""

    query: Path
    """The file."""
    nearest: tuple[Neighbour, ...]
    """The nearest first."""


@dataclass(frozen=True, kw_only=True)
class FoundNeighbours:
    """What was found."""

    queries: tuple[Neighbours, ...]
    """In the order of the queries."""
    num_searched: int
    """Images that were looked through."""
    skipped: tuple[Skipped, ...]
    """Files that are no images."""


def find_neighbours(
    run: Run,
    queries: Sequence[str | Path],
    among: Sequence[str | Path],
    *,
    k: int = 8,
    pool: str | None = None,
    metric: str = "cosine",
    reading: Reading | None = None,
) -> FoundNeighbours:
    """Finds the nearest images in latent space; memory holds the queries' vectors and a few images at a time.

    A query that is among the images searched is not its own neighbour. Only the images' names are kept.

    Args:
        run: a trained run.
        queries: image files, or folders.
        among: image files, folders, or one file of latents as `diabolo encode` writes it with this run.
        k: how many neighbours.
        pool: `mean`, `max` or `flat`; None: `mean`, or that of the file of latents.
        metric: `cosine` or `euclidean`.
        reading: how image files are read.

    Raises:
        DataError: nothing to read, no readable image, or a file of latents of another model.
        DiaboloError: an option has a wrong value, or vectors of several lengths (`flat`, images of several sizes).
    """
    check_pool(pool)
    reading = reading or Reading()
    source = _LatentSource(run, Path(among[0]), pool) if _is_latents(among) else None
    pool = pool or (source.pool if source else None) or POOL
    wanted = _Encoder(run, find_files(queries), pool, reading, "encoding the queries")
    paths, vectors = wanted.all()
    nearest = Nearest(vectors, k=k, metric=metric)
    own: dict[str, list[int]] = {}
    for number, path in enumerate(paths):
        own.setdefault(os.path.realpath(path), []).append(number)
    searched = source or _Encoder(run, find_files(among), pool, reading, "searching")
    names: list[str] = []
    for block_paths, block in searched:
        leave_out = np.zeros((len(paths), len(block)), bool)
        for place, path in enumerate(block_paths):
            leave_out[own.get(os.path.realpath(path), []), place] = True
        nearest.add(block, leave_out=leave_out if leave_out.any() else None)
        names.extend(block_paths)
    distances, places = nearest.result()
    return FoundNeighbours(
        queries=tuple(
            Neighbours(
                query=Path(path),
                nearest=tuple(
                    Neighbour(path=Path(names[place]), distance=float(distance))
                    for distance, place in zip(row, numbers, strict=True)
                    if np.isfinite(distance)
                ),
            )
            for path, row, numbers in zip(paths, distances, places, strict=True)
        ),
        num_searched=len(names),
        skipped=(*wanted.skipped, *searched.skipped),
    )


def _is_latents(among: Sequence[str | Path]) -> bool:
    return len(among) == 1 and Path(among[0]).suffix.lower() in SUFFIXES and Path(among[0]).is_file()


class _Encoder:
    """Names and vectors of image files, a few at a time."""

    def __init__(self, run: Run, files: Sequence[Path], pool: str, reading: Reading, stage: str) -> None:
        self.run, self.pool, self.memory = run, pool, reading.memory
        self.stream = open_stream(
            run, files, fit=reading.fit, workers=reading.workers, report=reading.report, stage=stage
        )

    @property
    def skipped(self) -> list[Skipped]:
        return self.stream.skipped

    def __iter__(self) -> Iterator[tuple[list[str], NDArray[np.float32]]]:
        count = 0
        for batch in self.stream.batches(AT_ONCE):
            images = np.stack([one.image for one in batch])
            count += len(batch)
            yield [str(one.path) for one in batch], encode(self.run.model, images, pool=self.pool, memory=self.memory)
        self.stream.check_any(count)

    def all(self) -> tuple[list[str], NDArray[np.float32]]:
        """Everything at once, for queries."""
        names: list[str] = []
        parts: list[NDArray[np.float32]] = []
        num_values = 0
        for paths, vectors in self:
            names.extend(paths)
            parts.append(vectors)
            num_values += vectors.size
            if vectors.shape[1] != parts[0].shape[1]:
                raise DiaboloError(
                    f"`pool` (={self.pool}): the queries' latents have {parts[0].shape[1]:,} and {vectors.shape[1]:,} "
                    "values; bring images to one size by `fit`, or choose `pool=mean`"
                )
            if num_values > _MOST_QUERY_VALUES:
                raise DiaboloError(
                    f"the vectors of more than {len(names):,} queries take more than a gigabyte; search in portions"
                )
        return names, np.concatenate(parts)


class _LatentSource:
    """Names and vectors from a file of latents."""

    skipped: tuple[Skipped, ...] = ()

    def __init__(self, run: Run, path: Path, pool: str | None) -> None:
        self.file = LatentFile(path)
        table = self.file.table
        if table.kind != "latents":
            raise DataError(f"`{printable(path)}` holds {table.kind}, and neighbours are looked for among latents")
        if table.line and table.line != run.line:
            raise DataError(
                f"`{printable(path)}` was encoded by another model (`{table.line}`); encode the images with this run"
            )
        if table.pool and pool not in (None, table.pool):
            raise DataError(
                f"`{printable(path)}` was encoded with `pool={table.pool}`, and `pool` (={pool}) is asked for"
            )
        self.pool = table.pool or pool or POOL
        self.names = table.names or [f"{path}[{number}]" for number in range(self.file.num_images)]

    def __iter__(self) -> Iterator[tuple[list[str], NDArray[np.float32]]]:
        done = 0
        for latents in self.file.batches(AT_ONCE):
            vectors = latents if self.file.table.pool else pooled(np.asarray(latents, np.float32), self.pool)
            yield self.names[done : done + len(vectors)], vectors
            done += len(vectors)
