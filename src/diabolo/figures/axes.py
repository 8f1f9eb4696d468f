"""The axes of the curves: whole epochs, limits that keep the interesting part large, names at the ends of curves."""

from collections.abc import Sequence
from typing import Any, Literal

import numpy as np
from matplotlib.axes import Axes
from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter
from numpy.typing import NDArray

from diabolo.figures.curve_data import finite_values
from diabolo.figures.style import COLOURS, MARKERS, QUIET_INK, SMALL_SIZE

_FEW_EPOCHS = 15  # up to here every epoch gets a marker
_NUM_MARKERS = 8  # above, about this many a curve, to tell curves apart without colour
_ROOM_FOR_FIRST = 4.0  # times the range of the later epochs: first epochs beyond that are left out

Style = dict[str, Any]
"""Keyword arguments of a `Line2D`."""

End = tuple[str, str, Sequence[int], NDArray[np.float64], str]
"""Name, colour, epochs, values and number format of a curve to be labelled at its end."""


def curve_style(number: int, *, training: bool) -> Style:
    """The look of the curve of model `number`: a colour and marker a model; dashed and hollow for training."""
    colour = COLOURS[number % len(COLOURS)]
    return {
        "color": colour,
        "marker": MARKERS[(number + number // len(COLOURS)) % len(MARKERS)],
        "markersize": 4.5,
        "markerfacecolor": "white" if training else colour,
        "markeredgewidth": 1.1,
        "linestyle": (0, (4, 2)) if training else "-",
        "linewidth": 1.3 if training else 1.8,
    }


def plot_curve(
    axes: Axes, epochs: Sequence[int], values: Sequence[float] | NDArray[np.float64], style: Style, *, turn: float = 0.0
) -> None:
    """Draws a curve with gaps where a value is not finite.

    Every epoch has a marker when they are few; otherwise some do, and `turn` in [0, 1) shifts those, so that the
    markers of curves that lie on each other do not.
    """
    finite = np.asarray(values, dtype=np.float64)
    finite = np.where(np.isfinite(finite), finite, np.nan)
    every = 1 if len(epochs) <= _FEW_EPOCHS else max(1, len(epochs) // _NUM_MARKERS)
    axes.plot(np.asarray(epochs), finite, markevery=(int(turn * every), every), zorder=2.5, **style)


def epoch_axis(axes: Axes, epochs: Sequence[int], *, named: bool = True) -> None:
    """Whole numbers only, from the first epoch to the last; a single one stands in the middle."""
    first, last = epochs[0], epochs[-1]
    room = 0.5 if first == last else max(0.02 * (last - first), 0.08)
    axes.set_xlim(first - room, last + room)
    if last - first <= 8:
        axes.set_xticks(range(first, last + 1))
    else:
        axes.xaxis.set_major_locator(MaxNLocator(nbins=8, integer=True, steps=[1, 2, 5, 10]))
    if named:
        axes.set_xlabel("epoch")
    else:
        axes.tick_params(labelbottom=False)


def linear_axis(
    axes: Axes,
    curves: Sequence[Sequence[float]],
    *,
    floors: Sequence[float] = (),
    better: Literal["lower", "higher"],
    least_span: float = 0.0,
) -> None:
    """Limits for finite values and floors, with room for the floor's label under it.

    First epochs that are far worse than all others run out of the panel, and a note says how far.

    Args:
        axes: where.
        curves: the values of each curve, epoch by epoch; those that are not finite are passed over.
        floors: horizontal lines to be kept in view.
        better: which end of the axis may not be cut.
        least_span: the axis shows at least this much, so that one point does not get ticks in the fifth decimal.
    """
    values = finite_values(curves)
    if values.size == 0:
        axes.set_ylim(min(floors, default=0.0) - 0.1, max(floors, default=0.0) + 1.0)
        axes.text(0.5, 0.5, "no finite value", transform=axes.transAxes, ha="center", color=QUIET_INK)
        return
    low, high = float(min(values.min(), *floors, np.inf)), float(max(values.max(), *floors, -np.inf))
    note = ""
    if values.size > 10:
        sign = 1.0 if better == "lower" else -1.0
        best, worst = (low, high) if better == "lower" else (high, low)
        usual = float(np.quantile(sign * values, 0.8)) * sign  # four values in five are at least this good
        limit = best + _ROOM_FOR_FIRST * (usual - best)
        if usual != best and sign * (worst - limit) > 0 and all(_only_at_first(curve, limit, sign) for curve in curves):
            note = f"↑ first epochs up to {worst:.4g}" if better == "lower" else f"↓ first epochs from {worst:.4g}"
            low, high = (low, limit) if better == "lower" else (limit, high)
    span = max(high - low, least_span, 1e-3 * abs(high), 1e-9)
    middle = (high + low) / 2
    low, high = min(low, middle - span / 2), max(high, middle + span / 2)
    axes.set_ylim(low - (0.1 if floors else 0.06) * span, high + 0.06 * span)
    axes.yaxis.set_major_locator(MaxNLocator(nbins=7, steps=[1, 2, 2.5, 5, 10]))
    if note:
        above = better == "lower"  # falling curves leave the space beside the title free, rising ones the lower right
        axes.annotate(
            note,
            (1.0, 1.0 if above else 0.0),
            xycoords="axes fraction",
            xytext=(0, 6),
            textcoords="offset points",
            ha="right",
            va="baseline",
            fontsize=SMALL_SIZE,
            color=QUIET_INK,
        )


def _only_at_first(curve: Sequence[float], limit: float, sign: float) -> bool:
    """Whether every value beyond the limit comes before every other: a run that diverges later must stay in view."""
    finite = finite_values([curve])
    beyond = sign * (finite - limit) > 0
    return not beyond[int(beyond.sum()) :].any()


def log_axis(axes: Axes, values: NDArray[np.float64]) -> None:
    """A logarithmic axis for positive finite values, with ticks written as plain numbers."""
    low, high = float(values.min()), float(values.max())
    room = max((high / low) ** 0.08, (1.6 / (high / low)) ** 0.5)  # at least a factor of 1.6 is shown
    axes.set_yscale("log")
    axes.set_ylim(low / room, high * room)
    many = high / low > 1000
    axes.yaxis.set_major_locator(
        MaxNLocator(nbins=4, steps=[1, 2, 2.5, 5, 10])
        if high / low < 4
        else LogLocator(subs=(1.0,) if many else (1.0, 2.0, 5.0), numticks=12)
    )
    axes.yaxis.set_major_formatter(FuncFormatter(lambda value, _: f"{value:g}"))
    axes.yaxis.set_minor_formatter(NullFormatter())


def label_ends(axes: Axes, ends: Sequence[End]) -> None:
    """Writes name and last finite value right of each curve, moved apart where they would overlap."""
    found = []
    for name, colour, epochs, values, number_format in ends:
        finite = np.flatnonzero(np.isfinite(values))
        if finite.size:
            last = int(finite[-1])
            x, y = axes.transData.transform((float(epochs[last]), float(values[last])))
            found.append((y, x, colour, f"{name} {number_format.format(values[last])}".strip()))
    if not found:
        return
    found.sort(key=lambda item: item[0])
    dpi = axes.figure.dpi
    step = SMALL_SIZE * 1.3 * dpi / 72
    places = _spread([item[0] for item in found], step, axes.bbox.y0, axes.bbox.y1)
    edge = axes.bbox.x1 + 0.1 * dpi
    for (y, x, colour, text), place in zip(found, places, strict=True):
        axes.annotate(
            text,
            tuple(axes.transData.inverted().transform((x, y))),
            xytext=((edge - axes.bbox.x0) / axes.bbox.width, (place - axes.bbox.y0) / axes.bbox.height),
            textcoords="axes fraction",
            ha="left",
            va="center",
            fontsize=SMALL_SIZE,
            annotation_clip=False,
            arrowprops={
                "arrowstyle": "-",
                "color": colour,
                "linewidth": 0.7,
                "linestyle": (0, (1, 2)),
                "shrinkA": 0,
                "shrinkB": 5,
                "relpos": (0.0, 0.5),
            },
        )


def _spread(wanted: Sequence[float], step: float, low: float, high: float) -> list[float]:
    """Positions at least `step` apart, in order, close to those wanted and inside [low, high] when there is room."""
    places = [min(max(place, low), high) for place in wanted]
    for index in range(1, len(places)):
        places[index] = max(places[index], places[index - 1] + step)
    places[-1] = min(places[-1], max(high, low + step * (len(places) - 1)))
    for index in range(len(places) - 2, -1, -1):
        places[index] = min(places[index], places[index + 1] - step)
    return places
