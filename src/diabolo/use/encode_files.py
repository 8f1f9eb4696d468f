"""Image files in, one file of latents out."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from diabolo.data import Skipped
from diabolo.data.dataset import Report
from diabolo.errors import DiaboloError
from diabolo.model import AutoEncoder
from diabolo.use.codes import latents_to_codes, pack_codes, quantizer_of
from diabolo.use.encode import check_pool, encode
from diabolo.use.files import AT_ONCE, open_stream
from diabolo.use.latents import check_suffix, write_latents
from diabolo.use.run import Run
from diabolo.use.walk import find_files

CODES = {"digits": "codes", "bytes": "packed"}
"""How codes are written -> the name of their array."""


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
    codes: str | None = None,
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
        codes: for a quantising bottleneck: `digits` (whole numbers) or `bytes` (packed), in place of floats.
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
    if codes is not None and codes not in CODES:
        raise DiaboloError(f"`codes` (={codes}) must be digits (whole numbers) or bytes (packed)")
    if codes is not None and pool is not None:
        raise DiaboloError("`codes` and `pool` do not go together: codes cannot be averaged; leave one out")
    check_suffix(target)
    files = find_files(paths)
    stream = open_stream(run, files, fit=fit, workers=workers, report=report, stage="encoding")
    model = run.model
    count, shapes = 0, set()
    kind = "latents" if codes is None else CODES[codes]
    if codes is not None:
        quantizer_of(model)  # before any image is read
    with write_latents(target, line=run.line, pool=pool, kind=kind) as writer:
        for batch in stream.batches(AT_ONCE):
            latents: NDArray[Any] = encode(model, np.stack([one.image for one in batch]), pool=pool, memory=memory)
            if codes is not None:
                latents = _codes(model, latents, codes)
            height, width = batch[0].image.shape[:2]
            writer.add([str(one.path) for one in batch], [(height, width)] * len(batch), latents)
            count += len(batch)
            shapes.add(latents.shape[1:])
        stream.check_any(count)
    shape = shapes.pop() if len(shapes) == 1 else None
    return EncodedFiles(target=target, num_images=count, shape=shape, skipped=tuple(stream.skipped))


def _codes(model: AutoEncoder, latents: NDArray[np.float32], codes: str) -> NDArray[Any]:
    """Digits in the smallest of three types that holds all codes of the model, or bytes."""
    digits = latents_to_codes(model, latents)
    if codes == "bytes":
        return pack_codes(model, digits)
    largest = max(quantizer_of(model).num_levels)
    return digits.astype(np.uint8 if largest <= 1 << 8 else np.uint16 if largest <= 1 << 16 else np.uint32)
