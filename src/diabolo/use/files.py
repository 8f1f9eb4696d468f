"""Image files in, reconstructed image files out."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from diabolo.data import Skipped
from diabolo.data.dataset import Report
from diabolo.data.images import UnreadableImageError, read_header
from diabolo.errors import DataError
from diabolo.files import make_folder
from diabolo.printable import printable
from diabolo.use.pictures import ResultNames, make_pictures, write_png
from diabolo.use.run import Run
from diabolo.use.sheet import Sheet
from diabolo.use.sight import size_is_fixed_by
from diabolo.use.stream import Stream
from diabolo.use.walk import find_files

AT_ONCE = 250
"""Most images of one size that are read before they go through the model."""


@dataclass(frozen=True, kw_only=True)
class ReconstructedFile:
    """One image file and what the model made of it."""

    source: Path
    """The image."""
    target: Path
    """Its reconstruction, a PNG."""
    psnr: float
    """PSNR between the two in dB, after the image was brought to the size that went in; infinite where equal."""


def reconstruct_files(
    run: Run,
    paths: Sequence[Path],
    output: Path,
    *,
    fit: str | None = None,
    memory: float | None = None,
    workers: int | None = None,
    sheet: Path | None = None,
    report: Report | None = None,
    each: Callable[[ReconstructedFile], None] | None = None,
) -> tuple[list[ReconstructedFile], tuple[Skipped, ...]]:
    """Reconstructs image files into a folder, one PNG each, and leaves out what is no image.

    A model without flat layers takes every image at its own size. Memory holds a few images at a time.

    Args:
        run: a trained run.
        paths: files, or folders whose files are taken with those below them, hidden ones and `output` left out.
        output: folder for the PNG files, made if need be. A file there is replaced, unless it is one of `paths`.
        fit: `crop`, `pad` or `stretch`, to bring images to the model's size.
        memory: MiB that activations may take; larger images are cut into tiles. None: 1024.
        workers: threads that decode images; None: one a processor.
        sheet: a PNG file for a picture of the first images, each beside its reconstruction and the difference.
        report: reader of progress.
        each: called with each result when it is written.

    Raises:
        DataError: nothing to read, no readable image, or an image of another size, no `fit` and a model that needs it.
        DiaboloError: an option has a wrong value, or the memory is too little.
        OutputError: the folder cannot be written, or `sheet` is no PNG.
    """
    columns = ("original", "reconstruction")
    drawn = Sheet(sheet, line=run.line, title=f"{run.name}: reconstructions", columns=columns) if sheet else None
    files = find_files(paths, output=output)
    stream = open_stream(run, files, fit=fit, workers=workers, report=report, stage="reconstructing")
    model = run.model
    make_folder(output)
    names = ResultNames(output, files)
    done: list[ReconstructedFile] = []
    for batch in stream.batches(AT_ONCE):
        images = np.stack([one.image for one in batch])
        made = make_pictures(model, images, memory=memory)
        for one, pixels, psnr in zip(batch, made.pixels, made.psnr, strict=True):
            target = output / names.take(one.path)
            write_png(target, pixels)
            done.append(ReconstructedFile(source=one.path, target=target, psnr=float(psnr)))
            if drawn is not None:
                drawn.add(one.path.name, (one.image, pixels), float(psnr))
            if each is not None:
                each(done[-1])
    stream.check_any(len(done))
    if drawn is not None:
        drawn.write()
    return done, tuple(stream.skipped)


def open_stream(
    run: Run, files: Sequence[Path], *, fit: str | None, workers: int | None, report: Report | None, stage: str
) -> Stream:
    """The images of the files as this run takes them: at their own size, or fitted to the model's.

    Raises:
        DataError: the model takes one size only, an image has another, and there is no `fit`.
    """
    height, width, channels = run.record.input_shape
    fixed = size_is_fixed_by(run.graph)
    stream = Stream(
        files,
        channels=channels,
        size=(height, width) if fixed is not None or fit is not None else None,
        fit=fit,
        workers=workers,
        report=report,
        stage=stage,
    )
    if fixed is not None and fit is None:
        _check_sizes(files, (height, width), fixed)
    return stream


def _check_sizes(files: Sequence[Path], size: tuple[int, int], why: str) -> None:
    """Refuses images of another size before any is written; what is no image is skipped later."""
    for path in files:
        try:
            header = read_header(path)
        except UnreadableImageError:
            continue
        if (header.height, header.width) != size:
            raise DataError(
                f"`{printable(path)}` is {header.height}×{header.width} pixels, and the model takes "
                f"{size[0]}×{size[1]} only: {why}; "
                "say how to bring images to that size: `--fit crop`, `--fit pad` or `--fit stretch`"
            )
