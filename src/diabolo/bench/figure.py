"""The figure of what training costs: speed against batch, cost a pixel, cost against width and number of images."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import FuncFormatter, LogLocator, NullFormatter, NullLocator

from diabolo.figures.style import COLOURS, MARKERS, QUIET_INK, SMALL_SIZE, house_style, write_figure

_SIZE = (11.0, 8.0)  # inches
_DPI = 110


def draw_cost(report: Mapping[str, Any], target: Path) -> Path:
    """Draws the record's `cost` part into a PNG file and returns its path.

    Raises:
        OutputError: the file cannot be written.
    """
    return write_figure(cost_figure(report), target)


def cost_figure(report: Mapping[str, Any]) -> Figure:
    """Four panels, both axes of each logarithmic; bars reach from the slowest round to the fastest."""
    series = report["cost"]["series"]
    with house_style():
        figure = Figure(figsize=_SIZE, dpi=_DPI, layout="constrained")
        panels = figure.subplots(2, 2)
        _panel(panels[0, 0], report, series.get("batch", []), "batch", "images a second", _speed)
        _panel(panels[0, 1], report, series.get("side", []), "image side, pixels", "nanoseconds a pixel", _pixel_cost)
        _panel(panels[1, 0], report, series.get("width", []), "channels, times the model's", "µs an image", _image_cost)
        _panel(panels[1, 1], report, series.get("images", []), "images trained on", "seconds", _whole_cost)
        for axes, power in ((panels[1, 0], 2), (panels[1, 1], 1)):
            _guide(axes, power)
        handles, labels = panels[0, 0].get_legend_handles_labels()
        panels[0, 0].legend(handles, labels, loc="best")
        machine = report["machine"]
        figure.suptitle(
            f"What a training step of {report['model']} costs: {machine['processor']}, {report['threads']} threads, "
            f"float32, median of {report['cost']['rounds']} rounds",
            x=0.01,
            ha="left",
        )
    return figure


def _panel(
    axes: Axes, report: Mapping[str, Any], points: Sequence[Mapping[str, Any]], x_name: str, y_name: str, value: Any
) -> None:
    engines = list(dict.fromkeys(name for point in points for name in point["images_per_second"]))
    for number, name in enumerate(engines):
        there = [point for point in points if name in point["images_per_second"]]
        xs = [point["value"] for point in there]
        found = [point["images_per_second"][name] for point in there]
        middle = [value(point, speed["median"]) for point, speed in zip(there, found, strict=True)]
        ends = [
            sorted((value(point, speed["min"]), value(point, speed["max"])))
            for point, speed in zip(there, found, strict=True)
        ]
        below = [max(0.0, mid - low) for mid, (low, _) in zip(middle, ends, strict=True)]
        above = [max(0.0, high - mid) for mid, (_, high) in zip(middle, ends, strict=True)]
        axes.errorbar(
            xs,
            middle,
            yerr=(below, above),
            label=report["engines"].get(name, {}).get("title", name),
            color=COLOURS[number % len(COLOURS)],
            marker=MARKERS[number % len(MARKERS)],
            markersize=5,
            linewidth=1.6,
            capsize=2.5,
        )
    axes.set_xscale("log")
    axes.set_yscale("log")
    ticks = sorted({point["value"] for point in points})
    axes.set_xticks(ticks, [f"{tick:,g}" for tick in ticks])
    axes.xaxis.set_minor_locator(NullLocator())
    axes.yaxis.set_major_locator(LogLocator(subs=(1.0, 2.0, 5.0)))
    axes.yaxis.set_major_formatter(FuncFormatter(lambda tick, position: f"{tick:,g}"))
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.set_xlabel(x_name)
    axes.set_title(y_name)


def _guide(axes: Axes, power: int) -> None:
    """A dotted line through the first curve's last point: cost that grows with this power."""
    curves = axes.containers
    if not curves:
        return
    xs, ys = (list(map(float, values)) for values in curves[-1][0].get_data())
    axes.plot(
        (xs[0], xs[-1]),
        (ys[-1] * (xs[0] / xs[-1]) ** power, ys[-1]),
        color=QUIET_INK,
        linestyle=(0, (1, 2)),
        linewidth=1.0,
        zorder=1.5,
    )
    axes.annotate(
        "dotted: linear" if power == 1 else "dotted: with the square",
        (0.98, 0.04),
        xycoords="axes fraction",
        ha="right",
        fontsize=SMALL_SIZE,
        color=QUIET_INK,
    )


def _speed(point: Mapping[str, Any], images_per_second: float) -> float:
    return images_per_second


def _pixel_cost(point: Mapping[str, Any], images_per_second: float) -> float:
    height, width, _ = point["image_shape"]
    return 1e9 / images_per_second / (height * width)


def _image_cost(point: Mapping[str, Any], images_per_second: float) -> float:
    return 1e6 / images_per_second


def _whole_cost(point: Mapping[str, Any], images_per_second: float) -> float:
    return float(point["value"]) / images_per_second
