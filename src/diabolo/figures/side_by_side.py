"""The same images through several models, one row a model, under the originals."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from diabolo.figures.page import MARGIN, Page
from diabolo.figures.style import BODY_SIZE, SMALL_SIZE, TITLE_SIZE, write_figure
from diabolo.figures.tiles import check_images, psnr_text, tile, to_bytes

_GAP = 6  # pixels between tiles
_LABEL_WIDTH = 190  # pixels for the names of the models
_NARROWEST = 480
_TEXT_CELL = 64


@dataclass(frozen=True, kw_only=True)
class Reconstructed:
    """What one model made of the images."""

    label: str
    """Its name, such as `method-2`."""
    reconstructions: NDArray[np.floating]
    """(images, height, width, channels), in [0, 1]."""
    psnr_db: NDArray[np.floating]
    """(images,), in dB."""
    note: str = ""
    """A second, quiet line under the name: what it scores on the whole set, say."""


def draw_side_by_side(
    images_uint8: NDArray[np.uint8], rows: Sequence[Reconstructed], target: Path, *, title: str
) -> Path:
    """Draws `side_by_side_figure` into a PNG file and returns its path.

    Raises:
        DataError: the arrays do not belong together.
        OutputError: the file cannot be written.
    """
    return write_figure(side_by_side_figure(images_uint8, rows, title=title), target)


def side_by_side_figure(images_uint8: NDArray[np.uint8], rows: Sequence[Reconstructed], *, title: str) -> Figure:
    """The originals, and under them one row a model, with the PSNR in dB under each picture.

    All images given are drawn, so give a handful: ten of 32 × 32 make a figure 1,600 pixels wide.

    Args:
        images_uint8: (images, height, width, channels) bytes, 1 or 3 channels.
        rows: the models, from top to bottom.
        title: heading of the figure.

    Raises:
        DataError: the arrays do not belong together.
    """
    for row in rows:
        check_images(images_uint8, reconstructions=row.reconstructions, psnr_db=np.asarray(row.psnr_db))
    check_images(images_uint8)
    tile_height, tile_width = tile(images_uint8[0]).shape[:2]
    cell = max(tile_width, _TEXT_CELL)
    width = max(_NARROWEST, 2 * MARGIN + _LABEL_WIDTH + len(images_uint8) * (cell + _GAP) - _GAP)
    page, y = Page(width), MARGIN

    def draw_row(label: str, note: str, pictures: NDArray[np.uint8], captions: Sequence[str]) -> int:
        room = _LABEL_WIDTH - 16
        label_bottom = y + 2 + page.text(MARGIN, y + 2, label, max_width=room, size=BODY_SIZE, bold=True)
        if note:
            label_bottom += page.text(MARGIN, label_bottom, note, max_width=room, size=SMALL_SIZE, quiet=True)
        below = y + tile_height + 2
        for column, picture in enumerate(pictures):
            centre = MARGIN + _LABEL_WIDTH + column * (cell + _GAP) + cell // 2
            page.picture(centre - tile_width // 2, y, tile(picture))
            if captions:
                bottom = (
                    y
                    + tile_height
                    + 2
                    + page.text(
                        centre,
                        y + tile_height + 2,
                        captions[column],
                        max_width=cell + _GAP,
                        size=SMALL_SIZE,
                        align="center",
                    )
                )
                below = max(below, bottom)
        return max(below, label_bottom) + 8

    y += page.text(MARGIN, y, title, max_width=width - 2 * MARGIN, size=TITLE_SIZE, bold=True) + 12
    y = draw_row("original", "", images_uint8, [])
    for row in rows:
        captions = [psnr_text(value) for value in row.psnr_db]
        y = draw_row(row.label, row.note, to_bytes(row.reconstructions), captions)
    return page.figure(y - 8 + MARGIN)
