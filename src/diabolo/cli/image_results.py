"""What commands print whose results are images: a line each, and at the end a sentence, or JSON for machines."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Protocol, TypeVar

from diabolo.cli import own_images
from diabolo.cli.echo import echo
from diabolo.cli.options import print_json
from diabolo.printable import printable

if TYPE_CHECKING:
    from diabolo.data import Skipped


class ImageResult(Protocol):
    """An image file and what became of it."""

    @property
    def source(self) -> Path:
        """The image."""

    @property
    def target(self) -> Path:
        """The PNG that was written."""


Result = TypeVar("Result", bound=ImageResult)


def result_line(one: ImageResult, values: str = "") -> str:
    """`source -> target`, and what is known of the two."""
    return f"{printable(one.source)} -> {printable(one.target)}" + (f"  {values}" if values else "")


def print_results(
    done: Sequence[Result],
    skipped: "Sequence[Skipped]",
    *,
    lines: own_images.Lines,
    sheet: Path | None,
    as_json: bool,
    values: Callable[[Result], Mapping[str, float | None]],
    said: str,
    note: str | None = None,
) -> None:
    """Ends a command.

    Args:
        done: its results.
        skipped: files that were left out.
        lines: what it has said of each.
        sheet: a picture that was drawn beside.
        as_json: whether a machine reads it.
        values: numbers by name of a result, for machines.
        said: one sentence on all of them, for people.
        note: what a user must know of the model.
    """
    if as_json:
        images = [
            {
                "source": str(one.source),
                "target": str(one.target),
                **{name: own_images.finite(value) for name, value in values(one).items()},
            }
            for one in done
        ]
        print_json(
            {
                "images": images,
                "sheet": None if sheet is None else str(sheet),
                "skipped": own_images.skipped_json(skipped),
                "note": note,
            }
        )
        return
    lines.close()
    echo(said)
    if sheet is not None:
        echo(printable(sheet))
    if note is not None:
        own_images.say_note(note)
    own_images.print_skipped(skipped)
