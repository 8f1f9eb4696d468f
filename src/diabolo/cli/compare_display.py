"""What a person sees while a comparison trains: one bar with the time left in a terminal, lines in a log."""

import sys
import time
from types import TracebackType
from typing import TYPE_CHECKING, Any, Self

if TYPE_CHECKING:
    from diabolo.api.compare_progress import ComparisonProgress

SECONDS_BETWEEN_LINES = 60.0
"""In a log: a line about the time left at most this often."""


class ComparisonDisplay:
    """A reader of a comparison's progress; use it as a context, so that the display is closed whatever happens."""

    def __init__(self, *, to_stderr: bool = False) -> None:
        self.stream = sys.stderr if to_stderr else sys.stdout
        self.last_line = time.monotonic()
        self.bar: Any = None
        self.task: Any = None

    def __enter__(self) -> Self:
        if self.stream.isatty():
            from rich.console import Console
            from rich.progress import BarColumn, TaskProgressColumn, TextColumn
            from rich.progress import Progress as Bar

            console = Console(file=self.stream, highlight=False)
            columns = (TextColumn("{task.fields[runs]}"), BarColumn(), TaskProgressColumn())
            more = TextColumn("{task.fields[left]}  {task.fields[running]}")
            self.bar = Bar(*columns, more, console=console, transient=True)
            self.task = self.bar.add_task("", total=1.0, runs="", left="", running="")
            self.bar.start()
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self.bar is not None:
            self.bar.stop()

    def __call__(self, progress: "ComparisonProgress") -> None:
        """Reads one report of progress."""
        if self.bar is not None:
            self.bar.update(
                self.task,
                completed=progress.share_done,
                runs=f"{progress.num_done}/{progress.num_runs} runs",
                left=_left(progress),
                running=_running(progress),
            )
        if progress.message:
            self._say(f"[{progress.num_done}/{progress.num_runs}] {progress.message}")
        elif self.bar is None and time.monotonic() - self.last_line >= SECONDS_BETWEEN_LINES:
            self._say(
                f"[{progress.num_done}/{progress.num_runs}] {progress.share_done:.0%} done, {_left(progress)}: "
                f"{_running(progress)}"
            )

    def _say(self, text: str) -> None:
        self.last_line = time.monotonic()
        if self.bar is not None:
            self.bar.console.print(text, markup=False, soft_wrap=True)
        else:
            print(text, file=self.stream, flush=True)


def _left(progress: "ComparisonProgress") -> str:
    from diabolo.api.compare_progress import duration

    return (
        "time left not known yet" if progress.seconds_left is None else f"about {duration(progress.seconds_left)} left"
    )


def _running(progress: "ComparisonProgress") -> str:
    return ", ".join(f"{run.name} {run.epoch}/{run.epochs}" for run in progress.running)
