"""A user's own image files through a trained model, in the words of the commands."""

from collections.abc import Sequence
from pathlib import Path

from diabolo.data import Skipped
from diabolo.data.dataset import Report
from diabolo.use import Run
from diabolo.use.decode_files import DecodedFile, decode_files
from diabolo.use.denoise import DenoisedFile, denoise_files
from diabolo.use.encode_files import EncodedFiles, encode_files
from diabolo.use.files import ReconstructedFile, reconstruct_files
from diabolo.use.interpolate_files import interpolate_files
from diabolo.use.open import open_model

Files = Sequence[str | Path] | str | Path
"""One or more image files, or folders of them."""


def reconstruct(
    run: str | Path | Run,
    files: Files,
    output: str | Path,
    *,
    fit: str | None = None,
    memory: float | None = None,
    workers: int | None = None,
    sheet: str | Path | None = None,
    report: Report | None = None,
) -> tuple[list[ReconstructedFile], tuple[Skipped, ...]]:
    """Reconstructs image files into a folder, one PNG each; for arrays there is `Run.reconstruct`.

    Args:
        run: a run, its folder, or the name of a zoo model that comes with weights.
        files: image files, or folders, which are taken with all that lies below them, hidden files left out.
        output: folder for the PNG files, made if need be.
        fit: `crop`, `pad` or `stretch`, to bring images to the model's size; None: images keep their own.
        memory: MiB that activations may take; larger images are cut into tiles. None: 1024.
        workers: threads that decode images; None: one a processor.
        sheet: a PNG file for a picture of the first images, each beside its reconstruction and the difference.
        report: reader of progress.

    Returns:
        What was written, each with its PSNR in dB, and the files that were left out, each with its reason.

    Raises:
        DataError: nothing to read, no readable image, or a model that takes one size only and no `fit`.
        DiaboloError: an option has a wrong value, or the memory is too little.
        OutputError: the result cannot be written.
    """
    return reconstruct_files(
        open_model(run),
        _paths(files),
        Path(output),
        fit=fit,
        memory=memory,
        workers=workers,
        sheet=_path(sheet),
        report=report,
    )


def encode(
    run: str | Path | Run,
    files: Files,
    output: str | Path,
    *,
    pool: str | None = None,
    codes: str | None = None,
    fit: str | None = None,
    memory: float | None = None,
    workers: int | None = None,
    report: Report | None = None,
) -> EncodedFiles:
    """Encodes image files into one file of latents, float32 with channels last; for arrays there is `Run.encode`.

    Args:
        run: a run, its folder, or the name of a zoo model that comes with weights.
        files: image files, or folders, which are taken with all that lies below them, hidden files left out.
        output: the file; it ends in `.npz`, `.npy` or `.parquet`.
        pool: one vector an image: `mean` or `max` over the positions of the latent, or `flat`, all values in a row.
        codes: of a quantising bottleneck (`vq`, `fsq`, `lloyd`), in place of floats: `digits` or `bytes`.
        fit: `crop`, `pad` or `stretch`, to bring images to the model's size; None: images keep their own.
        memory: MiB that activations may take; larger images are cut into tiles. None: 1024.
        workers: threads that decode images; None: one a processor.
        report: reader of progress.

    Returns:
        How many images, the shape of each latent, and the files that were left out, each with its reason.

    Raises:
        DataError: nothing to read, no readable image, or a model that takes one size only and no `fit`.
        DiaboloError: an option has a wrong value, or the memory is too little.
        OutputError: the result cannot be written.
    """
    return encode_files(
        open_model(run),
        _paths(files),
        Path(output),
        pool=pool,
        codes=codes,
        fit=fit,
        memory=memory,
        workers=workers,
        report=report,
    )


