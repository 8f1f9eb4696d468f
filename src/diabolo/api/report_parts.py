"""What a report takes from the other parts of diabolo: references, readings of curves, the verdict of a comparison.

Each is left out where it cannot be had: a report of old runs on another machine must still be written.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from diabolo.compare import COMPARISON_FILE, compare_runs, read_comparison
from diabolo.errors import DiaboloError
from diabolo.report import ModelPart, ReadingPart, ReferencePart, ReportContent
from diabolo.report.compared import with_verdict

if TYPE_CHECKING:
    from diabolo.data.dataset import Report

_MOST_SIZES = 3  # different latent sizes of which references are shown


def references_of_models(
    models: Sequence[ModelPart], report: "Report | None" = None, *, measure: bool = True
) -> tuple[Any, ...]:
    """`Reference`s on the images of the first model, for its and a few more latent sizes; none where not to be had.

    Args:
        models: at least one.
        report: reader of progress.
        measure: False gives only what was measured before.
    """
    from diabolo.api.references import references_of_run

    found: dict[str, Any] = {}
    seen: set[Any] = set()
    digest = models[0].runs[0].record.data["digest"]
    for model in models:
        size = model.graph.latent_shape
        if model.runs[0].record.data["digest"] != digest or size in seen or len(seen) == _MOST_SIZES:
            continue
        seen.add(size)
        try:
            for reference in references_of_run(Path(model.runs[0].folder).expanduser(), measure=measure, report=report):
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
    from diabolo.explain import explain_history, history_of_run

    try:
        readings = explain_history(history_of_run(Path(run.folder).expanduser()), references=tuple(references))
    except DiaboloError:
        return ()
    return _reading_parts(readings)


def readings_of_two(models: Sequence[ModelPart]) -> tuple[ReadingPart, ...]:
    """What the curves of exactly two models with one run each say together."""
    if len(models) != 2 or any(len(model.runs) != 1 or not model.runs[0].rows for model in models):
        return ()
    from diabolo.explain import explain_pair, history_of_run

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
    """What makes numbers of these runs hard to compare: other images, other losses."""
    if len(models) < 2:
        return ()
    found = []
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
    """The page with a verdict: of the comparison in the one folder that was named, or of these runs now.

    One model has nothing to be compared with; then, and where no run can be compared, the page stays as it is.

    Args:
        content: the page of the runs.
        paths: what the user named.

    Raises:
        RunError: the folder's `comparison.json` is damaged.
    """
    if len(paths) == 1 and (paths[0] / COMPARISON_FILE).is_file():
        return with_verdict(content, read_comparison(paths[0]))
    if len(content.models) < 2:
        return content
    try:
        comparison = compare_runs([run.folder for model in content.models for run in model.runs])
    except DiaboloError:
        return content
    return with_verdict(content, comparison) if len(comparison.models) > 1 else content
