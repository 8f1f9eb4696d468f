"""The three charts of training: loss, loss above its floor, PSNR; each model a line, with a band over its seeds."""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass

from diabolo.report.chart import Chart, Series, draw_chart
from diabolo.report.content import ModelPart
from diabolo.report.spread import Band, band
from diabolo.runs import EpochRow
from diabolo.runs.loss_text import known_loss

MOST_MODELS = 7
"""Most models whose curves are drawn."""
_MOST_TABLE_ROWS = 60  # epochs in the table beside the charts


@dataclass(frozen=True, kw_only=True)
class CurveTable:
    """The same as the charts in numbers, for screen readers and for the script's read-out."""

    heads: tuple[str, ...]
    """`epoch`, then for each chart each model."""
    rows: tuple[tuple[float, ...], ...]
    """Epoch, then means over seeds; NaN where a model has none."""
    left_out: int
    """Epochs between the rows that are not shown."""


@dataclass(frozen=True, kw_only=True)
class DrawnChart:
    """One chart of the page."""

    key: str
    """For ids."""
    title: str
    """Its heading."""
    svg: str
    """The drawing."""
    table: CurveTable
    """Its numbers."""


def loss_name(models: Sequence[ModelPart]) -> str:
    """The losses that were trained, in words."""
    names = [str(model.runs[0].record.recipe.get("loss", "")) for model in models]
    known = {name: known_loss(name) for name in names}
    return " / ".join(dict.fromkeys(found.title if (found := known[name]) else name or "loss" for name in names))


def loss_unit(models: Sequence[ModelPart]) -> str:
    """The units of the losses that were trained; empty where none is known."""
    known = (known_loss(str(model.runs[0].record.recipe.get("loss", ""))) for model in models)
    return " / ".join(dict.fromkeys(found.unit for found in known if found))


def draw_curves(models: Sequence[ModelPart]) -> list[DrawnChart]:
    """The charts of some models; nothing where no run has finished an epoch."""
    models = [model for model in models if any(run.rows for run in model.runs)][:MOST_MODELS]
    if not models:
        return []
    alone = len(models) == 1
    charts = [_loss_chart(models, alone)]
    above = [_positive(band(model.runs, lambda row: row.val_excess)) for model in models]
    floors = _floors(models)
    if floors and any(value > 0 for one in above for value in one.mean):
        title = "Validation loss above its floor, log scale"
        charts.append(_chart("excess", title, loss_unit(models), models, above, is_log=True))
    psnr = [band(model.runs, lambda row: row.val_psnr) for model in models]
    charts.append(
        _chart("psnr", "PSNR on the validation images", "dB, higher is better", models, psnr, better="higher")
    )
    return charts


def _loss_chart(models: Sequence[ModelPart], alone: bool) -> DrawnChart:
    series: list[Series] = []
    heads: list[str] = []
    bands: list[Band] = []
    columns: tuple[tuple[str, Callable[[EpochRow], float]], ...] = (
        ("training", lambda row: row.loss),
        ("validation", lambda row: row.val_loss),
    )
    for index, model in enumerate(models):
        for name, column in columns:
            found = band(model.runs, column)
            is_training = name == "training"
            label = name if alone else f"{model.label} ({name})"
            shown = name if alone else model.label
            bands.append(found)
            heads.append(label)
            series.append(
                _one(
                    shown if not is_training or alone else label,
                    index + (alone and is_training),
                    found,
                    len(model.runs),
                    is_quiet=is_training,
                    has_label=alone or not is_training,
                )
            )
    title = "Loss, training and validation"
    chart = Chart(
        key="loss",
        title=title,
        description=_description(models, bands[1::2], ".4f"),
        x_name="epoch",
        y_name=", ".join(filter(None, (loss_name(models), loss_unit(models)))),
        series=series,
        floors=[(value, f"floor {value:.4f}: a perfect copy") for value in _floors(models)],
        better="lower",
    )
    return DrawnChart(key="loss", title=title, svg=draw_chart(chart), table=_table(heads, bands))


def _chart(
    key: str,
    title: str,
    y_name: str,
    models: Sequence[ModelPart],
    bands: Sequence[Band],
    *,
    is_log: bool = False,
    better: str = "",
) -> DrawnChart:
    alone = len(models) == 1
    labels = [_last(found, key) if alone else model.label for model, found in zip(models, bands, strict=True)]
    chart = Chart(
        key=key,
        title=title,
        description=_description(models, bands, ".4f" if is_log else ".2f"),
        x_name="epoch",
        y_name=y_name,
        series=[
            _one(label, index, found, len(model.runs))
            for index, (label, model, found) in enumerate(zip(labels, models, bands, strict=True))
        ],
        is_log=is_log,
        better=better,
    )
    heads = ["validation"] if alone else [model.label for model in models]
    return DrawnChart(key=key, title=title, svg=draw_chart(chart), table=_table(heads, bands))


def _one(
    label: str, number: int, found: Band, num_runs: int, *, is_quiet: bool = False, has_label: bool = True
) -> Series:
    banded = num_runs > 1 and not is_quiet
    return Series(
        label=label,
        number=number,
        x=found.epochs,
        y=found.mean,
        low=found.low if banded else (),
        high=found.high if banded else (),
        is_quiet=is_quiet,
        has_label=has_label,
    )


def _last(found: Band, key: str) -> str:
    last = next((value for value in reversed(found.mean) if math.isfinite(value)), math.nan)
    return f"{last:.2f} dB" if key == "psnr" else f"{last:.4f}"


def _positive(found: Band) -> Band:
    """Without values that a logarithm cannot take."""

    def kept(values: Sequence[float]) -> tuple[float, ...]:
        return tuple(value if value > 0 else math.nan for value in values)

    return Band(epochs=found.epochs, mean=kept(found.mean), low=kept(found.low), high=kept(found.high))


def _floors(models: Sequence[ModelPart]) -> list[float]:
    """The different floors of the validation loss that are not 0, rising."""
    found = set()
    for model in models:
        for run in model.runs:
            for row in run.rows[:1]:
                floor = round(row.val_loss - row.val_excess, 4)
                if math.isfinite(floor) and floor > 0:
                    found.add(floor)
    return sorted(found)


def _description(models: Sequence[ModelPart], bands: Sequence[Band], digits: str) -> str:
    sentences = []
    for model, found in zip(models, bands, strict=True):
        finite = [(epoch, value) for epoch, value in zip(found.epochs, found.mean, strict=True) if math.isfinite(value)]
        if finite:
            (first, start), (last, end) = finite[0], finite[-1]
            sentences.append(f"{model.label}: {start:{digits}} at epoch {first}, {end:{digits}} at epoch {last}.")
    return " ".join([*sentences, "All numbers are in the table below."])


def _table(heads: Sequence[str], bands: Sequence[Band]) -> CurveTable:
    """Epochs evenly spread, the first and the last among them."""
    epochs = sorted({epoch for found in bands for epoch in found.epochs})
    every = math.ceil((len(epochs) - 1) / (_MOST_TABLE_ROWS - 1)) if len(epochs) > _MOST_TABLE_ROWS else 1
    shown = [epoch for index, epoch in enumerate(epochs) if index % every == 0 or index == len(epochs) - 1]
    columns = [dict(zip(found.epochs, found.mean, strict=True)) for found in bands]
    rows = tuple((float(epoch), *(column.get(epoch, math.nan) for column in columns)) for epoch in shown)
    return CurveTable(heads=("epoch", *heads), rows=rows, left_out=len(epochs) - len(shown))
