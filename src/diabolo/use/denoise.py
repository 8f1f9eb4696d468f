"""Noisy image files in, clean ones out; or clean ones in, to see what the model does to noise of a known strength."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from diabolo.data import Skipped
from diabolo.data.dataset import Report
from diabolo.files import make_folder
from diabolo.use.files import AT_ONCE, open_stream
from diabolo.use.noise import add_noise, check_sigma
from diabolo.use.pictures import ResultNames, make_pictures, psnr_from_error, write_png
from diabolo.use.run import Run
from diabolo.use.sheet import Sheet
from diabolo.use.walk import find_files


@dataclass(frozen=True, kw_only=True)
class DenoisedFile:
    """One image file and what the model made of it."""

    source: Path
    """The image."""
    target: Path
    """The result, a PNG."""
    psnr_before: float | None
    """PSNR of the image with noise added to the image as it was, in dB; None where no noise was added."""
    psnr_after: float | None
    """PSNR of the result to the image as it was, in dB; None where no noise was added, and nothing clean is known."""


def denoise_files(
    run: Run,
    paths: Sequence[Path],
    output: Path,
    *,
    sigma: float | None = None,
    seed: int = 0,
    fit: str | None = None,
    memory: float | None = None,
    workers: int | None = None,
    sheet: Path | None = None,
    report: Report | None = None,
    each: Callable[[DenoisedFile], None] | None = None,
) -> tuple[list[DenoisedFile], tuple[Skipped, ...]]:
    """Puts image files through a model and writes what comes out, one PNG each.

    Args:
        run: a run whose line has `noise`; `noise_note` says what to expect of another.
        paths: as of `reconstruct_files`.
        output: as of `reconstruct_files`.
        sigma: deviation of Gaussian noise (pixels in [0, 1]) that is added first, to try the model out on clean images.
        seed: of that noise; the same images in the same order get the same noise.
        fit: as of `reconstruct_files`.
        memory: as of `reconstruct_files`.
        workers: as of `reconstruct_files`.
        sheet: a PNG file for a picture of the first images, each beside what the model made of it.
        report: reader of progress.
        each: called with each result when it is written.

    Raises:
        DataError: as of `reconstruct_files`.
        DiaboloError: an option has a wrong value, or the memory is too little.
        OutputError: the folder cannot be written, or `sheet` is no PNG.
    """
    if sigma is not None:
        check_sigma(sigma)
    columns = ("noisy", "denoised") if sigma is None else ("clean", f"with noise {sigma:g}", "denoised")
    drawn = Sheet(sheet, line=run.line, title=f"{run.name}: denoising", columns=columns) if sheet else None
    files = find_files(paths, output=output)
    stream = open_stream(run, files, fit=fit, workers=workers, report=report, stage="denoising")
    model = run.model
    make_folder(output)
    names = ResultNames(output, files)
    done: list[DenoisedFile] = []
    for batch in stream.batches(AT_ONCE):
        clean = np.stack([one.image for one in batch])
        noisy = clean
        if sigma is not None:
            noisy = np.stack([add_noise(one.image, sigma, _seed(seed, one.number)) for one in batch])
        made = make_pictures(model, noisy, clean, memory=memory)
        before = psnr_from_error(np.array([_error(a, b) for a, b in zip(noisy, clean, strict=True)]))
        for index, one in enumerate(batch):
            target = output / names.take(one.path)
            write_png(target, made.pixels[index])
            is_known = sigma is not None
            done.append(
                DenoisedFile(
                    source=one.path,
                    target=target,
                    psnr_before=float(before[index]) if is_known else None,
                    psnr_after=float(made.psnr[index]) if is_known else None,
                )
            )
            if drawn is not None:
                shown = (noisy[index], made.pixels[index])
                drawn.add(one.path.name, (clean[index], *shown) if is_known else shown, done[-1].psnr_after)
            if each is not None:
                each(done[-1])
    stream.check_any(len(done))
    if drawn is not None:
        drawn.write()
    return done, tuple(stream.skipped)


def _seed(seed: int, number: int) -> int:
    return int(np.random.SeedSequence([seed, number]).generate_state(1, np.uint64)[0])


def _error(one: np.ndarray, other: np.ndarray) -> float:
    """Mean squared error of two uint8 images, pixels in [0, 1]."""
    return float(np.square(one.astype(np.float32) / 255 - other.astype(np.float32) / 255, dtype=np.float64).mean())
