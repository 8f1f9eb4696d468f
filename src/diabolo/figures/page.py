"""A figure laid out in whole pixels from the top down: pictures keep every pixel, text never runs out of the page."""

from dataclasses import dataclass, field

import numpy as np
from matplotlib.figure import Figure
from numpy.typing import NDArray

from diabolo.figures.style import BODY_SIZE, INK, MONO, QUIET_INK, SANS, house_style, wrapped

DPI = 100
MARGIN = 24  # pixels around everything
LINE_HEIGHT = 1.35  # of the type size


@dataclass(frozen=True, kw_only=True)
class _Text:
    x: float
    y: float
    text: str
    size: float
    colour: str
    family: str
    weight: str
    align: str


@dataclass
class Page:
    """Collects pictures and lines of text at pixel positions (x to the right, y down), then becomes a `Figure`."""

    width: int
    """Pixels."""
    _texts: list[_Text] = field(default_factory=list)
    _pictures: list[tuple[int, int, NDArray[np.uint8]]] = field(default_factory=list)

    def picture(self, x: int, y: int, pixels: NDArray[np.uint8]) -> None:
        """Puts a picture, (height, width, 3) bytes, with its top left corner at (x, y), pixel for pixel."""
        self._pictures.append((x, y, pixels))

    def text(
        self,
        x: float,
        y: float,
        text: str,
        *,
        max_width: float,
        size: float = BODY_SIZE,
        quiet: bool = False,
        mono: bool = False,
        bold: bool = False,
        align: str = "left",
    ) -> int:
        """Puts text with its top at y, wrapped to `max_width` pixels, and returns its height in pixels.

        Args:
            x: the left end, the centre or the right end, according to `align`.
            y: the top.
            text: what to write.
            max_width: pixels.
            size: points.
            quiet: grey instead of black.
            mono: in the type for model lines.
            bold: in bold type.
            align: `left`, `center` or `right`.
        """
        family, weight = MONO if mono else SANS, "bold" if bold else "normal"
        step = round(size * DPI / 72 * LINE_HEIGHT)
        lines = wrapped(text, max_width, size, family=family, weight=weight, dpi=DPI)
        for number, line in enumerate(lines):
            self._texts.append(
                _Text(
                    x=x,
                    # Placed by the baseline: lines with and without descenders then sit evenly.
                    y=y + number * step + step * 0.78,
                    text=line,
                    size=size,
                    colour=QUIET_INK if quiet else INK,
                    family=family,
                    weight=weight,
                    align=align,
                )
            )
        return step * len(lines)

    def figure(self, height: int) -> Figure:
        """The page as a figure of `width` × `height` pixels at 100 dpi."""
        with house_style():
            figure = Figure(figsize=(self.width / DPI, height / DPI), dpi=DPI)
            for x, y, pixels in self._pictures:
                figure.figimage(pixels, xo=x, yo=height - y - pixels.shape[0], origin="upper")
            for text in self._texts:
                figure.text(
                    text.x / self.width,
                    1.0 - text.y / height,
                    text.text,
                    fontsize=text.size,
                    color=text.colour,
                    family=[text.family],
                    weight=text.weight,
                    ha=text.align,
                    va="baseline",
                )
        return figure
