"""The report of runs: read from their folders, drawn, and written as one HTML file."""

import dataclasses
import shlex
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from diabolo.api.report_parts import (
    cautions,
    readings_of,
    readings_of_two,
    reference_parts,
    references_of_models,
    with_comparison,
)
from diabolo.compare.folders import find_runs
from diabolo.errors import DiaboloError, OutputError, RunError
from diabolo.files import write_text
from diabolo.report import ModelPart, ReportContent, render_report
from diabolo.report.gather import group_runs, read_findings, read_runs
from diabolo.report.verdict import plain_verdict
from diabolo.runs import RunFolder, without_home

if TYPE_CHECKING:
    from diabolo.api.job import Job
    from diabolo.api.report_pictures import ImagesOfRuns
    from diabolo.data.dataset import Report
    from diabolo.use import Run

REPORT_FILE = "report.html"
"""Name of a report in the folder that it is about."""
_MOST_NAMED = 20  # folders in the command that is shown
MOST_PICTURED = 3
"""Most models of which a page has pictures: the best by PSNR, each by its first seed."""


def write_report(
    runs: Sequence[str | Path],
    target: str | Path,
    *,
    pictures: bool = True,
    references: bool | None = None,
    title: str | None = None,
    report: "Report | None" = None,
) -> Path:
    """Writes the report of one or several runs, or of a comparison, and returns its path.

    Args:
        runs: run folders, folders that hold some, or the folder of a comparison.
        target: the HTML file.
        pictures: reconstruct validation images; where weights or images cannot be had, the page says so. False needs
            no torch.
        references: show what needs no training. Measuring it takes minutes the first time for a data set, and needs its
            images; None does so where there are pictures, too.
        title: of the page; made of the runs' names where it is None.
        report: reader of progress.

    Raises:
        RunError: none of the runs can be read.
        OutputError: the file cannot be written, or has another suffix.
    """
    target = Path(target)
    content = report_content(runs, pictures=pictures, references=references, title=title, target=target, report=report)
    return write_content(content, target)


def write_run_report(run: "Run", job: "Job | None" = None) -> Path:
    """Writes `report.html` into a run's folder and returns its path.

    Args:
        run: the run.
        job: of the training that made it, for its images, which are then not loaded again. References are shown then
            where they are known: to measure them may take longer than a short training. `diabolo report` does.

    Raises:
        OutputError: the folder cannot be written.
    """
    from diabolo.api.report_pictures import ImagesOfRuns

    images = None if job is None else ImagesOfRuns.of_job(job)
    target = run.folder.path / REPORT_FILE
    content = report_content([run.folder.path], images=images, measure=job is None, target=target)
    return write_content(content, target)


def write_comparison_report(folder: str | Path, *, pictures: bool = True) -> Path:
    """Writes `report.html` into the folder of a comparison and returns its path; errors as of `write_report`."""
    return write_report([folder], Path(folder) / REPORT_FILE, pictures=pictures)


def write_content(content: ReportContent, target: Path) -> Path:
    """Writes a page that is known; errors as of `write_report`."""
    _check_suffix(target)
    write_text(target, render_report(content))
    return target


def _check_suffix(target: Path) -> None:
    if target.suffix.lower() not in (".html", ".htm"):
        raise OutputError(f"cannot write `{target}`: a report is an HTML file; choose a name that ends in `.html`")


