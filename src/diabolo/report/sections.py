"""What each section of the page shows, made of the content: drawings, tables, legends, pictures."""

import math
from collections.abc import Sequence
from types import SimpleNamespace
from typing import Any

from markupsafe import Markup

from diabolo.graph import measure
from diabolo.report.bars import (
    draw_bars,
    draw_distribution,
    image_psnr,
    quantiles,
    result_bars,
)
from diabolo.report.content import ModelPart, Picture, ReportContent, RunPart
from diabolo.report.curves import MOST_MODELS, draw_curves
from diabolo.report.hourglass import draw_line
from diabolo.report.palette import NUM_SERIES
from diabolo.report.spread import result_spread, spread
from diabolo.vocabulary import describe

AMPLIFICATION = 4
"""Of differences in pictures."""
_MOST_ROWS = 2000  # of models or runs in a table
_MOST_BARS = 24
_PIXELS = 64  # images up to this side are drawn as squares
_RESULTS = (
    ("psnr", "PSNR, dB", 2),
    ("mse", "MSE", 5),
    ("ssim", "SSIM", 3),
    ("loss", "Loss", 4),
    ("excess", "Excess", 4),
)


def shown_models(models: Sequence[ModelPart]) -> list[ModelPart]:
    """Those of which the page shows everything: all, or of many the best by PSNR, in their own order."""
    if len(models) <= MOST_MODELS:
        return list(models)
    best = sorted(range(len(models)), key=lambda index: (-quality(models[index]), index))[:MOST_MODELS]
    return [models[index] for index in sorted(best)]


def quality(model: ModelPart) -> float:
    """By which the best models are found: mean PSNR on the test images, or on the validation images without those."""
    found = result_spread(model, "psnr") or spread(run.rows[-1].val_psnr for run in model.runs if run.rows)
    return -math.inf if found is None else found.mean


def model_sections(shown: Sequence[ModelPart]) -> list[SimpleNamespace]:
    """The models with the facts of how they were made."""
    return [
        SimpleNamespace(
            part=part,
            facts=_facts(part),
            choices=_choices_of(part.runs[0]),
            first_seed=next((run.record.seed for run in part.runs if run.rows), None),
        )
        for part in shown
    ]


def drawings(shown: Sequence[ModelPart]) -> list[SimpleNamespace]:
    """One drawing a line and image size, with the labels of all models that have it."""
    by_line: dict[Any, list[ModelPart]] = {}
    for part in shown:
        by_line.setdefault((part.graph.line, part.graph.input_shape), []).append(part)
    return [_drawing(parts, index) for index, parts in enumerate(by_line.values())]


def _drawing(parts: Sequence[ModelPart], index: int) -> SimpleNamespace:
    graph = parts[0].graph
    measures = measure(graph)
    values = f" = {measures.num_latent_values:,} values" if len(graph.latent_shape) == 3 else ""
    numbers = (
        f"{measures.num_parameters:,} parameters; latent {describe(graph.latent_shape)}{values}, "
        f"1 : {measures.compression_ratio:.3g}; {measures.macs / 1e6:,.2f} million MACs an image"
    )
    label = " · ".join(part.label for part in parts)
    svg = draw_line(graph, name=label, standalone=False, prefix=f"model-{index}")
    return SimpleNamespace(label=label, line=graph.line, numbers=numbers, svg=Markup(svg))


def _facts(part: ModelPart) -> list[tuple[str, str]]:
    record = part.runs[0].record
    data, recipe = record.data, record.recipe
    height, width, channels = record.input_shape
    shape = f"{height}×{width}×{channels}"
    steps = f"{recipe.get('epochs', '?')} epochs, batch {recipe.get('batch_size', '?')}"
    threads = f"{record.threads} {'thread' if record.threads == 1 else 'threads'}"
    counts = [
        f"{data[key]:,} {name}"
        for key, name in (("num_train", "train"), ("num_validation", "validation"), ("num_test", "test"))
        if isinstance(data.get(key), int)
    ]
    return [
        ("Images", f"{data['name']}, {shape}" + (f": {', '.join(counts)}" if counts else "")),
        ("Digest of the images", str(data["digest"])),
        ("Recipe", f"{recipe.get('name', '?')}: {steps}"),
        ("Validated on", "the test images" if recipe.get("validation") == "test" else "images held out"),
        ("Engine", f"{record.engine}, {threads}, {record.device}"),
        ("Seeds", _listed([run.record.seed for run in part.runs])),
        ("Started", record.created or "not recorded"),
    ]


def _choices_of(run: RunPart) -> list[tuple[str, str]]:
    record = run.record
    tables = (("", record.recipe), ("version of ", record.versions), ("machine: ", record.machine))
    return [(f"{prefix}{name}", str(value)) for prefix, table in tables for name, value in table.items()]


def _listed(seeds: Sequence[int]) -> str:
    if len(seeds) > 12:
        return f"{', '.join(map(str, seeds[:10]))} and {len(seeds) - 10} more"
    return ", ".join(map(str, seeds))


