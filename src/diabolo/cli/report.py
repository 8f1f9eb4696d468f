"""`diabolo report`: runs on one page."""

from pathlib import Path
from typing import Annotated

import typer

from diabolo.cli.echo import echo
from diabolo.cli.options import Json, print_json


def report_runs(
    runs: Annotated[
        list[str],
        typer.Argument(metavar="RUN", help="Run folders, folders that hold some, or a comparison.", show_default=False),
    ],
    output: Annotated[
        Path | None,
        typer.Option(
            "--output",
            "-o",
            metavar="FILE",
            help="The HTML file; report.html in the folder of a single RUN, or here, where none is given.",
            show_default=False,
        ),
    ] = None,
    pictures: Annotated[
        bool, typer.Option("--pictures/--no-pictures", help="Reconstruct validation images; this needs torch.")
    ] = True,
    references: Annotated[
        bool | None,
        typer.Option(
            "--references/--no-references",
            help="Show what PCA, JPEG and others reach on the images; by default where there are pictures.",
            show_default=False,
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Put runs on one page: an HTML file that opens offline.

    The verdict stands first; then results beside what needs no training, the models, curves, pictures, and how it was
    made. Runs that cannot be read are named and left out.
    """
    from diabolo.api.report import REPORT_FILE, report_content, write_content
    from diabolo.cli.data import progress_display

    alone = Path(runs[0]).expanduser() if len(runs) == 1 else None
    target = output or (alone / REPORT_FILE if alone is not None and alone.is_dir() else Path(REPORT_FILE))
    with progress_display() as progress:
        content = report_content(runs, pictures=pictures, references=references, target=target, report=progress)
    write_content(content, target)
    if as_json:
        print_json(
            {
                "file": str(target),
                "verdict": content.verdict.headline,
                "models": [
                    {"model": model.label, "runs": [run.folder for run in model.runs]} for model in content.models
                ],
                "left_out": [{"folder": part.folder, "reason": part.reason} for part in content.left_out],
            }
        )
        return
    for part in content.left_out[:10]:
        echo(f"left out: {part.folder}: {part.reason}", err=True)
    if len(content.left_out) > 10:
        echo(f"left out: … and {len(content.left_out) - 10} more", err=True)
    echo(content.verdict.headline)
    echo(f"Report: {target}")
