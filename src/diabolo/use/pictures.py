"""Results as PNG files: names that harm nothing, pixels, and how near they are to what was wanted."""

import os
import unicodedata
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from diabolo.files import atomic_path
from diabolo.model import AutoEncoder
from diabolo.printable import printable
from diabolo.use.tiles import blocks

_LONGEST_STEM = 200  # bytes of a name that a number and `.png` may still follow


class ResultNames:
    """Names of results in a folder, each given once, and never that of a file that is being read.

    Args:
        output: the folder of results.
        sources: files that must not be written over, wherever they lie.
    """

    def __init__(self, output: Path, sources: Sequence[Path] = ()) -> None:
        folder = Path(os.path.realpath(output))
        self._taken = {_key(path.name) for path in map(_real, sources) if path is not None and path.parent == folder}
        self._next: dict[str, int] = {}

    def take(self, source: str | Path) -> str:
        """`<stem>.png`, or the first of `<stem>-2.png`, `<stem>-3.png`… that is free; never a path."""
        stem = _plain_stem(source)
        number = self._next.get(_key(stem), 1)
        name = f"{stem}.png" if number == 1 else f"{stem}-{number}.png"
        while _key(name) in self._taken:
            number += 1
            name = f"{stem}-{number}.png"
        self._taken.add(_key(name))
        self._next[_key(stem)] = number + 1
        return name


@dataclass(frozen=True, kw_only=True)
class Made:
    """What a model made of a batch of images."""

    pixels: NDArray[np.uint8]
    """uint8 (N, H, W, C)."""
    psnr: NDArray[np.float64]
    """PSNR in dB of each, before rounding to bytes, to the image wanted; infinite where equal, NaN where not finite."""


def make_pictures(
    model: AutoEncoder, images: NDArray[np.uint8], wanted: NDArray[np.uint8] | None = None, *, memory: float | None
) -> Made:
    """Reconstructs uint8 images (N, H, W, C) as bytes, piece by piece: nothing of their size is held as floats.

    Args:
        model: takes images of that size.
        images: what goes in.
        wanted: what should come out, of the same shape; None: `images`.
        memory: as of `blocks`.

    Raises:
        DiaboloError: as of `blocks`.
    """
    wanted = images if wanted is None else wanted
    pixels = np.empty(images.shape, np.uint8)
    errors = np.zeros(len(images), np.float64)
    for block in blocks(model, images, "reconstruct", memory=memory):
        place = block.images, block.rows, block.columns
        values = np.clip(block.values, 0, 1)
        pixels[place] = np.rint(np.nan_to_num(values) * 255).astype(np.uint8)
        difference = values - wanted[place].astype(np.float32) / 255
        errors[block.images] += np.square(difference, dtype=np.float64).sum(axis=(1, 2, 3))
    return Made(pixels=pixels, psnr=psnr_from_error(errors / images[0].size))


def psnr_from_error(mse: NDArray[np.float64]) -> NDArray[np.float64]:
    """PSNR in dB from mean squared errors of pixels in [0, 1]."""
    with np.errstate(divide="ignore"):
        return -10 * np.log10(mse)


def write_png(target: Path, pixels: NDArray[np.uint8]) -> None:
    """Writes uint8 pixels (H, W, 1 or 3) as a PNG, atomically.

    Raises:
        OutputError: the file cannot be written.
    """
    with atomic_path(target) as temporary:
        Image.fromarray(pixels[..., 0] if pixels.shape[-1] == 1 else pixels).save(temporary, format="PNG")


def _plain_stem(source: str | Path) -> str:
    """The stem of a file's name, that can be written anywhere: no path, no control characters, not too long."""
    stem = printable(Path(os.fspath(source).replace("\0", "�")).stem).strip()
    while len(stem.encode()) > _LONGEST_STEM:
        stem = stem[:-1]
    return stem.lstrip(".") or "image"


def _real(source: Path) -> Path | None:
    """Where a path really leads; None for what no file can be called."""
    try:
        return Path(os.path.realpath(source))
    except ValueError:  # a zero byte, or half of a character
        return None


def _key(name: str) -> str:
    """Equal for names that some file system takes for one."""
    return unicodedata.normalize("NFC", name).casefold()
