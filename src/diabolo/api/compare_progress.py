"""How far the trainings of a comparison are, read from their folders, and when they will be done."""

import time
from collections.abc import Sequence
from dataclasses import dataclass

from diabolo.api.compare_plan import PlannedRun


@dataclass(frozen=True, kw_only=True)
class RunningRun:
    """A training at work."""

    name: str
    """`method-2 seed 1`."""
    epoch: int
    """Epochs done."""
    epochs: int
    """In all."""


@dataclass(frozen=True, kw_only=True)
class ComparisonProgress:
    """How far a comparison is."""

    num_runs: int
    """In all."""
    num_done: int
    """Finished before or now, or failed."""
    share_done: float
    """Of all work, 0 to 1."""
    seconds_left: float | None
    """Estimate; None before the first epoch is done."""
    running: tuple[RunningRun, ...]
    """Trainings at work."""
    message: str = ""
    """What just happened, in a line; empty for a mere tick."""


class Estimator:
    """Work done and left; work is multiply-accumulates, since models differ in cost.

    Args:
        runs: all of the comparison.
    """

    def __init__(self, runs: Sequence[PlannedRun]) -> None:
        self.runs = runs
        self.closed: set[str] = set()
        self.started = time.monotonic()
        self.work_before = self._work()

    def close(self, run: PlannedRun) -> None:
        """A run that needs no more work, whatever became of it."""
        self.closed.add(str(run.folder.path))

    def forgive(self) -> None:
        """Counts all that is done until now as done before; call it when reused runs are closed."""
        self.work_before = self._work()

    def progress(self, running: Sequence[PlannedRun], message: str = "") -> ComparisonProgress:
        """How far it is now."""
        total = sum(run.cost * run.epochs for run in self.runs)
        done = self._work()
        fresh = done - self.work_before
        elapsed = time.monotonic() - self.started
        return ComparisonProgress(
            num_runs=len(self.runs),
            num_done=len(self.closed),
            share_done=done / total if total else 1.0,
            seconds_left=elapsed * (total - done) / fresh if fresh > 0 else None,
            running=tuple(
                RunningRun(name=f"{run.model} seed {run.seed}", epoch=epochs_done(run), epochs=run.epochs)
                for run in running
            ),
            message=message,
        )

    def _work(self) -> float:
        return sum(
            run.cost * (run.epochs if str(run.folder.path) in self.closed else epochs_done(run)) for run in self.runs
        )


def epochs_done(run: PlannedRun) -> int:
    """Rows of the run's history; 0 where there is none, or none that can be read."""
    try:
        return max(0, run.folder.history_file.read_bytes().count(b"\n") - 1)
    except OSError:
        return 0


def duration(seconds: float) -> str:
    """`1 h 20 min`, `3 min`, `40 s`."""
    if seconds < 90:
        return f"{seconds:.0f} s"
    minutes = round(seconds / 60)
    return f"{minutes} min" if minutes < 90 else f"{minutes // 60} h {minutes % 60:02d} min"
