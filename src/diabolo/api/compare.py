"""`compare_models` and `compare_folders`: which model is better, trained over several seeds or read from runs."""

import contextlib
import dataclasses
import os
from collections.abc import Callable, Mapping, Sequence
from datetime import datetime
from pathlib import Path
from typing import TYPE_CHECKING, Any

from diabolo.compare import (
    ComparedModel,
    ComparedReference,
    Comparison,
    compare_runs,
    deciding_metric,
    find_runs,
    write_comparison,
)
from diabolo.errors import DiaboloError, RunError
from diabolo.runs import RunFolder, command_line

if TYPE_CHECKING:
    from diabolo.api.compare_plan import Plan
    from diabolo.api.compare_progress import ComparisonProgress

DEFAULT_SEEDS = 5
_MOST_SHAPES = 3  # different latents of which references are shown


@dataclasses.dataclass(frozen=True, kw_only=True)
class ComparisonOutcome:
    """How a comparison ended."""

    comparison: Comparison | None
    """None where it was stopped before all trainings were done."""
    out: Path
    """Its folder."""


def compare_models(
    models: Sequence[str],
    data: str = "cifar10",
    *,
    seeds: int = DEFAULT_SEEDS,
    recipe: str | None = None,
    out: str | Path | None = None,
    metric: str = "psnr",
    parallel: int | None = None,
    threads: int = 1,
    device: str = "auto",
    engine: str | None = None,
    data_options: Mapping[str, Any] | None = None,
    references: bool = True,
    watch: "Callable[[ComparisonProgress], None]" = lambda progress: None,
    **settings: Any,
) -> Comparison:
    """Trains models over seeds, or reuses what is trained already, and says which is better.

    The design is paired: the same seed gives two models the same order of images, and the same initial weights in
    every layer that has the same name and shape in both.

    Args:
        models: zoo names, lines, run folders, or `file.py:name`.
        data: a catalogue name, a folder of images, an `.npy` or `.npz` file.
        seeds: how many, from 0.
        recipe: `fast` or `keras`; None: each zoo model's own with its settings, `fast` for all else.
        out: folder for `<model>/seed<k>` and `comparison.json`; by default `runs/<models>-<recipe>`.
        metric: that decides: `psnr`, `mse`, `ssim` or `loss`, on the test images at the end of training.
        parallel: trainings at once; by default as many as there are cores for them, one on a GPU.
        threads: of each training.
        device: `auto`, `cpu`, `cuda`.
        engine: as of `fit`.
        data_options: `size`, `fit`, `channels`, as of `load_data`.
        references: work out what PCA, JPEG and others reach on the test images.
        watch: called with the progress, about once a second.
        settings: changes to the recipe, as `epochs=3`.

    Raises:
        DiaboloError: anything does not fit; nothing was trained then.
        RunError: another process writes this comparison, or none of the trainings came to its end.
    """
    from diabolo.api.compare_plan import plan_comparison

    deciding_metric(metric)
    plan = plan_comparison(
        models,
        data,
        seeds=seeds,
        recipe=recipe,
        settings=settings,
        out=None if out is None else Path(out),
        device=device,
        engine=engine,
        threads=threads,
        data_options=data_options or {},
    )
    found = carry_out_comparison(
        plan, metric=metric, parallel=parallel, threads=threads, references=references, watch=watch
    )
    assert found.comparison is not None
    return found.comparison


def carry_out_comparison(
    plan: "Plan",
    *,
    metric: str = "psnr",
    parallel: int | None = None,
    threads: int = 1,
    references: bool = True,
    watch: "Callable[[ComparisonProgress], None]" = lambda progress: None,
    should_stop: Callable[[], bool] = lambda: False,
) -> ComparisonOutcome:
    """Trains what is missing, compares, writes `comparison.json`; other arguments and errors as of `compare_models`.

    Args:
        plan: from `plan_comparison`.
        should_stop: True asks the trainings to save their state and end.
    """
    from diabolo.api.compare_train import train_runs

    at_once = parallel or default_parallel(threads, plan.runs[0].expected.device)
    with RunFolder(path=plan.out).writing():
        trained = train_runs(plan, parallel=at_once, threads=threads, watch=watch, should_stop=should_stop)
        if trained.is_stopped:
            return ComparisonOutcome(comparison=None, out=plan.out)
        folders = [run.folder.path for run in sorted(plan.runs, key=lambda run: run.seed)]
        comparison = compare_runs(folders, metric=metric, reasons=trained.reasons)
        comparison = dataclasses.replace(comparison, made={**_made(), "parallel": at_once, "threads": threads})
        write_comparison(comparison, plan.out)
        if references:
            from diabolo.api.compare_progress import all_done
            from diabolo.api.references import references_of

            watch(all_done(len(plan.runs), "working out what PCA, JPEG and others reach; the first time takes minutes"))
            found = references_of_models(
                comparison.models,
                lambda model: references_of(plan.dataset, model.latent_shape, recipe=plan.recipe),
            )
            comparison = dataclasses.replace(comparison, references=found)
            write_comparison(comparison, plan.out)
    return ComparisonOutcome(comparison=comparison, out=plan.out)


