"""`diabolo compare`: which of several models is better, and how sure that is."""

import shlex
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from diabolo.cli.echo import echo
from diabolo.cli.options import (
    Channels,
    Data,
    Device,
    Engine,
    Fit,
    Json,
    Size,
    data_options,
    print_json,
    read_settings,
)
from diabolo.errors import DiaboloError

if TYPE_CHECKING:
    from diabolo.api.compare import ComparisonOutcome
    from diabolo.api.compare_plan import Plan
    from diabolo.compare import Comparison


def compare_models(
    models: Annotated[
        list[str],
        typer.Argument(
            metavar="MODEL",
            help="Zoo names, lines, run folders, or file.py:name. Run folders alone are compared as they are.",
            show_default=False,
        ),
    ],
    seeds: Annotated[
        int | None,
        typer.Option("--seeds", metavar="N", help="Trainings of each model; default 5.", min=1, show_default=False),
    ] = None,
    metric: Annotated[
        str, typer.Option("--metric", metavar="NAME", help="What decides: psnr, mse, ssim or loss, on the test images.")
    ] = "psnr",
    data: Data = "cifar10",
    recipe: Annotated[
        str | None,
        typer.Option(
            "--recipe",
            metavar="NAME",
            help="fast or keras. Default: each zoo model's own, fast for all else.",
            show_default=False,
        ),
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="Change one choice of the recipe; may be repeated."),
    ] = None,
    out: Annotated[
        str | None,
        typer.Option(
            "--out", metavar="FOLDER", help="For runs and results; default runs/<models>-<recipe>.", show_default=False
        ),
    ] = None,
    parallel: Annotated[
        int | None,
        typer.Option(
            "--parallel",
            metavar="N",
            help="Trainings at once; default: what the cores allow.",
            min=1,
            show_default=False,
        ),
    ] = None,
    threads: Annotated[
        int | None,
        typer.Option(
            "--threads", metavar="N", help="CPU threads of each training; default 1.", min=1, show_default=False
        ),
    ] = None,
    device: Device = "auto",
    engine: Engine = None,
    references: Annotated[
        bool | None,
        typer.Option(
            "--references/--no-references",
            help="Work out what PCA, JPEG and others reach on the images; default: where models are trained.",
            show_default=False,
        ),
    ] = None,
    report: Annotated[bool, typer.Option("--report/--no-report", help="Write report.html into the folder.")] = True,
    size: Size = None,
    fit: Fit = None,
    channels: Channels = None,
    as_json: Json = False,
) -> None:
    """Find out which model is better, and how sure that is.

    Every model is trained with the same seeds; runs that are there already are reused, and a comparison that was
    stopped or killed goes on with the same command. Run folders without `--seeds` are compared as they are.
    """
    from diabolo.api.compare import are_runs
    from diabolo.compare import deciding_metric

    deciding_metric(metric)
    if seeds is None and are_runs(models):
        given = {
            "--data": data != "cifar10",
            "--recipe": recipe,
            "--set": settings,
            "--parallel": parallel,
            "--threads": threads,
            "--device": device != "auto",
            "--engine": engine,
            "--size": size,
            "--fit": fit,
            "--channels": channels,
        }
        idle = ", ".join(f"`{option}`" for option, value in given.items() if value)
        if idle:
            raise DiaboloError(
                f"run folders are compared as they are; leave out {idle}, "
                "or say `--seeds N` to train the model of each folder anew"
            )
        _compare_folders(models, metric, out, references=bool(references), report=report, as_json=as_json)
        return
    from diabolo.api.compare import DEFAULT_SEEDS
    from diabolo.api.compare_plan import plan_comparison
    from diabolo.cli.data import progress_display

    with progress_display() as reporter:
        plan = plan_comparison(
            models,
            data,
            seeds=DEFAULT_SEEDS if seeds is None else seeds,
            recipe=recipe,
            settings=read_settings(settings or []),
            out=None if out is None else Path(out),
            device=device,
            engine=engine,
            threads=threads or 1,
            data_options=data_options(size, fit, channels),
            report=reporter,
        )
    outcome, exit_code = _carry_out(
        plan, metric, parallel, threads or 1, references=references is not False, to_stderr=as_json
    )
    if outcome.comparison is None:
        raise typer.Exit(exit_code)
    _show(outcome.comparison, as_json=as_json)
    if outcome.comparison.left_out:
        echo("note: delete the folder of a run that was left out, and the same command trains it again", err=True)
    page = _page(outcome.out) if report else None
    if not as_json:
        echo(f"\nNumbers: {outcome.out / 'comparison.json'}")
        if page is not None:
            echo(f"Report:  {page}")


def _carry_out(
    plan: "Plan", metric: str, parallel: int | None, threads: int, *, references: bool, to_stderr: bool
) -> "tuple[ComparisonOutcome, int]":
    """Trains with a display and with Ctrl-C as a request; returns the outcome and the exit code."""
    from diabolo.api.compare import carry_out_comparison
    from diabolo.cli.compare_display import ComparisonDisplay
    from diabolo.cli.signals import StopOnSignal
    from diabolo.runs import command_line

    echo(plan.dataset.describe(), err=to_stderr)
    for note in plan.notes:
        echo(f"note: {note}", err=to_stderr)
    with StopOnSignal() as stop, ComparisonDisplay(to_stderr=to_stderr) as display:
        outcome = carry_out_comparison(
            plan,
            metric=metric,
            parallel=parallel,
            threads=threads,
            references=references,
            watch=display,
            should_stop=stop,
        )
    if outcome.comparison is None:
        echo(f"Stopped; everything is saved. Go on with the same command: {command_line()}", err=True)
        return outcome, stop.exit_code
    return outcome, 0


def _compare_folders(
    models: list[str], metric: str, out: str | None, *, references: bool, report: bool, as_json: bool
) -> None:
    from diabolo.api.compare import compare_folders

    _show(compare_folders(models, metric=metric, out=out, references=references), as_json=as_json)
    if out is None:
        return
    folder = Path(out).expanduser()
    if not as_json:
        echo(f"\nNumbers: {folder / 'comparison.json'}")
    if report:
        from diabolo.api.report import REPORT_FILE, write_report

        page = write_report(models, folder / REPORT_FILE)
        if not as_json:
            echo(f"Report:  {page}")


def _show(comparison: "Comparison", *, as_json: bool) -> None:
    from diabolo.compare import comparison_text, to_dict

    if as_json:
        print_json(to_dict(comparison))
        return
    echo()
    for line in comparison_text(comparison):
        echo(line)


def _page(out: Path) -> Path | None:
    """The report; where it cannot be written, the numbers stand all the same."""
    from diabolo.api.compare import write_comparison_page

    try:
        return write_comparison_page(out)
    except DiaboloError as error:
        echo(f"note: no report was written: {error}; try `diabolo report {shlex.quote(str(out))}`", err=True)
        return None