def result_section(content: ReportContent, shown: Sequence[ModelPart]) -> dict[str, Any]:
    """The table of all models, with costs and speed, and the drawing of the shown ones beside references."""
    models = content.models if len(content.models) <= _MOST_ROWS else content.models[:_MOST_ROWS]
    spreads = [[result_spread(model, metric) for metric, _, _ in _RESULTS] for model in models]
    rows = []
    for model, found in zip(models, spreads, strict=True):
        measures = measure(model.graph)
        cells = [
            SimpleNamespace(
                spread=value,
                digits=digits,
                is_best=_is_best(value, [other[column] for other in spreads], higher=metric in ("psnr", "ssim"))
                and (metric not in ("loss", "excess") or _same_loss(models))
                and _same_images(models),
            )
            for column, ((metric, _, digits), value) in enumerate(zip(_RESULTS, found, strict=True))
        ]
        speeds = spread(row.images_per_second for run in model.runs for row in run.rows[-1:])
        rows.append(
            SimpleNamespace(
                label=model.label,
                num_runs=len(model.runs),
                cells=cells,
                latent=measures.num_latent_values,
                parameters=measures.num_parameters,
                mmacs=measures.macs / 1e6,
                speed=speeds,
            )
        )
    more = len(content.models) - len(models)
    bars = result_bars(shown, content.references)[:_MOST_BARS]
    return {
        "results": rows,
        "result_heads": [head for _, head, _ in _RESULTS],
        "bars": Markup(draw_bars(bars)) if len(bars) > 1 else "",
        "several": any(len(model.runs) > 1 for model in models),
        "has_best": any(cell.is_best for row in rows for cell in row.cells),
        "more_models": f"{more:,} more models are not in this table." if more else "",
    }


def _same_loss(models: Sequence[ModelPart]) -> bool:
    return len({str(model.runs[0].record.recipe.get("loss")) for model in models}) == 1


def _same_images(models: Sequence[ModelPart]) -> bool:
    """Whether numbers of the models can be held against each other at all."""
    return len({str(model.runs[0].record.data.get("digest")) for model in models}) == 1


def _is_best(value: Any, column: Sequence[Any], *, higher: bool) -> bool:
    means = [other.mean for other in column if other is not None]
    if value is None or len(means) < 2 or min(means) == max(means):
        return False
    return bool(value.mean == (max(means) if higher else min(means)))


def curve_section(content: ReportContent, shown: Sequence[ModelPart]) -> dict[str, Any]:
    """The charts with their legend, tables and a note on what lines and bands are."""
    drawn = [model for model in shown if any(run.rows for run in model.runs)]
    charts = draw_curves(drawn)
    digits = {"loss": 5, "excess": 5, "psnr": 3}
    if len(drawn) == 1:
        legend = [
            SimpleNamespace(label="validation", classes="s0"),
            SimpleNamespace(label="training", classes="s1 quiet"),
        ]
    else:
        legend = [
            SimpleNamespace(label=model.label, classes=f"s{index % NUM_SERIES} d{index}")
            for index, model in enumerate(drawn)
        ] + [SimpleNamespace(label="dotted: training", classes="quiet")]  # fmt: skip
    note = ""
    if len(shown) < len(content.models):
        note = (
            f"The {len(shown)} best of {len(content.models):,} models by PSNR; the numbers of all are in the tables. "
        )
    if any(len(model.runs) > 1 for model in drawn):
        note += "Lines are means over seeds; bands go from the lowest seed to the highest."
    return {
        "charts": [
            SimpleNamespace(
                key=chart.key,
                title=chart.title,
                drawing=Markup(chart.svg),
                table=chart.table,
                digits=digits[chart.key],
            )
            for chart in charts
        ],
        "legend": legend,
        "curves_note": note.strip(),
    }


def picture_choices(shown: Sequence[ModelPart]) -> list[SimpleNamespace]:
    """The images of the reader's choice that every pictured model has, with what each made of them.

    Models on other images are left out: the first model's images are the ones shown.
    """
    pictured = [model for model in shown if model.pictures is not None and model.pictures.choice]
    choices: list[SimpleNamespace] = []
    if not pictured:
        return choices
    found = [(model.label, {picture.number: picture for picture in model.pictures.choice}) for model in pictured
             if model.pictures is not None]  # fmt: skip
    for number, first in found[0][1].items():
        by_model: list[tuple[str, Picture]] = [
            (label, pictures[number])
            for label, pictures in found
            if number in pictures and pictures[number].original == first.original
        ]
        choices.append(SimpleNamespace(number=number, original=first.original, by_model=by_model))
    return choices


def picture_section(shown: Sequence[ModelPart], choices: list[SimpleNamespace]) -> dict[str, Any]:
    """The pictures of the models that have some, and why the others have none."""
    pictured = [model for model in shown if model.pictures is not None]
    largest = max((max(model.graph.input_shape[:2]) for model in pictured), default=0)
    missing: dict[str, list[str]] = {}
    for model in shown:
        if model.pictures_missing:
            missing.setdefault(model.pictures_missing, []).append(model.label)
    return {
        "with_pictures": [SimpleNamespace(part=model) for model in pictured],
        "missing_pictures": [f"No pictures of {', '.join(labels)}: {reason}" for reason, labels in missing.items()],
        "choices": choices,
        "pixels": " pixels" if largest <= _PIXELS else "",
        "amplification": AMPLIFICATION,
    }


def image_section(shown: Sequence[ModelPart]) -> dict[str, Any]:
    """How PSNR is distributed over images."""
    rows = []
    for model in shown:
        values, of = image_psnr(model)
        if len(values) > 1:
            rows.append((model.label, quantiles(values), of))
    return {"distribution": Markup(draw_distribution(shown)), "quantiles": rows}


def run_section(models: Sequence[ModelPart]) -> dict[str, Any]:
    """All runs of all models, one by one."""
    rows = [
        SimpleNamespace(
            label=model.label,
            record=run.record,
            epochs=len(run.rows),
            val_psnr=run.rows[-1].val_psnr if run.rows else None,
            seconds=sum(row.seconds for row in run.rows) if run.rows else None,
            folder=run.folder,
        )
        for model in models
        for run in model.runs
    ]
    more = len(rows) - _MOST_ROWS
    return {"runs": rows[:_MOST_ROWS], "more_runs": f"{more:,} more runs are not in this table." if more > 0 else ""}
