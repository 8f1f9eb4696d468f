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
    """Reconstructs image files into a folder of PNG files; see `diabolo.use.files.reconstruct_files`.

    For arrays there is `Run.reconstruct`.
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
    """Encodes image files into a file of latents; see `diabolo.use.encode_files.encode_files`.

    For arrays there is `Run.encode`.
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
    """Decodes a file of latents into a folder of PNG files; see `diabolo.use.decode_files.decode_files`.

    For arrays there is `Run.decode`.
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
    """Takes noise out of image files; see `diabolo.use.denoise.denoise_files`.

    For arrays there is `Run.denoise`.
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
    """Draws the way from one image to another; see `diabolo.use.interpolate_files.interpolate_files`.

    For arrays there is `Run.interpolate`.
    """
    return interpolate_files(
        open_model(run), Path(first), Path(second), Path(output), steps=steps, path=path, fit=fit, memory=memory
    )


def _paths(files: Files) -> list[Path]:
    return [Path(files)] if isinstance(files, str | Path) else [Path(file) for file in files]


def _path(name: str | Path | None) -> Path | None:
    return None if name is None else Path(name)
