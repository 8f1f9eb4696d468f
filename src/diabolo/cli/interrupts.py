"""Ctrl-C, SIGTERM and their like in commands that write a result: they clean up, say what is left, and end.

Trainings save everything first instead (`signals`).
"""

import contextlib
import os
import signal
from collections.abc import Callable, Iterator
from contextvars import ContextVar
from pathlib import Path
from types import FrameType
from typing import TYPE_CHECKING, Any

import typer
from typer.core import TyperGroup

from diabolo.cli.echo import echo
from diabolo.cli.signals import handled_signals, leave_terminal
from diabolo.printable import printable

if TYPE_CHECKING:
    from diabolo.data import Progress

Stamp = tuple[int, int]
"""Inode and time of a file: every write of ours makes a new file, so that one of the two is another then."""


class Interrupted(KeyboardInterrupt):
    """A signal that asks to stop, as an exception, so that temporary files are removed on the way out.

    Args:
        number: which.
    """

    def __init__(self, number: int) -> None:
        self.number = number
        super().__init__()


class _Watch:
    """What a command says that it leaves, and the signals' handlers of before."""

    def __init__(self) -> None:
        self.left: list[Callable[[], str]] = []
        self.progress: Progress | None = None
        self.previous: dict[signal.Signals, Any] = {}

    def handle(self) -> None:
        """From now on a signal is an `Interrupted`; the next one ends the process at once."""
        for number in [] if self.previous else handled_signals():
            self.previous[number] = signal.signal(number, self._on_signal)

    def restore(self) -> None:
        for number, previous in self.previous.items():
            signal.signal(number, previous)

    def _on_signal(self, number: int, frame: FrameType | None) -> None:
        for handled in self.previous:
            signal.signal(handled, signal.SIG_DFL)
        if signal.Signals(number).name == "SIGHUP":
            leave_terminal()
        raise Interrupted(number)


_watch: ContextVar[_Watch | None] = ContextVar("watch", default=None)


class Commands(TyperGroup):
    """Commands that end with a line on what is left, and 128 and the signal's number, where they are interrupted."""

    def invoke(self, ctx: Any) -> Any:
        """Runs the command that the arguments name."""
        watch = _Watch()
        token = _watch.set(watch)
        try:
            return super().invoke(ctx)
        except KeyboardInterrupt as stopped:
            with contextlib.suppress(OSError):  # the terminal may be gone
                echo("; ".join(["stopped", *(describe() for describe in watch.left)]).replace(";", ":", 1), err=True)
            raise typer.Exit(128 + getattr(stopped, "number", signal.SIGINT)) from None
        finally:
            watch.restore()
            _watch.reset(token)


def leaves(describe: Callable[[], str]) -> None:
    """Says what this command leaves where it is interrupted: a sentence without its dot, asked for then."""
    watch = _watch.get()
    if watch is not None:  # a command may be called as a function, too
        watch.handle()
        watch.left.append(describe)


def leaves_nothing() -> None:
    """This command only looks."""
    leaves(lambda: "nothing is written")


def leaves_file(target: Path) -> None:
    """This command writes one file, or replaces it, in one go."""
    before = _stamp(target)

    def describe() -> str:
        now = _stamp(target)
        state = "is written, whole" if now != before else "is not written" if now is None else "is as it was"
        return f"`{printable(target)}` {state}"

    leaves(describe)


def leaves_images(folder: Path, stage: str) -> None:
    """This command writes PNG files into a folder, each in one go.

    Args:
        folder: where to.
        stage: as of the progress that tells how many there will be.
    """
    before = dict(_pictures(folder))

    def describe() -> str:
        written = sum(before.get(name) != stamp for name, stamp in _pictures(folder))
        if not written:
            return f"no image is written into `{printable(folder)}`"
        watch = _watch.get()
        progress = None if watch is None else watch.progress
        of = "" if progress is None or progress.stage != stage or not progress.total else f" of {progress.total:,}"
        images = "image is" if written == 1 and not of else "images are"
        return f"{written:,}{of} {images} written into `{printable(folder)}`, all whole"

    leaves(describe)


def note_progress(progress: "Progress") -> None:
    """Remembers how far the command is."""
    watch = _watch.get()
    if watch is not None:
        watch.progress = progress


def _pictures(folder: Path) -> Iterator[tuple[str, Stamp | None]]:
    """The finished PNG files of a folder; temporary ones are hidden."""
    with contextlib.suppress(OSError), os.scandir(folder) as entries:
        for entry in entries:
            if entry.name.endswith(".png") and not entry.name.startswith("."):
                yield entry.name, _stamp(Path(entry.path))


def _stamp(target: Path) -> Stamp | None:
    try:
        found = target.stat()
    except (OSError, ValueError):
        return None
    return found.st_ino, found.st_mtime_ns
