"""A file of latents in, image files out."""

from collections.abc import Callable
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from diabolo.data import Progress
from diabolo.data.dataset import Report
from diabolo.errors import DataError, clip
from diabolo.files import make_folder
from diabolo.model import AutoEncoder
from diabolo.printable import printable
from diabolo.use.codes import codes_to_latents, unpack_codes
from diabolo.use.decode import decode
from diabolo.use.latents_read import LatentFile
from diabolo.use.pictures import ResultNames, write_png
from diabolo.use.run import Run


@dataclass(frozen=True, kw_only=True)
class DecodedFile:
    """One latent and the image that was made of it."""

    name: str
    """Name of the image that the latent was made from; empty where the file has no names."""
    target: Path
    """The image, a PNG."""


def decode_files(
    run: Run,
    source: Path,
    output: Path,
    *,
    memory: float | None = None,
    report: Report | None = None,
    each: Callable[[DecodedFile], None] | None = None,
) -> list[DecodedFile]:
    """Decodes a file of latents into a folder of PNG files, cut to the sizes of the images they came from.

    Args:
        run: the run that encoded, or one of the same line.
        source: `.npz`, `.npy` or `.parquet`, written by `encode` or by others with floats (N, …).
        output: folder for the PNG files, made if need be. A file there is replaced, unless it is an image encoded.
        memory: MiB that activations may take. None: 1024.
        report: reader of progress.
        each: called with each result when it is written.

    Raises:
        DataError: the file is damaged, or was written by another model or with a pool.
        DiaboloError: the latents do not have the shape of this model's.
        OutputError: the folder cannot be written.
    """
    file = LatentFile(source)
    table = file.table
    shown = printable(source)
    if table.line and table.line != run.line:
        raise DataError(f"`{shown}` was written by another model, `{clip(table.line)}`; decode it with that one's run")
    if table.pool in ("mean", "max"):
        raise DataError(
            f"`{shown}` holds the {table.pool} of each latent over its positions, from which no image can be made; "
            "encode without `--pool`, or with `--pool flat`"
        )
    if not file.num_images:
        raise DataError(f"`{shown}` holds no latents")
    model = run.model
    make_folder(output)
    names = ResultNames(output, [Path(name) for name in table.names])
    done: list[DecodedFile] = []
    for latents in file.batches():
        pixels = np.rint(decode(model, _floats(model, latents, table.kind), memory=memory) * 255).astype(np.uint8)
        for image in pixels:
            number = len(done)
            name = table.names[number] if table.names else ""
            height, width = table.sizes[number] if table.sizes else image.shape[:2]
            if min(height, width) < 1:
                raise DataError(f"`{shown}` is damaged: image {number + 1} is said to be {height}×{width}")
            target = output / names.take(name or f"{number:06}.png")
            write_png(target, image[:height, :width])
            done.append(DecodedFile(name=name, target=target))
            if each is not None:
                each(done[-1])
        if report is not None:
            report(Progress(stage="decoding", done=len(done), total=file.num_images, unit="images"))
    return done


def _floats(model: AutoEncoder, values: NDArray[Any], kind: str) -> NDArray[Any]:
    """What the decoder reads, of latents, codes or packed codes."""
    if kind == "packed":
        values, kind = unpack_codes(model, values), "codes"
    return codes_to_latents(model, values) if kind == "codes" else values
