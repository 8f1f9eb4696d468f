"""What a comparison will train: one run for each model and seed, each checked before the first of them starts."""

import sys
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from diabolo.api.job import Job, new_job
from diabolo.compare import folder_name
from diabolo.data import Dataset, load_data
from diabolo.data.dataset import Report
from diabolo.errors import DiaboloError, RunError
from diabolo.graph import build_graph, measure
from diabolo.runs import RunFolder, RunRecord
from diabolo.train import Recipe

MOST_SEEDS = 1000
_SAME = ("line", "input_shape", "engine", "device")  # of two runs that are the same training but for seeds


@dataclass(frozen=True, kw_only=True)
class PlannedRun:
    """One training of a comparison."""

    model: str
    """Name of the model, which is the folder's above."""
    seed: int
    """Of initial weights and batch order."""
    folder: RunFolder
    """Where it goes."""
    epochs: int
    """Of its recipe."""
    cost: float
    """Multiply-accumulates of an epoch; for the estimate of the time left."""
    arguments: tuple[str, ...]
    """Of the command that trains it from its start, after the program."""
    expected: RunRecord
    """What its `run.toml` must say, but for the seed."""

    def command(self) -> list[str]:
        """What trains it now: from the start, or from where it stopped."""
        program = [sys.executable, "-m", "diabolo"]
        if self.folder.exists():
            return [*program, "train", "--resume", str(self.folder.path)]
        return [*program, *self.arguments]


@dataclass(frozen=True, kw_only=True)
class Plan:
    """A comparison that is ready to start."""

    out: Path
    """Its folder."""
    runs: tuple[PlannedRun, ...]
    """Seed by seed, so that all models have the same seeds whenever it is stopped."""
    dataset: Dataset
    """The images, which every training loads for itself."""
    recipe: Recipe
    """Every training choice."""
    notes: tuple[str, ...]
    """Lines that a command must show."""


def plan_comparison(
    models: Sequence[str],
    data: str,
    *,
    seeds: int,
    recipe: str | None,
    settings: Mapping[str, Any],
    out: Path | None,
    device: str,
    engine: str | None,
    threads: int,
    data_options: Mapping[str, Any],
    report: Report | None = None,
) -> Plan:
    """Checks every model, and what its folders hold already; writes nothing.

    Args:
        models: zoo names, lines, run folders or `file.py:name`.
        data: a catalogue name, a folder, or a file.
        seeds: how many, from 0.
        recipe: name of the recipe; None: each zoo model's own, `fast` for all else.
        settings: changes to it.
        out: the folder; None makes a name of the models.
        device: `auto`, `cpu`, `cuda`.
        engine: as of `fit`.
        threads: of each training.
        data_options: `size`, `fit`, `channels`.
        report: reader of progress while images are fetched.

    Raises:
        DiaboloError: a model is named twice, does not fit the images or the recipe, or the number of seeds is no good.
        RunError: a folder holds a run of something else.
    """
    if not 1 <= seeds <= MOST_SEEDS:
        raise DiaboloError(f"`seeds` (={seeds}) must be 1 to {MOST_SEEDS:,}")
    if not isinstance(data, str):
        raise DiaboloError(
            "a comparison trains in processes of their own, which load the images by name: "
            "save them first (`numpy.save`), and pass the file's name as `data`"
        )
    dataset = load_data(data, report=report, **data_options)
    nowhere = Path("runs") / ".planned"  # a new job wants a folder without a run, and writes nothing
    jobs = [
        new_job(
            model,
            dataset,
            recipe=recipe,
            settings=settings,
            out=nowhere,
            device=device,
            engine=engine,
            data_options={},
        )
        for model in models
    ]
    names = _names(models, jobs)
    out = (
        Path(out).expanduser()
        if out is not None
        else Path("runs") / _default_name(names, recipe or jobs[0].recipe.name)
    )
    options = _options(data, recipe, settings, device, engine, threads, data_options)
    runs = [
        PlannedRun(
            model=name,
            seed=seed,
            folder=RunFolder(path=out / name / f"seed{seed}"),
            epochs=job.recipe.epochs,
            cost=float(measure(build_graph(job.record.line, job.record.input_shape)).macs * len(dataset.train)),
            arguments=("train", model, *options, "--seed", str(seed), "--out", str(out / name / f"seed{seed}")),
            expected=job.record,
        )
        for seed in range(seeds)
        for model, name, job in zip(models, names, jobs, strict=True)
    ]
    for run in runs:
        _check_same(run)
    return Plan(
        out=out,
        runs=tuple(runs),
        dataset=dataset,
        recipe=jobs[0].recipe,
        notes=tuple(dict.fromkeys([*dataset.notes, *(note for job in jobs for note in job.notes)])),
    )


def _names(models: Sequence[str], jobs: Sequence[Job]) -> list[str]:
    lines: dict[str, str] = {}
    for model, job in zip(models, jobs, strict=True):
        if job.record.line in lines:
            other = lines[job.record.line]
            raise DiaboloError(
                f"`{model}` and `{other}` are the same line, and would be the same runs; leave out one of them"
                if model != other
                else f"`{model}` is named twice; leave it out once"
            )
        lines[job.record.line] = model
    short = [job.record.name for job in jobs]
    return [folder_name(job.record.name, job.record.line, is_taken=short.count(job.record.name) > 1) for job in jobs]


def _default_name(names: Sequence[str], recipe: str) -> str:
    """The same for the same models, so that a comparison that was stopped is found again."""
    joined = "-vs-".join(names)
    if len(names) > 3 or len(joined) > 80:
        joined = folder_name(f"{len(names)}-models", joined, is_taken=True)
    return f"{joined}-{recipe}"


def _options(
    data: str,
    recipe: str | None,
    settings: Mapping[str, Any],
    device: str,
    engine: str | None,
    threads: int,
    data_options: Mapping[str, Any],
) -> list[str]:
    options = ["--data", data, *(() if recipe is None else ("--recipe", recipe))]
    options += ["--device", device, "--threads", str(threads)]
    options += [word for name, value in settings.items() for word in ("--set", f"{name}={value}")]
    if engine is not None:
        options += ["--engine", engine]
    for name, value in data_options.items():
        options += [f"--{name}", "x".join(map(str, value)) if isinstance(value, tuple) else str(value)]
    return options


def _check_same(run: PlannedRun) -> None:
    """Refuses a folder with a run of something else; one that cannot be read is left for the comparison to name."""
    if not run.folder.exists():
        return
    try:
        record = run.folder.record()
    except RunError:
        return
    wanted = run.expected
    there = {**{name: getattr(record, name) for name in _SAME}, **_recipe_choices(record), "seed": record.seed}
    now = {**{name: getattr(wanted, name) for name in _SAME}, **_recipe_choices(wanted), "seed": run.seed}
    differing = [
        f"{name} (was {there.get(name)}, now {now.get(name)})"
        for name in dict.fromkeys([*there, *now])
        if there.get(name) != now.get(name)
    ]
    if record.data["digest"] != wanted.data["digest"]:
        differing.append("its images")
    if differing:
        raise RunError(
            f"`{run.folder.path}` holds a run that differs in {', '.join(differing)}; "
            "choose another `--out`, or delete that folder"
        )


def _recipe_choices(record: RunRecord) -> dict[str, Any]:
    return {"recipe" if name == "name" else f"`{name}`": value for name, value in record.recipe.items()}