def compare_folders(
    folders: Sequence[str | Path], *, metric: str = "psnr", out: str | Path | None = None, references: bool = False
) -> Comparison:
    """Compares runs that are there already; needs no torch but for references.

    Args:
        folders: run folders, or folders that hold some.
        metric: that decides.
        out: folder for `comparison.json`; None writes nothing.
        references: work out what PCA, JPEG and others reach on the test images, where they can be had.

    Raises:
        RunError: none of the runs can be used.
        OutputError: the folder cannot be written.
    """
    found = [run for folder in folders for run in find_runs(Path(folder).expanduser())]
    comparison = dataclasses.replace(compare_runs(found, metric=metric), made=_made())
    if references:
        from diabolo.api.references import references_of_run

        known = references_of_models(
            comparison.models, lambda model: references_of_run(Path(model.runs[0].folder).expanduser())
        )
        comparison = dataclasses.replace(comparison, references=known)
    if out is not None:
        write_comparison(comparison, Path(out).expanduser())
    return comparison


def references_of_models(
    models: Sequence[ComparedModel], measure: Callable[[ComparedModel], Sequence[Any]]
) -> tuple[ComparedReference, ...]:
    """What needs no training on the test images, for the latent sizes of the models, the best first.

    Args:
        models: whose latents say how many values a reference may keep.
        measure: gives the `Reference`s for the latent of a model; where it cannot, that latent is passed over.
    """
    found: dict[str, ComparedReference] = {}
    shapes = {model.latent_shape: model for model in models}
    for model in list(shapes.values())[:_MOST_SHAPES]:
        with contextlib.suppress(DiaboloError):
            for one in measure(model):
                found.setdefault(one.title, _reference(one))
    return tuple(sorted(found.values(), key=lambda one: -(one.psnr or 0.0)))


def _reference(one: Any) -> ComparedReference:
    return ComparedReference(
        title=one.title,
        psnr=one.psnr,
        mse=one.mse,
        ssim=one.ssim,
        bce_excess=one.bce_excess,
        latent_values=one.latent_values,
        bytes_per_image=one.bytes_per_image,
        note=one.note or "",
    )


def write_comparison_page(out: Path) -> Path:
    """Writes `report.html` into the folder of a comparison and returns its path; errors as of `write_report`."""
    from diabolo.api.report import write_comparison_report

    return write_comparison_report(out)


def default_parallel(threads: int, device: str = "cpu") -> int:
    """Trainings at once: one on a GPU, else as many as the cores of this process have room for."""
    if device != "cpu":
        return 1
    cores = len(os.sched_getaffinity(0)) if hasattr(os, "sched_getaffinity") else os.cpu_count() or 1
    return max(1, cores // threads)


def are_runs(words: Sequence[str]) -> bool:
    """Whether all words name folders, which are then compared as they are.

    Raises:
        RunError: some do and others do not.
    """
    folders = [word for word in words if _is_folder(word)]
    if folders and len(folders) < len(words):
        other = next(word for word in words if word not in folders)
        raise RunError(
            f"`{folders[0]}` is a folder and `{other}` is none: name run folders only, to compare them as they are, "
            "or say `--seeds N` to train the model of each"
        )
    return bool(folders)


def _is_folder(word: str) -> bool:
    return os.path.isdir(os.path.expanduser(word))  # noqa: PTH111, PTH112  (a line too long to be a path is no folder)


def _made() -> dict[str, Any]:
    from diabolo import __version__

    return {
        "command": command_line(),
        "created": datetime.now().astimezone().isoformat(timespec="seconds"),
        "version": __version__,
    }
