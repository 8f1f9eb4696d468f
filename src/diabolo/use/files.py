"""Image files in, reconstructed image files out."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from diabolo.data import Skipped, read_images
from diabolo.data.images import UnreadableImageError, read_header
from diabolo.errors import DataError
from diabolo.files import atomic_path, make_folder
from diabolo.train import images_at_once
from diabolo.use.reconstruct import psnr_of, reconstruct
from diabolo.use.run import Run


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
        paths: files, or folders whose files are taken with those below them, hidden ones and `output` left out.
        output: folder for the PNG files, made if need be. A file there is replaced, unless it is one of `paths`.
        fit: `crop`, `pad` or `stretch`, for images that do not have the model's size.

    Raises:
        DataError: nothing to read, no readable image, or an image of another size and no `fit`.
        OutputError: the folder cannot be written.
    """
    files = _files(paths, output)
    height, width, channels = run.record.input_shape
    if fit is None:
        _check_sizes(files, (height, width))
    model = run.model
    make_folder(output)
    names = _Names(output, files)
    done: list[ReconstructedFile] = []
    skipped: list[Skipped] = []
    at_once = images_at_once(model)
    for start in range(0, len(files), at_once):
        sources, images = [], []
        for path in files[start : start + at_once]:
            read, failed = read_images([path], channels=channels, size=(height, width), fit=fit)
            skipped.extend(failed)
            if read:
                sources.append(path)
                images.append(read[0])
        if images:
            batch = np.stack(images)
            made = reconstruct(model, batch)
            for source, image, psnr in zip(sources, made, psnr_of(batch, made), strict=True):
                target = output / names.take(source)
                _write_png(target, image)
                done.append(ReconstructedFile(source=source, target=target, psnr=float(psnr)))
    if not done:
        reasons = "; ".join(f"`{item.path}`: {item.reason}" for item in skipped[:3])
        which = "the only file is no image" if len(files) == 1 else f"none of the {len(files)} files is an image"
        raise DataError(f"{which} that can be read ({reasons})")
    return done, tuple(skipped)


def _files(paths: Sequence[Path], output: Path) -> list[Path]:
    """All files meant; of folders those below them, without hidden ones and without what an earlier call put out."""
    files: list[Path] = []
    results = output.resolve()
    for path in paths:
        if path.is_dir():
            inside = results != path.resolve() and results.is_relative_to(path.resolve())
            for inner in sorted(path.rglob("*")):
                hidden = any(part.startswith(".") for part in inner.relative_to(path).parts)
                if inner.is_file() and not hidden and not (inside and inner.resolve().is_relative_to(results)):
                    files.append(inner)
        elif path.exists():
            files.append(path)
        else:
            raise DataError(f"there is no file `{path}`")
    if not files:
        raise DataError(f"no files in {', '.join(f'`{path}`' for path in paths)}")
    return files


def _check_sizes(files: Sequence[Path], size: tuple[int, int]) -> None:
    """Refuses images of another size before any is written; what is no image is skipped later."""
    for path in files:
        try:
            header = read_header(path)
        except UnreadableImageError:
            continue
        if (header.height, header.width) != size:
            raise DataError(
                f"`{path}` is {header.height}×{header.width} pixels, and the model takes {size[0]}×{size[1]}; "
                "say how to bring images to that size: `--fit crop`, `--fit pad` or `--fit stretch`"
            )


class _Names:
    """Names of results in a folder, each given once, and never that of an image that is being read."""

    def __init__(self, output: Path, sources: Sequence[Path]) -> None:
        folder = output.resolve()
        self.taken = {path.resolve().name for path in sources if path.resolve().parent == folder}

    def take(self, source: Path) -> str:
        """`<stem>.png`, or the first of `<stem>-2.png`, `<stem>-3.png`… that is free."""
        name, number = f"{source.stem}.png", 1
        while name in self.taken:
            number += 1
            name = f"{source.stem}-{number}.png"
        self.taken.add(name)
        return name


def _write_png(target: Path, image: NDArray[np.float32]) -> None:
    pixels = np.round(image * 255).astype(np.uint8)
    with atomic_path(target) as temporary:
        Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels).save(temporary, format="PNG")
