"""The doctor before a training or a summary: what it says of a model that comes from a line, and of its training."""

import json
from collections.abc import Sequence
from typing import TYPE_CHECKING

from diabolo.checks import Finding, Images, LossTerm, Subject, Training, diagnose, read_graph
from diabolo.checks.subject import LossKind
from diabolo.files import write_text
from diabolo.graph import ModelGraph
from diabolo.runs import RunFolder

if TYPE_CHECKING:
    from diabolo.api.job import Job

_LOSSES: dict[str, LossKind] = {"bce": "bce", "mse": "mse", "l1": "mae"}


def examine_graph(graph: ModelGraph) -> tuple[Finding, ...]:
    """What the doctor finds in a model from a line."""
    return diagnose(read_graph(graph))


def examine_job(job: "Job") -> tuple[Finding, ...]:
    """What the doctor finds in a model and in how it is going to be trained."""
    subject = read_graph(job.model.graph)
    return diagnose(
        Subject(source=subject.source, text=subject.text, graphs=subject.graphs, trainings=(_training(job),))
    )


def _training(job: "Job") -> Training:
    recipe, images = job.recipe, job.images
    train = Images(text=job.dataset.name, split="train", low=0.0, high=1.0, num_images=len(images.train_indices))
    validation = Images(
        text=f"the {'test' if recipe.validation == 'test' else 'validation'} images of {job.dataset.name}",
        split="test" if recipe.validation == "test" else "validation",
        low=0.0,
        high=1.0,
        num_images=len(images.validation_indices),
    )
    kind = _LOSSES.get(recipe.loss, "other")
    return Training(
        losses=(LossTerm(kind=kind, text=recipe.loss, reduction="mean", target=train),),
        optimiser=recipe.optimiser,
        learning_rate=recipe.learning_rate,
        inputs=train,
        targets=train,
        validation=validation,
        validation_targets=validation,
        batch_size=recipe.batch_size,
        epochs=recipe.epochs,
        chooses_by_validation=recipe.keep == "best",
    )


def worth_saying(findings: Sequence[Finding]) -> list[str]:
    """Errors and warnings, one line a rule, and how to read more; nothing where there are none."""
    by_code: dict[str, list[Finding]] = {}
    for finding in findings:
        if finding.severity != "note":
            by_code.setdefault(finding.code, []).append(finding)
    lines = []
    for same in by_code.values():
        places = [str(finding.place.start + 1) for finding in same if finding.place is not None]
        where = f" (at character {', '.join(places)} of the line)" if places else ""
        more = f", and {len(same) - 1} more of the kind" if len(same) > 1 else ""
        lines.append(f"{same[0].severity}: {same[0].code} {same[0].message}{more}{where}")
    if lines:
        lines.append(f"`diabolo rule {next(iter(by_code))}` says why, and what to write")
    return lines


def write_findings(folder: RunFolder, findings: Sequence[Finding]) -> None:
    """Writes `findings.json` of a run."""
    content = {"findings": [finding.to_dict() for finding in findings]}
    write_text(folder.findings_file, json.dumps(content, indent=2, ensure_ascii=False) + "\n")
