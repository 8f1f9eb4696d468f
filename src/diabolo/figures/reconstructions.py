"""`reconstructions.png`: originals, reconstructions and differences of the best, typical and worst images."""

from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from diabolo.figures.page import MARGIN, Page
from diabolo.figures.style import BODY_SIZE, SMALL_SIZE, TITLE_SIZE, write_figure
from diabolo.figures.tiles import check_images, psnr_text, signed_difference, tile, to_bytes

_GAP = 6  # pixels between tiles
_GROUP_GAP = 30  # pixels between groups, both ways
_LABEL_WIDTH = 116  # pixels for the names of the rows
_NARROWEST = 560  # pixels; the title and the model's line need some room
_TEXT_CELL = 72  # pixels that `#12345` and `25.3 dB` need


@dataclass(frozen=True, kw_only=True)
class Group:
    """Some images shown together."""

    name: str
    """Its heading."""
    indices: tuple[int, ...]
    """Positions in the arrays given."""


def draw_reconstructions(
    images_uint8: NDArray[np.uint8],
    reconstructions: NDArray[np.floating],
    psnr_db: NDArray[np.floating],
    target: Path,
    *,
    title: str,
    line: str,
    amplification: float = 4.0,
    num_each: int = 4,
    fixed_indices: Sequence[int] = (0, 1, 2, 3, 4, 5),
) -> Path:
    """Draws `reconstructions_figure` into a PNG file and returns its path.

    Raises:
        DataError: the arrays do not belong together.
        OutputError: the file cannot be written.
    """
    figure = reconstructions_figure(
        images_uint8,
        reconstructions,
        psnr_db,
        title=title,
        line=line,
        amplification=amplification,
        num_each=num_each,
        fixed_indices=fixed_indices,
    )
    return write_figure(figure, target)


def choose_groups(psnr_db: NDArray[np.floating], num_each: int, fixed_indices: Sequence[int]) -> list[Group]:
    """The images with the highest, middle and lowest PSNR (NaN is lowest), and those always shown.

    Args:
        psnr_db: one value an image, in dB.
        num_each: how many of the best, of the middle and of the worst; fewer when there are not so many.
        fixed_indices: shown in any case; those beyond the last image are left out.
    """
    num_images = len(psnr_db)
    num_each = min(num_each, num_images)
    order = np.argsort(-np.nan_to_num(psnr_db, nan=-np.inf, posinf=np.inf), kind="stable")  # best first
    middle = (num_images - num_each + 1) // 2
    chosen: dict[str, Sequence[int] | NDArray[np.intp]] = {
        "best": order[:num_each],
        "median": order[middle : middle + num_each],
        "worst": order[::-1][:num_each],
        "always shown": [index for index in fixed_indices if 0 <= index < num_images],
    }
    return [Group(name=name, indices=tuple(map(int, found))) for name, found in chosen.items() if len(found)]


def reconstructions_figure(
    images_uint8: NDArray[np.uint8],
    reconstructions: NDArray[np.floating],
    psnr_db: NDArray[np.floating],
    *,
    title: str,
    line: str,
    amplification: float = 4.0,
    num_each: int = 4,
    fixed_indices: Sequence[int] = (0, 1, 2, 3, 4, 5),
) -> Figure:
    """Groups of images, each as original, reconstruction and amplified signed difference, with number and PSNR.

    Args:
        images_uint8: (images, height, width, channels) bytes, 1 or 3 channels.
        reconstructions: the same shape, floats in [0, 1] (clipped if they leave it).
        psnr_db: (images,), in dB.
        title: heading of the figure.
        line: the model's printed line.
        amplification: what the difference is multiplied by before it is added to mid-grey.
        num_each: how many best, median and worst images.
        fixed_indices: images shown in any case.

    Raises:
        DataError: the arrays do not belong together.
    """
    psnr_db = np.asarray(psnr_db)
    check_images(images_uint8, reconstructions=reconstructions, psnr_db=psnr_db)
    groups = choose_groups(psnr_db, num_each, fixed_indices)
    tile_height, tile_width = tile(images_uint8[0]).shape[:2]
    cell = max(tile_width, _TEXT_CELL)
    bands = [groups[start : start + 2] for start in range(0, len(groups), 2)]
    width = max(_NARROWEST, 2 * MARGIN + _LABEL_WIDTH + max(_band_width(band, cell) for band in bands))

    page, y = Page(width), MARGIN
    inside = width - 2 * MARGIN
    y += page.text(MARGIN, y, title, max_width=inside, size=TITLE_SIZE, bold=True) + 4
    y += page.text(MARGIN, y, line, max_width=inside, size=SMALL_SIZE, mono=True, quiet=True) + 4
    y += page.text(MARGIN, y, _summary(psnr_db), max_width=inside, size=SMALL_SIZE, quiet=True) + 14

    row_names = ("original", "reconstruction", f"difference × {amplification:g}")
    for band in bands:
        top, x = y, MARGIN + _LABEL_WIDTH
        for group in band:
            group_width = _group_width(group, cell)
            y = top + page.text(x, top, group.name, max_width=max(group_width, _TEXT_CELL), size=BODY_SIZE, bold=True)
            for column, index in enumerate(group.indices):
                centre = x + column * (cell + _GAP) + cell // 2
                image, rebuilt = images_uint8[index], reconstructions[index]
                rows = (image, to_bytes(rebuilt), signed_difference(image, rebuilt, amplification))
                below = y + 2
                for pixels in rows:
                    page.picture(centre - tile_width // 2, below, tile(pixels))
                    below += tile_height + _GAP
                below += page.text(
                    centre, below, psnr_text(psnr_db[index]), max_width=cell + _GAP, size=SMALL_SIZE, align="center"
                )
                below += page.text(
                    centre, below, f"#{index}", max_width=cell + _GAP, size=SMALL_SIZE - 1, quiet=True, align="center"
                )
            x += group_width + _GROUP_GAP
        for row, name in enumerate(row_names):
            middle = y + 2 + row * (tile_height + _GAP) + tile_height // 2
            page.text(
                MARGIN + _LABEL_WIDTH - 12, middle - 9, name, max_width=_LABEL_WIDTH, size=SMALL_SIZE, align="right"
            )
        y = below + _GROUP_GAP - 8

    caption = (
        f"Difference: reconstruction − original, × {amplification:g}, drawn around mid-grey. Grey is equal, lighter is "
        f"too light, darker is too dark. #: number of the image in the set. Best, median and worst are by PSNR."
    )
    y += page.text(MARGIN, y, caption, max_width=inside, size=SMALL_SIZE, quiet=True)
    return page.figure(y + MARGIN)


def _summary(psnr_db: NDArray[np.floating]) -> str:
    finite = psnr_db[np.isfinite(psnr_db)]
    if finite.size == 0:
        return f"{psnr_db.size:,} images, none with a finite PSNR"
    text = f"{psnr_db.size:,} {'image' if psnr_db.size == 1 else 'images'}, mean PSNR {finite.mean():.2f} dB"
    text += f" (from {finite.min():.1f} to {finite.max():.1f})" if finite.size > 1 else ""
    left_out = psnr_db.size - finite.size
    return text + (f", {left_out:,} without a finite PSNR left out" if left_out else "")


def _group_width(group: Group, cell: int) -> int:
    return len(group.indices) * (cell + _GAP) - _GAP


def _band_width(band: Sequence[Group], cell: int) -> int:
    return sum(_group_width(group, cell) for group in band) + _GROUP_GAP * (len(band) - 1)
