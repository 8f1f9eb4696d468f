"""A contact sheet: the first images of a stream, each beside what the model made of it."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from diabolo.errors import OutputError
from diabolo.printable import printable

SHOWN = 12
"""Most images on a sheet."""
_GAP = 6  # pixels between tiles
_ROW_GAP = 14  # pixels between images
_AMPLIFICATION = 4.0  # of differences, which are hard to see otherwise


class Sheet:
    """Collects images as small tiles, so that it takes little memory, and draws them into one PNG.

    Args:
        target: the PNG.
        line: the model's line.
        title: heading.
        columns: names of the pictures of each image; a difference between the first and the last is added.

    Raises:
        OutputError: `target` does not end in `.png`; said before the work, not after it.
    """

    def __init__(self, target: Path, *, line: str, title: str, columns: tuple[str, ...]) -> None:
        if target.suffix.lower() != ".png":
            raise OutputError(f"cannot write `{printable(target)}`: choose a name that ends in `.png`")
        self.target = target
        self.line = line
        self.title = title
        self.columns = columns
        self.rows: list[tuple[str, list[NDArray[np.uint8]]]] = []
        self.num_images = 0

    def add(self, name: str, pictures: tuple[NDArray[np.uint8], ...], psnr_db: float | None) -> None:
        """Adds an image as uint8 pictures (H, W, C) of one shape; from the thirteenth on they are only counted.

        `psnr_db` stands below them; None where there is nothing to measure against.
        """
        from diabolo.figures.tiles import psnr_text, signed_difference, tile

        self.num_images += 1
        if len(self.rows) >= SHOWN:
            return
        difference = signed_difference(pictures[0], pictures[-1].astype(np.float32) / 255, _AMPLIFICATION)
        height, width = pictures[0].shape[:2]
        caption = f"{printable(name)}  {height}×{width}" + ("" if psnr_db is None else f"  {psnr_text(psnr_db)}")
        self.rows.append((caption, [tile(pixels) for pixels in (*pictures, difference)]))

    def write(self) -> None:
        """Draws the sheet.

        Raises:
            OutputError: the file cannot be written.
        """
        from diabolo.figures.page import MARGIN, Page
        from diabolo.figures.style import BODY_SIZE, SMALL_SIZE, TITLE_SIZE, write_figure

        names = (*self.columns, f"difference × {_AMPLIFICATION:g}")
        widest = max(max(pixels.shape[1] for pixels in tiles) for _, tiles in self.rows)
        cell = max(widest, 110) + _GAP
        inside = max(460, cell * len(names))
        page, y = Page(inside + 2 * MARGIN), MARGIN
        y += page.text(MARGIN, y, self.title, max_width=inside, size=TITLE_SIZE, bold=True) + 4
        y += page.text(MARGIN, y, self.line, max_width=inside, size=SMALL_SIZE, mono=True, quiet=True) + 10
        for column, name in enumerate(names):
            page.text(MARGIN + column * cell, y, name, max_width=cell, size=BODY_SIZE, bold=True)
        y += 24
        for caption, tiles in self.rows:
            for column, pixels in enumerate(tiles):
                page.picture(MARGIN + column * cell, y, pixels)
            y += max(pixels.shape[0] for pixels in tiles) + 3
            y += page.text(MARGIN, y, caption, max_width=inside, size=SMALL_SIZE) + _ROW_GAP
        note = "Difference: grey is equal, lighter is too light, darker is too dark."
        if self.num_images > len(self.rows):
            note = f"The first {len(self.rows)} of {self.num_images:,} images. {note}"
        y += page.text(MARGIN, y, note, max_width=inside, size=SMALL_SIZE, quiet=True)
        write_figure(page.figure(y + MARGIN), self.target)
