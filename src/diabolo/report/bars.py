"""The other drawings of the page: results beside references, distribution of PSNR over images, use of the latent."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

from diabolo.report.chart import Chart, Series, draw_chart, ticks
from diabolo.report.content import LatentPart, ModelPart, ReferencePart
from diabolo.report.spread import result_spread
from diabolo.report.svg import element, number, plain, text

_BAR_WIDTH = 480.0  # user units, as all of these
_ROW = 24.0
_NAME_WIDTH = 178.0
_NAME_LENGTH = 27  # characters
_VALUE_WIDTH = 70.0
_MOST_BINS = 40
_MOST_CHANNELS = 128  # with a bar of their own
UNUSED_SHARE = 0.01
"""A channel that varies less than this share of the most used one counts as unused."""


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
        label = bar.label if len(bar.label) <= _NAME_LENGTH else bar.label[: _NAME_LENGTH - 1] + "…"
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


def unused_channels(latent: LatentPart) -> list[int]:
    """Channels, from 0, that hardly vary over images."""
    most = max((value for value in latent.deviation if math.isfinite(value)), default=0.0)
    return [index for index, value in enumerate(latent.deviation) if not value > UNUSED_SHARE * most]


def draw_latent(latent: LatentPart, key: str) -> str:
    """One bar a channel, its deviation over images; unused ones have a cross. Many channels are drawn by size."""
    values = list(latent.deviation)
    most = max((value for value in values if math.isfinite(value)), default=0.0)
    many = len(values) > _MOST_CHANNELS
    if many:
        values = sorted(values, reverse=True)
    unused = set() if many else set(unused_channels(latent))
    left, top, width, height = 44.0, 16.0, 430.0, 110.0
    step = width / len(values)
    parts = [
        element("title", "Use of the latent", id=f"{key}-title"),
        element("desc", plain(_latent_words(latent)), id=f"{key}-desc"),
    ]
    scale = most or 1.0
    for value in ticks(0.0, scale):
        y = top + height * (1 - value / scale)
        parts.append(element("path", d=f"M{number(left)} {number(y)}h{number(width)}", class_="grid"))
        parts.append(text(f"{value:.3g}", x=left - 5, y=y + 4, text_anchor="end", class_="tick"))
    for index, value in enumerate(values):
        tall = height * (value / scale if math.isfinite(value) else 0.0)
        x, wide = left + index * step, step if many else max(step * 0.8, step - 2)
        parts.append(element("rect", x=x, y=top + height - tall, width=wide, height=tall, class_="bar-model"))
        if index in unused:
            cross = f"M{number(x + wide / 2 - 4)} {number(top + height - 10)}l8 8m0 -8l-8 8"
            parts.append(element("path", d=cross, class_="cross"))
    name = f"{len(values):,} values, from the most used to the least" if many else "channel of the latent"
    parts.append(text(name, x=left + width / 2, y=top + height + 30, text_anchor="middle", class_="axis-name"))
    if not many:
        every = max(1, -(-len(values) // 16))
        parts += [
            text(str(index), x=left + (index + 0.4) * step, y=top + height + 14, text_anchor="middle", class_="tick")
            for index in range(0, len(values), every)
        ]
    return element(
        "svg",
        *parts,
        viewBox=f"0 0 480 {number(top + height + 38)}",
        class_="chart",
        role="img",
        aria_labelledby=f"{key}-title {key}-desc",
    )


def _latent_words(latent: LatentPart) -> str:
    shown = latent.deviation[:64]
    words = ", ".join(f"{index}: {value:.3g}" for index, value in enumerate(shown))
    more = f", and {len(latent.deviation) - 64} more" if len(latent.deviation) > 64 else ""
    return f"Standard deviation over images of channel {words}{more}."
