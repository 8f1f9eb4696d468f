"""Runs of the same line, recipe, images and engine together: the models of a comparison."""

import statistics
from collections.abc import Callable, Iterable, Sequence
from typing import Any, TypeVar

from diabolo.compare.comparison import ComparedModel, ComparedRun, LeftOut, Spread
from diabolo.compare.folders import FinishedRun
from diabolo.compare.metrics import METRICS
from diabolo.compare.names import labels_of
from diabolo.errors import DiaboloError
from diabolo.graph import build_graph, measure
from diabolo.runs import RunRecord

T = TypeVar("T")
Group = list[FinishedRun]


def group_runs(runs: Sequence[FinishedRun]) -> tuple[list[Group], list[LeftOut]]:
    """Models with their runs by seed, and runs that cannot be used, as of `by_training`."""
    groups, twice = by_training(runs, record_of=lambda run: run.record, folder_of=lambda run: run.run.folder)
    return groups, [LeftOut(folder=folder, reason=reason) for folder, reason in twice]


def by_training(
    runs: Iterable[T], *, record_of: Callable[[T], RunRecord], folder_of: Callable[[T], str]
) -> tuple[list[list[T]], list[tuple[str, str]]]:
    """Runs of the same line, recipe, images and engine together, by seed, in the order of their first run.

    A seed that comes twice is the same training twice: the first is taken.

    Args:
        runs: in any form.
        record_of: what a run was trained as.
        folder_of: where it lies.

    Returns:
        The groups; and of those that are left out, the folder and why.
    """
    groups: dict[Any, dict[int, T]] = {}
    left_out: list[tuple[str, str]] = []
    for run in runs:
        record = record_of(run)
        recipe = tuple(sorted((name, str(value)) for name, value in record.recipe.items()))
        key = (record.line, record.input_shape, recipe, record.data["digest"], record.engine)
        seeds = groups.setdefault(key, {})
        if record.seed in seeds:
            first = folder_of(seeds[record.seed])
            reason = f"it is the same training as `{first}` (line, recipe, images, seed {record.seed}), counted once"
            left_out.append((folder_of(run), reason))
            continue
        seeds[record.seed] = run
    return [[seeds[seed] for seed in sorted(seeds)] for seeds in groups.values()], left_out


def drop_unreadable_lines(runs: Sequence[FinishedRun]) -> tuple[list[FinishedRun], list[LeftOut]]:
    """Runs whose line fits their images, and those whose `run.toml` says an impossible one."""
    problems: dict[Any, str] = {}
    good: list[FinishedRun] = []
    left_out: list[LeftOut] = []
    for run in runs:
        key = (run.record.line, run.record.input_shape)
        if key not in problems:
            try:
                build_graph(*key)
                problems[key] = ""
            except DiaboloError as error:
                problems[key] = f"the line in its `run.toml` cannot be built: {str(error).splitlines()[0]}"
        if problems[key]:
            left_out.append(LeftOut(folder=run.run.folder, reason=problems[key]))
        else:
            good.append(run)
    return good, left_out


def describe_models(groups: Sequence[Group]) -> tuple[ComparedModel, ...]:
    """The models with their costs and results; lines must be good."""
    labels = labels_of([group[0].record for group in groups])
    return tuple(_model(label, group) for label, group in zip(labels, groups, strict=True))


def _model(label: str, group: Group) -> ComparedModel:
    record = group[0].record
    runs = tuple(run.run for run in group)
    graph = build_graph(record.line, record.input_shape)
    costs = measure(graph)
    return ComparedModel(
        label=label,
        line=record.line,
        recipe=dict(record.recipe),
        data=dict(record.data),
        engine=record.engine,
        num_parameters=costs.num_parameters,
        latent_shape=graph.latent_shape,
        num_latent_values=costs.num_latent_values,
        macs=costs.macs,
        seconds=statistics.median(run.seconds for run in runs),
        images_per_second=statistics.median(run.images_per_second for run in runs),
        results={name: spread_of(runs, name) for name in METRICS},
        runs=runs,
    )


def spread_of(runs: Sequence[ComparedRun], name: str) -> Spread:
    """A metric over runs, at least one."""
    values = [run.test[name] for run in runs]
    return Spread(
        mean=statistics.fmean(values),
        deviation=statistics.stdev(values) if len(values) > 1 else None,
        best=max(values) if METRICS[name].higher_is_better else min(values),
        n=len(values),
    )
