"""`diabolo explain`: curves in words."""

import shutil
import sys
from typing import Annotated

import typer

from diabolo.cli.options import Json, print_json


def explain_runs(
    runs: Annotated[
        list[str],
        typer.Argument(
            metavar="RUN",
            help="Run folders, folders that hold some, or histories of other programs: Keras's as JSON, CSV.",
            show_default=False,
        ),
    ],
    references: Annotated[
        bool,
        typer.Option("--references", help="Compare with PCA and others on the images of each run, which takes longer."),
    ] = False,
    loss: Annotated[
        str,
        typer.Option(
            "--loss",
            metavar="NAME",
            help="For other programs' files: the loss, as in a recipe (bce, mse, l1).",
            show_default=False,
        ),
    ] = "",
    floor: Annotated[
        float | None,
        typer.Option(
            "--floor",
            metavar="LOSS",
            help="For other programs' files: the loss of a perfect reconstruction.",
            show_default=False,
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Say in words what training curves show, and what to do next.

    Of each history: whether it still falls or has settled, over-fits, diverged, jumps, and why train and validation
    differ. Of two: which is the better model, or why the curves cannot tell. Of many, a summary.
    """
    from diabolo.api.explain import explain
    from diabolo.api.explain_text import explanation_text

    found = explain(*runs, references=references, loss=loss, floor=floor)
    if as_json:
        print_json(found.to_dict())
        return
    width = min(100, shutil.get_terminal_size((100, 24)).columns)
    typer.echo(explanation_text(found, width=width, style=_style if sys.stdout.isatty() else None))


def _style(text: str, role: str) -> str:
    if role == "quiet":
        return typer.style(text, dim=True)
    return typer.style(text, bold=True, fg="cyan" if role == "title" else None)
