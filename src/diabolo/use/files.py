"""Image files in, reconstructed image files out."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from diabolo.data import Skipped, read_images
from diabolo.errors import DataError
from diabolo.files import atomic_path, make_folder
from diabolo.use.reconstruct import psnr_of, reconstruct
from diabolo.use.run import Run

_AT_ONCE = 250  # images held in memory at a time


@dataclass(frozen=True, kw_only=True)
class ReconstructedFile:
    """One image file and what the model made of it."""

    source: Path
    """The image."""
    target: Path
    """Its reconstruction, a PNG of the model's size."""
    psnr: float
    """PSNR between the two in dB, after the image was brought to the model's size."""


def reconstruct_files(
    run: Run, paths: Sequence[Path], output: Path, *, fit: str | None = None
) -> tuple[list[ReconstructedFile], tuple[Skipped, ...]]:
    """Reconstructs image files into a folder, one PNG each, and leaves out what is no image.

    Args:
        run: a trained run.
        paths: files, or folders whose files are taken with those below them.
        output: folder for the PNG files; made if need be.
        fit: `crop`, `pad` or `stretch`, for images that do not have the model's size.

    Raises:
        DataError: nothing to read, no readable image, or an image of another size and no `fit`.
        OutputError: the folder cannot be written.
    """
    files = list(_files(paths))
    height, width, channels = run.record.input_shape
    model = run.model
    make_folder(output)
    taken: set[str] = set()
    done: list[ReconstructedFile] = []
    skipped: list[Skipped] = []
    for start in range(0, len(files), _AT_ONCE):
        sources, images = [], []
        for path in files[start : start + _AT_ONCE]:
            read, failed = read_images([path], channels=channels)
            skipped.extend(failed)
            if not read:
                continue
            if read[0].shape[:2] != (height, width):
                if fit is None:
                    raise DataError(
                        f"`{path}` is {read[0].shape[0]}×{read[0].shape[1]} pixels, and the model takes "
                        f"{height}×{width}; "
                        "say how to bring images to that size: `--fit crop`, `--fit pad` or `--fit stretch`"
                    )
                read, _ = read_images([path], channels=channels, size=(height, width), fit=fit)
            sources.append(path)
            images.append(read[0])
        if images:
            batch = np.stack(images)
            made = reconstruct(model, batch)
            for source, image, psnr in zip(sources, made, psnr_of(batch, made), strict=True):
                target = output / _free_name(source, taken)
                _write_png(target, image)
                done.append(ReconstructedFile(source=source, target=target, psnr=float(psnr)))
    if not done:
        reasons = "; ".join(f"`{item.path}`: {item.reason}" for item in skipped[:3])
        raise DataError(f"none of the {len(files)} files is an image that can be read ({reasons})")
    return done, tuple(skipped)


def _files(paths: Sequence[Path]) -> list[Path]:
    files: list[Path] = []
    for path in paths:
        if path.is_dir():
            files.extend(sorted(inner for inner in path.rglob("*") if inner.is_file()))
        elif path.exists():
            files.append(path)
        else:
            raise DataError(f"there is no file `{path}`")
    if not files:
        raise DataError(f"no files in {', '.join(f'`{path}`' for path in paths)}")
    return files


def _free_name(source: Path, taken: set[str]) -> str:
    name, number = f"{source.stem}.png", 1
    while name in taken:
        number += 1
        name = f"{source.stem}-{number}.png"
    taken.add(name)
    return name


def _write_png(target: Path, image: NDArray[np.float32]) -> None:
    pixels = np.round(image * 255).astype(np.uint8)
    with atomic_path(target) as temporary:
        Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels).save(temporary, format="PNG")
