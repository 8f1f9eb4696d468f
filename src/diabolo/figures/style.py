"""How every figure looks: type, colours that colour-blind readers can tell apart, and how a figure becomes a file."""

import contextlib
import warnings
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import matplotlib
from matplotlib.backends.backend_agg import FigureCanvasAgg, RendererAgg
from matplotlib.figure import Figure
from matplotlib.font_manager import FontProperties

from diabolo.errors import OutputError
from diabolo.files import atomic_path

INK = "#1f2328"
QUIET_INK = "#5b636c"
GRID = "#dfe3e8"

# Okabe and Ito, "Color Universal Design" (2008), without their yellow, which is too pale for thin lines on white.
COLOURS = ("#0072b2", "#d55e00", "#009e73", "#cc79a7", "#56b4e9", "#e69f00", "#000000")
MARKERS = ("o", "s", "^", "D", "v", "P", "X")

TITLE_SIZE = 14.0  # points
BODY_SIZE = 10.0
SMALL_SIZE = 9.0

SANS = "DejaVu Sans"  # comes with matplotlib, so that a figure is the same on every machine
MONO = "DejaVu Sans Mono"

_SETTINGS: Any = {
    "font.family": [SANS],
    "font.size": BODY_SIZE,
    "text.color": INK,
    "text.parse_math": False,  # a model called `$x$` is a name, not a formula
    "axes.labelcolor": INK,
    "axes.edgecolor": QUIET_INK,
    "axes.linewidth": 0.8,
    "axes.titlesize": BODY_SIZE + 1,
    "axes.titlelocation": "left",
    "axes.spines.top": False,
    "axes.spines.right": False,
    "axes.grid": True,
    "axes.axisbelow": True,
    "axes.formatter.useoffset": False,
    "grid.color": GRID,
    "grid.linewidth": 0.7,
    "xtick.color": QUIET_INK,
    "ytick.color": QUIET_INK,
    "xtick.labelcolor": INK,
    "ytick.labelcolor": INK,
    "xtick.labelsize": SMALL_SIZE,
    "ytick.labelsize": SMALL_SIZE,
    "legend.fontsize": SMALL_SIZE,
    "legend.frameon": False,
    "figure.facecolor": "white",
    "savefig.facecolor": "white",
}


@contextlib.contextmanager
def house_style() -> Iterator[None]:
    """Inside, new artists follow the house style, whatever `matplotlibrc` says; afterwards all is as before."""
    with warnings.catch_warnings(), matplotlib.rc_context():
        warnings.simplefilter("ignore", matplotlib.MatplotlibDeprecationWarning)
        defaults: Any = {
            name: value
            for name, value in matplotlib.rcParamsDefault.items()
            if not name.startswith(("backend", "interactive", "toolbar", "webagg", "tk.", "macosx"))
        }
        matplotlib.rcParams.update(defaults | _SETTINGS)
        yield


def write_figure(figure: Figure, target: Path) -> Path:
    """Writes the figure as a PNG, atomically; equal figures give equal bytes (no date, no version inside).

    Raises:
        OutputError: the name does not end in `.png`, or the place cannot be written.
    """
    if target.suffix.lower() != ".png":
        raise OutputError(f"cannot write `{target}`: figures are PNG files; choose a name that ends in `.png`")
    with house_style(), atomic_path(target) as temporary:
        FigureCanvasAgg(figure)
        figure.savefig(temporary, format="png", dpi=figure.dpi, metadata={"Software": None})
    return target


def text_width(text: str, size: float, *, family: str = SANS, weight: str = "normal", dpi: float) -> float:
    """The width of one line of text in pixels, for `size` in points."""
    font = FontProperties(family=[family], size=size, weight=weight)
    width, _, _ = RendererAgg(1, 1, dpi).get_text_width_height_descent(text, font, ismath=False)
    return float(width)


def wrapped(
    text: str, width: float, size: float, *, family: str = SANS, weight: str = "normal", dpi: float
) -> list[str]:
    """The text in lines that are each at most `width` pixels wide, broken at spaces, or inside a word too long.

    Args:
        text: any text; runs of white space count as one space.
        width: pixels.
        size: points.
        family: name of the font.
        weight: `normal` or `bold`.
        dpi: pixels an inch.
    """

    def fits(candidate: str) -> bool:
        return text_width(candidate, size, family=family, weight=weight, dpi=dpi) <= width

    lines = [""]
    for word in text.split():
        if fits(candidate := f"{lines[-1]} {word}".strip()):
            lines[-1] = candidate
            continue
        if lines[-1]:
            lines.append("")
        for character in word:
            if lines[-1] and not fits(lines[-1] + character):
                lines.append("")
            lines[-1] += character
    return lines
