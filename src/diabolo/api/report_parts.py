"""What a report takes from the other parts of diabolo: references, readings of curves, the verdict of a comparison.

Each is left out where it cannot be had: a report of old runs on another machine must still be written.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from diabolo.errors import DiaboloError
from diabolo.report import ModelPart, ReadingPart, ReferencePart, ReportContent

_MOST_SIZES = 3  # different latent sizes of which references are shown


def references_of_models(models: Sequence[ModelPart]) -> tuple[Any, ...]:
    """`Reference`s on the images of the first model, for its and a few more latent sizes; none where not to be had."""
    try:
        from diabolo.api.references import references_of_run
    except ImportError:
        return ()
    found: dict[str, Any] = {}
    seen: set[Any] = set()
    digest = models[0].runs[0].record.data["digest"]
    for model in models:
        size = model.graph.latent_shape
        if model.runs[0].record.data["digest"] != digest or size in seen or len(seen) == _MOST_SIZES:
            continue
        seen.add(size)
        try:
            for reference in references_of_run(Path(model.runs[0].folder).expanduser()):
                found.setdefault(reference.title, reference)
        except DiaboloError:
            continue
    return tuple(found.values())


def reference_parts(references: Sequence[Any]) -> tuple[ReferencePart, ...]:
    """`Reference`s as the page shows them: those with a PSNR, the best first."""
    parts = [
        ReferencePart(
            title=one.title,
            psnr=one.psnr,
            mse=one.mse,
            ssim=one.ssim,
            latent_values=one.latent_values,
            bytes_per_image=one.bytes_per_image,
            note=one.note or "",
        )
        for one in references
        if one.psnr is not None
    ]
    return tuple(sorted(parts, key=lambda part: -(part.psnr or 0.0)))


def readings_of(model: ModelPart, references: Sequence[Any]) -> tuple[ReadingPart, ...]:
    """What the curves of a model's first run say; nothing where it has no epoch."""
    run = next((run for run in model.runs if run.rows), None)
    if run is None:
        return ()
    try:
        from diabolo.explain import explain_history, history_of_run
    except ImportError:
        return ()
    try:
        readings = explain_history(history_of_run(Path(run.folder).expanduser()), references=tuple(references))
    except DiaboloError:
        return ()
    return _reading_parts(readings)


def readings_of_two(models: Sequence[ModelPart]) -> tuple[ReadingPart, ...]:
    """What the curves of exactly two models with one run each say together."""
    if len(models) != 2 or any(len(model.runs) != 1 or not model.runs[0].rows for model in models):
        return ()
    try:
        from diabolo.explain import explain_pair, history_of_run
    except ImportError:
        return ()
    try:
        first, second = (history_of_run(Path(model.runs[0].folder).expanduser()) for model in models)
        return _reading_parts(explain_pair(first, second))
    except DiaboloError:
        return ()


def _reading_parts(readings: Sequence[Any]) -> tuple[ReadingPart, ...]:
    return tuple(
        ReadingPart(
            code=reading.code,
            title=reading.title,
            sentence=reading.sentence,
            next_step=reading.next_step or "",
            confidence=reading.confidence,
        )
        for reading in readings
    )


def cautions(models: Sequence[ModelPart]) -> tuple[str, ...]:
    """What makes numbers of these runs hard to compare: seeds that come twice, other images, other losses."""
    found = []
    for model in models:
        seeds = [run.record.seed for run in model.runs]
        twice = sorted({seed for seed in seeds if seeds.count(seed) > 1})
        if twice:
            found.append(
                f"{model.label} has seed {', '.join(map(str, twice[:5]))} more than once: such runs are not "
                "independent, and the deviation is too small."
            )
    if len(models) < 2:
        return tuple(found)
    firsts = [model.runs[0].record for model in models]
    sizes = sorted({_values(model) for model in models})
    if len(sizes) > 1:
        found.append(f"The latents differ in size: from {sizes[0]:,} to {sizes[-1]:,} values.")
    if len({record.data["digest"] for record in firsts}) > 1:
        found.append("The models were trained on different images: their numbers cannot be compared.")
    if len({str(record.recipe.get("loss")) for record in firsts}) > 1:
        found.append("The models were trained on different losses: compare PSNR, MSE and SSIM, not the loss.")
    if len({str(record.recipe.get("epochs")) for record in firsts}) > 1:
        found.append("The models were trained for different numbers of epochs.")
    return tuple(found)


def _values(model: ModelPart) -> int:
    values = 1
    for side in model.graph.latent_shape:
        values *= side
    return values


def with_comparison(content: ReportContent, paths: Sequence[Path]) -> ReportContent:
    """The page with the verdict of a comparison, where its folder or folders of it were named."""
    return content