def decode(
    run: str | Path | Run,
    latents: str | Path,
    output: str | Path,
    *,
    memory: float | None = None,
    report: Report | None = None,
) -> list[DecodedFile]:
    """Decodes a file of latents into a folder, one PNG each; for arrays there is `Run.decode`.

    Each image is cut to the size of the image that its latent came from.

    Args:
        run: a run, its folder, or the name of a zoo model that comes with weights.
        latents: `.npz`, `.npy` or `.parquet` by `encode`, or floats (N, height, width, channels) by others.
        output: folder for the PNG files, made if need be.
        memory: MiB that activations may take; larger images are cut into tiles. None: 1024.
        report: reader of progress.

    Raises:
        DataError: the file is damaged, or was written by another model or with a pool.
        DiaboloError: the latents do not have the shape of this model's.
        OutputError: the folder cannot be written.
    """
    return decode_files(open_model(run), Path(latents), Path(output), memory=memory, report=report)


def denoise(
    run: str | Path | Run,
    files: Files,
    output: str | Path,
    *,
    sigma: float | None = None,
    seed: int = 0,
    fit: str | None = None,
    memory: float | None = None,
    workers: int | None = None,
    sheet: str | Path | None = None,
    report: Report | None = None,
) -> tuple[list[DenoisedFile], tuple[Skipped, ...]]:
    """Takes noise out of image files, one PNG each; for arrays there is `Run.denoise`.

    Args:
        run: a run, its folder, or the name of a zoo model that comes with weights; its line should have `noise`.
        files: image files, or folders, which are taken with all that lies below them, hidden files left out.
        output: folder for the PNG files, made if need be.
        sigma: deviation of Gaussian noise (pixels in [0, 1]) that is added first, to try the model on clean images.
        seed: of that noise.
        fit: `crop`, `pad` or `stretch`, to bring images to the model's size; None: images keep their own.
        memory: MiB that activations may take; larger images are cut into tiles. None: 1024.
        workers: threads that decode images; None: one a processor.
        sheet: a PNG file for a picture of the first images, each beside what the model made of it.
        report: reader of progress.

    Returns:
        What was written, with the PSNR in dB before and after where `sigma` is given, and the files left out.

    Raises:
        DataError: nothing to read, no readable image, or a model that takes one size only and no `fit`.
        DiaboloError: an option has a wrong value, or the memory is too little.
        OutputError: the result cannot be written.
    """
    return denoise_files(
        open_model(run),
        _paths(files),
        Path(output),
        sigma=sigma,
        seed=seed,
        fit=fit,
        memory=memory,
        workers=workers,
        sheet=_path(sheet),
        report=report,
    )


def interpolate(
    run: str | Path | Run,
    first: str | Path,
    second: str | Path,
    output: str | Path,
    *,
    steps: int = 8,
    path: str | None = None,
    fit: str | None = None,
    memory: float | None = None,
) -> int:
    """Draws the way from one image to another through the latent space; for arrays there is `Run.interpolate`.

    Args:
        run: a run, its folder, or the name of a zoo model that comes with weights.
        first: an image file.
        second: another; where the sizes differ `fit` brings it to the first's.
        output: the PNG file.
        steps: images on the way, both ends included; 2 to 1,000.
        path: `straight`, or `arc`, which keeps the length of the vectors; None: `arc` for a Gaussian latent.
        fit: `crop`, `pad` or `stretch`; for a model that takes one size only it brings both images to that.
        memory: MiB that activations may take. None: 1024.

    Returns:
        How many images the strip shows, the two originals included.

    Raises:
        DataError: a file cannot be read.
        DiaboloError: an option has a wrong value, or the sizes differ and there is no `fit`.
        OutputError: the picture cannot be written.
    """
    return interpolate_files(
        open_model(run), Path(first), Path(second), Path(output), steps=steps, path=path, fit=fit, memory=memory
    )


def _paths(files: Files) -> list[Path]:
    return [Path(files)] if isinstance(files, str | Path) else [Path(file) for file in files]


def _path(name: str | Path | None) -> Path | None:
    return None if name is None else Path(name)
