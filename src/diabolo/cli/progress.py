"""What a person sees while a model trains: a live display in a terminal, one line an epoch in a log."""

import sys
import time
from types import TracebackType
from typing import Self

from diabolo.errors import counted
from diabolo.runs import epoch_line
from diabolo.train import EpochDone, Event, Started, StepDone

SECONDS_BETWEEN_LINES = 15.0
"""In a log: a line within an epoch at most this often."""


class TrainingDisplay:
    """A reader of training events; use it as a context, so that the display is closed whatever happens."""

    def __init__(self, name: str, *, to_stderr: bool = False) -> None:
        self.name = name
        self.stream = sys.stderr if to_stderr else sys.stdout
        self.started: Started | None = None
        self.last_line = 0.0
        self.bar = _Bar(self.stream) if self.stream.isatty() else None

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        if self.bar is not None:
            self.bar.close()

    def __call__(self, event: Event) -> None:
        """Reads one event."""
        match event:
            case Started():
                self.started = event
                self.last_line = time.monotonic()
                self._say(
                    f"{self.name}: {event.num_train:,} train and {event.num_validation:,} validation images, "
                    f"{counted(event.steps_per_epoch, 'step')} an epoch, {counted(event.num_epochs, 'epoch')}"
                )
                if event.is_resumed and event.first_epoch <= event.num_epochs:
                    self._say(f"Going on in epoch {event.first_epoch} after {event.first_step} of its steps")
            case StepDone():
                self._step(event)
            case EpochDone():
                assert self.started is not None
                self._say(epoch_line(event.row, self.started.num_epochs))
                self.last_line = time.monotonic()

    def _step(self, event: StepDone) -> None:
        assert self.started is not None
        total = self.started.steps_per_epoch
        if self.bar is not None:
            self.bar.show(f"Epoch {event.epoch}/{self.started.num_epochs}", event, total)
        elif time.monotonic() - self.last_line > SECONDS_BETWEEN_LINES:
            self.last_line = time.monotonic()
            self._say(
                f"  epoch {event.epoch}/{self.started.num_epochs}, step {event.step}/{total}"
                f" - {event.images_per_second:,.0f} img/s - loss: {event.loss:.4f}"
            )

    def _say(self, text: str) -> None:
        if self.bar is not None:
            self.bar.say(text)
        else:
            print(text, file=self.stream, flush=True)


class _Bar:
    """The live display."""

    def __init__(self, stream: object) -> None:
        from rich.console import Console
        from rich.progress import BarColumn, MofNCompleteColumn, TextColumn, TimeRemainingColumn
        from rich.progress import Progress as RichProgress

        console = Console(file=stream, highlight=False)  # type: ignore[arg-type]
        self.progress = RichProgress(
            TextColumn("{task.description}"),
            BarColumn(),
            MofNCompleteColumn(),
            TextColumn("{task.fields[speed]}  loss {task.fields[loss]}"),
            TimeRemainingColumn(),
            console=console,
            transient=True,
        )
        self.task = self.progress.add_task("", total=None, speed="", loss="")
        self.epoch = 0

    def show(self, description: str, event: StepDone, total: int) -> None:
        if event.epoch != self.epoch:
            self.epoch = event.epoch
            self.progress.reset(self.task, total=total)
            self.progress.start()
        self.progress.update(
            self.task,
            description=description,
            completed=event.step,
            speed=f"{event.images_per_second:,.0f} img/s",
            loss=f"{event.loss:.4f}",
        )

    def say(self, text: str) -> None:
        self.progress.console.print(text, markup=False, soft_wrap=True)

    def close(self) -> None:
        self.progress.stop()
