"""Means and deviations over seeds, of test results and of curves."""

import math
import statistics
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from diabolo.report.content import ModelPart, RunPart
from diabolo.runs import EpochRow


@dataclass(frozen=True, kw_only=True)
class Spread:
    """A number over runs."""

    mean: float
    """Over the runs that have it."""
    deviation: float | None
    """Of the sample (n - 1); None for one run."""
    num_runs: int
    """Runs that have it."""


@dataclass(frozen=True, kw_only=True)
class Band:
    """A curve over runs: at each epoch that any run has; NaN where none has a finite value."""

    epochs: tuple[int, ...]
    """Rising."""
    mean: tuple[float, ...]
    """Over the runs with a finite value at that epoch."""
    low: tuple[float, ...]
    """The lowest of them."""
    high: tuple[float, ...]
    """The highest of them."""


def spread(values: Iterable[float]) -> Spread | None:
    """Mean and deviation of the finite values; None where there is none."""
    finite = [value for value in values if math.isfinite(value)]
    if not finite:
        return None
    deviation = statistics.stdev(finite) if len(finite) > 1 else None
    return Spread(mean=statistics.fmean(finite), deviation=deviation, num_runs=len(finite))


def result_spread(model: ModelPart, metric: str) -> Spread | None:
    """A test result over the runs that have one."""
    return spread(run.record.test[metric] for run in model.runs if metric in run.record.test)


def band(runs: Sequence[RunPart], value: Callable[[EpochRow], float]) -> Band:
    """One column of the histories of several runs, epoch by epoch."""
    found: dict[int, list[float]] = {}
    for run in runs:
        for row in run.rows:
            values = found.setdefault(row.epoch, [])
            number = value(row)
            if math.isfinite(number):
                values.append(number)
    epochs = sorted(found)
    columns = [found[epoch] for epoch in epochs]
    return Band(
        epochs=tuple(epochs),
        mean=tuple(math.fsum(column) / len(column) if column else math.nan for column in columns),
        low=tuple(min(column, default=math.nan) for column in columns),
        high=tuple(max(column, default=math.nan) for column in columns),
    )