def report_content(
    runs: Sequence[str | Path],
    *,
    pictures: bool = True,
    references: bool | None = None,
    title: str | None = None,
    target: Path | None = None,
    images: "ImagesOfRuns | None" = None,
    measure: bool = True,
    report: "Report | None" = None,
) -> ReportContent:
    """What stands on the page; other arguments and errors as of `write_report`.

    Args:
        target: the file that it will be written to, for the command that makes it again.
        images: where the images of the runs come from; None loads them.
        measure: False shows references only where they are known.
    """
    from diabolo import __version__

    if target is not None:
        _check_suffix(target)  # before the work, not after it
    if not runs:
        raise RunError("there is no run to report on: name a run folder")
    paths = [Path(run).expanduser() for run in runs]
    parts, left_out = read_runs([found for path in paths for found in find_runs(path)])
    models, same = group_runs(parts)
    wanted = pictures and any(_has_weights(run.folder) for run in models[0].runs) if references is None else references
    known = references_of_models(models, report, measure=measure) if wanted else ()
    models = _detailed(models, known, pictures=pictures, images=images)
    bars = reference_parts(known)
    content = ReportContent(
        title=title or _title(models),
        verdict=plain_verdict(models, bars),
        models=models,
        warnings=cautions(models),
        left_out=(*left_out, *same),
        references=bars,
        readings=readings_of_two(models),
        command=_command(paths, target, pictures=pictures, references=references),
        created=datetime.now().astimezone().strftime("%Y-%m-%d %H:%M %z"),
        version=__version__,
    )
    return with_comparison(content, paths)


def _has_weights(folder: str) -> bool:
    return RunFolder(path=Path(folder).expanduser()).model_file.exists()


def _command(paths: Sequence[Path], target: Path | None, *, pictures: bool, references: bool | None) -> str:
    """What makes the page again; of very many folders the first few."""
    named = [without_home(str(path)) for path in paths[:_MOST_NAMED]]
    options = [] if target is None else ["-o", without_home(str(target))]
    options += [] if pictures else ["--no-pictures"]
    options += [] if references is None else ["--references" if references else "--no-references"]
    more = f" … ({len(paths) - _MOST_NAMED:,} more folders)" if len(paths) > _MOST_NAMED else ""
    return f"{shlex.join(['diabolo', 'report', *named])}{more} {shlex.join(options)}".strip()


def _title(models: Sequence[ModelPart]) -> str:
    labels = [model.label for model in models]
    data = dict.fromkeys(str(model.runs[0].record.data["name"]) for model in models)
    on = f" on {next(iter(data))}" if len(data) == 1 else ""
    named = " and ".join(labels) if len(labels) < 3 else f"{len(labels)} models"
    return f"{named}{on}"


def _detailed(
    models: tuple[ModelPart, ...],
    references: tuple[Any, ...],
    *,
    pictures: bool,
    images: "ImagesOfRuns | None",
) -> tuple[ModelPart, ...]:
    """Findings and readings of the models that the page shows in full, and pictures of a few of them."""
    from diabolo.report.sections import quality, shown_models

    shown = shown_models(models)
    pictured = sorted(shown, key=lambda model: -quality(model))[:MOST_PICTURED] if pictures else []
    found = {}
    for model in shown:
        part = dataclasses.replace(
            model,
            findings=read_findings(model.runs[0].folder),
            readings=readings_of(model, references),
        )
        if any(model is one for one in pictured):
            if images is None and any(_has_weights(run.folder) for run in model.runs):
                from diabolo.api.report_pictures import ImagesOfRuns  # late: this loads torch

                images = ImagesOfRuns()
            part = _pictured(part, images, len(pictured))
        found[id(model)] = part
    return tuple(found.get(id(model), model) for model in models)


def _pictured(model: ModelPart, images: "ImagesOfRuns | None", num_models: int) -> ModelPart:
    """The model with pictures of the first of its runs that has weights, or with the reason why there are none."""
    with_weights = [run for run in model.runs if _has_weights(run.folder)]
    if not with_weights or images is None:
        return dataclasses.replace(model, pictures_missing="there are no weights in its folder.")
    from diabolo.api.report_pictures import look_at

    run = with_weights[0]
    try:
        looked = look_at(
            run.folder, images.of(RunFolder(path=Path(run.folder).expanduser()), run.record), num_models=num_models
        )
    except DiaboloError as error:
        return dataclasses.replace(model, pictures_missing=str(error))
    return dataclasses.replace(model, pictures=looked.pictures, latent=looked.latent)
