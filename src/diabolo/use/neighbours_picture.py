"""A picture of queries and their nearest images, a row a query."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from diabolo.data.images import UnreadableImageError, read_image
from diabolo.printable import printable
from diabolo.use.neighbours import FoundNeighbours

SHOWN = 12
"""Most queries in a picture."""
MOST_NEIGHBOURS = 16
"""Most neighbours of each."""
_CELL = 136  # pixels
_GAP = 6


def draw_neighbours(found: FoundNeighbours, target: Path, *, title: str, line: str, metric: str) -> int:
    """Draws a PNG and returns how many images could not be shown, since they are gone or no images any more.

    Args:
        found: queries and neighbours.
        target: the file.
        title: heading.
        line: the model's line.
        metric: of the distances.

    Raises:
        OutputError: the file cannot be written.
    """
    from diabolo.figures.page import MARGIN, Page
    from diabolo.figures.style import BODY_SIZE, SMALL_SIZE, TITLE_SIZE, write_figure

    shown = found.queries[:SHOWN]
    most = min(MOST_NEIGHBOURS, max(len(one.nearest) for one in shown))
    inside = max(460, (1 + most) * (_CELL + _GAP) + 3 * _GAP)
    page, y = Page(inside + 2 * MARGIN), MARGIN
    y += page.text(MARGIN, y, title, max_width=inside, size=TITLE_SIZE, bold=True) + 4
    y += page.text(MARGIN, y, line, max_width=inside, size=SMALL_SIZE, mono=True, quiet=True) + 10
    page.text(MARGIN, y, "query", max_width=_CELL, size=BODY_SIZE, bold=True)
    y += page.text(MARGIN + _CELL + 4 * _GAP, y, "nearest", max_width=inside, size=BODY_SIZE, bold=True) + 4
    missing = 0
    for one in shown:
        pictures = [(one.query, one.query.name)]
        pictures += [(near.path, f"{near.distance:.3g}  {near.path.name}") for near in one.nearest[:MOST_NEIGHBOURS]]
        below = y
        for column, (path, caption) in enumerate(pictures):
            x = MARGIN + column * (_CELL + _GAP) + (3 * _GAP if column else 0)
            pixels = _thumbnail(path)
            missing += pixels is None
            if pixels is not None:
                page.picture(x, y, pixels)
            height = 0 if pixels is None else len(pixels)
            text = printable(caption) if pixels is not None else f"{printable(caption)} (not there)"
            height += page.text(x, y + height + 2, text, max_width=_CELL, size=SMALL_SIZE - 1, quiet=True)
            below = max(below, y + height)
        y = below + 14
    note = f"Below each neighbour its {metric} distance."
    if len(found.queries) > len(shown):
        note = f"The first {len(shown)} of {len(found.queries):,} queries. {note}"
    y += page.text(MARGIN, y, note, max_width=inside, size=SMALL_SIZE, quiet=True)
    write_figure(page.figure(y + MARGIN), target)
    return missing


def _thumbnail(path: Path) -> NDArray[np.uint8] | None:
    """The image as a tile of at most 136 pixels a side; None where it cannot be read."""
    from PIL import Image

    from diabolo.figures.tiles import tile

    try:
        pixels = read_image(path, 3)
    except (UnreadableImageError, OSError):
        return None
    drawn = tile(pixels)
    if max(drawn.shape[:2]) <= _CELL:
        return drawn
    picture = Image.fromarray(drawn)
    picture.thumbnail((_CELL, _CELL))
    return np.asarray(picture)
