"""Drawings of results: beside references, and how PSNR is distributed over images."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from diabolo.report.chart import Chart, Series, draw_chart, ticks
from diabolo.report.content import ModelPart, ReferencePart
from diabolo.report.spread import result_spread
from diabolo.report.svg import element, number, plain, text

_BAR_WIDTH = 480.0  # user units, as all of these
_ROW = 24.0
_NAME_WIDTH = 198.0
_NAME_LENGTH = 27  # characters
_BOLD_LENGTH = 23  # of a model's name, which is bold and so wider
_VALUE_WIDTH = 76.0
_MOST_BINS = 40


@dataclass(frozen=True, kw_only=True)
class Bar:
    """A row of the drawing of results."""

    label: str
    """Its name."""
    psnr: float
    """dB."""
    deviation: float | None
    """Over seeds; None for one run, and for references."""
    is_model: bool
    """A model, or a reference that needs no training."""


def result_bars(models: Sequence[ModelPart], references: Sequence[ReferencePart]) -> list[Bar]:
    """Models and references by PSNR on the test images, the best first."""
    bars = []
    for model in models:
        found = result_spread(model, "psnr")
        if found is not None:
            bars.append(Bar(label=model.label, psnr=found.mean, deviation=found.deviation, is_model=True))
    for reference in references:
        if reference.psnr is not None and math.isfinite(reference.psnr):
            bars.append(Bar(label=reference.title, psnr=reference.psnr, deviation=None, is_model=False))
    return sorted(bars, key=lambda bar: -bar.psnr)


def draw_bars(bars: Sequence[Bar]) -> str:
    """A dot a row with its value, on an axis of what is there; models are filled, references are hollow."""
    if not bars:
        return ""
    top = 8.0
    height = top + _ROW * len(bars) + 26
    room = _BAR_WIDTH - _NAME_WIDTH - _VALUE_WIDTH
    low = min(bar.psnr - (bar.deviation or 0.0) for bar in bars)
    high = max(bar.psnr + (bar.deviation or 0.0) for bar in bars)
    low, high = low - max(0.08 * (high - low), 0.25), high + max(0.02 * (high - low), 0.25)

    def x(value: float) -> float:
        return _NAME_WIDTH + (value - low) / (high - low) * room

    parts = [
        element("title", "PSNR on the test images", id="bars-title"),
        element("desc", plain("; ".join(f"{bar.label} {bar.psnr:.2f} dB" for bar in bars)), id="bars-desc"),
    ]
    for value in ticks(low, high):
        at = x(value)
        parts.append(element("path", d=f"M{number(at)} {number(top)}V{number(height - 22)}", class_="grid"))
        parts.append(text(f"{value:g}", x=at, y=height - 8, text_anchor="middle", class_="tick"))
    for index, bar in enumerate(bars):
        y = top + index * _ROW + _ROW / 2
        most = _BOLD_LENGTH if bar.is_model else _NAME_LENGTH
        label = bar.label if len(bar.label) <= most else bar.label[: most - 1] + "…"
        style, name = ("dot-model", "bar-name strong") if bar.is_model else ("dot-reference", "bar-name")
        end = x(bar.psnr)
        parts.append(text(label, x=_NAME_WIDTH - 8, y=y + 4, text_anchor="end", class_=name))
        parts.append(element("path", d=f"M{number(_NAME_WIDTH)} {number(y)}H{number(end)}", class_=f"stem {style}"))
        if bar.deviation is not None:
            reach = (x(bar.psnr - bar.deviation), x(bar.psnr + bar.deviation))
            arms = "".join(f"M{number(at)} {number(y - 5)}v10" for at in reach)
            line = f"M{number(reach[0])} {number(y)}H{number(reach[1])}"
            parts.append(element("path", d=line + arms, class_="whisker"))
        parts.append(element("circle", cx=end, cy=y, r=5.0, class_=f"dot {style}"))
        after = x(bar.psnr + (bar.deviation or 0.0))
        parts.append(text(f"{bar.psnr:.2f} dB", x=max(after, end) + 9, y=y + 4, class_=name))
    return element(
        "svg",
        *parts,
        viewBox=f"0 0 {number(_BAR_WIDTH)} {number(height)}",
        class_="chart",
        role="img",
        aria_labelledby="bars-title bars-desc",
    )


def image_psnr(model: ModelPart) -> tuple[list[float], str]:
    """PSNR of single images in dB and which images these are; of all seeds where the runs have their test images'."""
    pooled = [value for run in model.runs for value in run.test_psnr if math.isfinite(value)]
    if pooled:
        seeds = sum(1 for run in model.runs if run.test_psnr)
        of = f", {seeds} seeds" if seeds > 1 else ""
        return pooled, f"{len(pooled) // seeds:,} test images{of}"
    if model.pictures is not None:
        values = [value for value in model.pictures.psnr if math.isfinite(value)]
        return values, f"{len(values):,} {model.pictures.images}"
    return [], ""


def draw_distribution(models: Sequence[ModelPart]) -> str:
    """Share of images by PSNR, one outline a model; empty where no PSNR of single images is known."""
    found = [(model, values) for model in models if len(values := image_psnr(model)[0]) > 1]
    if not found:
        return ""
    low = min(min(values) for _, values in found)
    high = max(max(values) for _, values in found)
    fewest = min(len(values) for _, values in found)
    num_bins = max(6, min(_MOST_BINS, round(2 * fewest ** (1 / 3))))  # Rice's rule
    width = max((high - low) / num_bins, 1e-9)
    series = []
    for model, values in found:
        counts = [0] * num_bins
        for value in values:
            counts[min(num_bins - 1, int((value - low) / width))] += 1
        x, y = [low], [0.0]
        for bin_index, count in enumerate(counts):
            share = 100 * count / len(values)
            x += [low + bin_index * width, low + (bin_index + 1) * width]
            y += [share, share]
        number_of = list(models).index(model)  # as in the curves
        series.append(Series(label=model.label, number=number_of, x=[*x, high], y=[*y, 0.0], has_label=False))
    chart = Chart(
        key="distribution",
        title="PSNR of single images",
        description="Share of the images by PSNR; quantiles are in the table below.",
        x_name="PSNR of an image, dB",
        y_name="% of the images",
        series=series,
        whole_x=False,
        can_zoom=False,
    )
    return draw_chart(chart)


def quantiles(values: Sequence[float]) -> tuple[float, ...]:
    """5, 25, 50, 75 and 95 % of the values lie below these; linear between neighbours."""
    ordered = sorted(values)
    found = []
    for share in (0.05, 0.25, 0.5, 0.75, 0.95):
        place = share * (len(ordered) - 1)
        low = int(place)
        high = min(low + 1, len(ordered) - 1)
        found.append(ordered[low] + (place - low) * (ordered[high] - ordered[low]))
    return tuple(found)
