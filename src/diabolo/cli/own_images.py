"""What the commands for a user's own images share: their options, the run, lines as results come, what was left out."""

import math
import sys
from collections.abc import Iterable
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from diabolo.cli.echo import echo

if TYPE_CHECKING:
    from diabolo.data import Skipped
    from diabolo.use import Run as LoadedRun

_SHOWN = 20  # lines of results that a person reads

Files = Annotated[list[Path], typer.Argument(metavar="FILE", help="Images, or folders of images.", show_default=False)]
Memory = Annotated[
    float | None,
    typer.Option(
        "--memory",
        metavar="MIB",
        help="Memory for activations, 1024 if not said; larger images are cut into tiles.",
        show_default=False,
    ),
]
Workers = Annotated[
    int | None,
    typer.Option("--workers", metavar="N", help="Threads that decode images.", show_default=False),
]
Sheet = Annotated[
    Path | None,
    typer.Option("--sheet", metavar="PNG", help="Also draw the first images side by side.", show_default=False),
]
Fit = Annotated[
    str | None,
    typer.Option(
        "--fit", metavar="HOW", help="Bring images to the model's size: crop, pad or stretch.", show_default=False
    ),
]


def open_run(run: str, engine: str | None, device: str) -> "LoadedRun":
    """The run that a command was given, ready to work; what its user must know of the engine goes to stderr."""
    from diabolo.api.engine import pick_engine
    from diabolo.model.device import choose_device
    from diabolo.use.open import open_model

    where = choose_device(device)
    picked, notes = pick_engine(engine, where, trains=False)
    loaded = open_model(run, engine=picked, device=str(where))
    for note in notes:
        say_note(note)
    return loaded


def say_note(note: str) -> None:
    """One line for the user, beside the results."""
    echo(f"note: {note}", err=True)


class Lines:
    """Results as lines: each when it comes in a log; at a terminal, where a bar runs, the first twenty at the end."""

    def __init__(self, *, is_silent: bool) -> None:
        self.is_silent = is_silent
        self.waits = sys.stdout.isatty()
        self.kept: list[str] = []
        self.count = 0

    def say(self, line: str) -> None:
        """Takes one line."""
        self.count += 1
        if self.is_silent:
            return
        if not self.waits:
            echo(line)
        elif len(self.kept) < _SHOWN:
            self.kept.append(line)

    def close(self) -> None:
        """Prints what waited for the end."""
        for line in self.kept:
            echo(line)
        if self.kept and self.count > len(self.kept):
            echo(f"… and {self.count - len(self.kept):,} more")


def print_skipped(skipped: "Iterable[Skipped]") -> None:
    """Says on stderr what was left out and why."""
    from diabolo.printable import printable

    listed = list(skipped)
    if listed:
        echo(f"{len(listed):,} {'file' if len(listed) == 1 else 'files'} left out:", err=True)
        for one in listed:
            echo(f"  {printable(one.path)}: {one.reason}", err=True)


def skipped_json(skipped: "Iterable[Skipped]") -> list[dict[str, str]]:
    """The files left out, for machines."""
    return [{"path": str(one.path), "reason": one.reason} for one in skipped]


def decibels(psnr: float) -> str:
    """A PSNR in a line of text."""
    return f"{psnr:.2f} dB" if math.isfinite(psnr) else "exact" if psnr > 0 else "not finite"


def finite(number: float | None) -> float | None:
    """A number that JSON knows: infinite and missing ones are null."""
    return number if number is not None and math.isfinite(number) else None


def mean(numbers: Iterable[float]) -> float:
    """The mean of the finite ones; NaN where there is none."""
    known = [number for number in numbers if math.isfinite(number)]
    return sum(known) / len(known) if known else math.nan


def count_images(number: int) -> str:
    """`1 image`, `2 images`."""
    return f"{number:,} {'image' if number == 1 else 'images'}"
