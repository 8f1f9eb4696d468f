"""Image files in, one file of latents out."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from diabolo.data import Skipped
from diabolo.data.dataset import Report
from diabolo.use.encode import check_pool, encode
from diabolo.use.files import AT_ONCE, open_stream
from diabolo.use.latents import check_suffix, write_latents
from diabolo.use.run import Run
from diabolo.use.walk import find_files


@dataclass(frozen=True, kw_only=True)
class EncodedFiles:
    """What was encoded."""

    target: Path
    """The file of latents."""
    num_images: int
    """How many latents it holds."""
    shape: tuple[int, ...] | None
    """Shape of each latent; None where they differ."""
    skipped: tuple[Skipped, ...]
    """Files left out."""


def encode_files(
    run: Run,
    paths: Sequence[Path],
    target: Path,
    *,
    pool: str | None = None,
    fit: str | None = None,
    memory: float | None = None,
    workers: int | None = None,
    report: Report | None = None,
) -> EncodedFiles:
    """Encodes image files into one file of latents with their names; memory holds a few images at a time.

    Args:
        run: a trained run.
        paths: files, or folders whose files are taken with those below them, hidden ones left out.
        target: `.npz`, `.npy` or `.parquet`.
        pool: `mean`, `max` or `flat`, for one vector an image.
        fit: as of `reconstruct_files`.
        memory: as of `reconstruct_files`.
        workers: as of `reconstruct_files`.
        report: reader of progress.

    Raises:
        DataError: as of `reconstruct_files`.
        DiaboloError: an option has a wrong value, or `.npy` gets latents of several shapes.
        OutputError: the file cannot be written.
    """
    check_pool(pool)
    check_suffix(target)
    files = find_files(paths)
    stream = open_stream(run, files, fit=fit, workers=workers, report=report, stage="encoding")
    model = run.model
    count, shapes = 0, set()
    with write_latents(target, line=run.line, pool=pool) as writer:
        for batch in stream.batches(AT_ONCE):
            latents = encode(model, np.stack([one.image for one in batch]), pool=pool, memory=memory)
            height, width = batch[0].image.shape[:2]
            writer.add([str(one.path) for one in batch], [(height, width)] * len(batch), latents)
            count += len(batch)
            shapes.add(latents.shape[1:])
        stream.check_any(count)
    shape = shapes.pop() if len(shapes) == 1 else None
    return EncodedFiles(target=target, num_images=count, shape=shape, skipped=tuple(stream.skipped))
