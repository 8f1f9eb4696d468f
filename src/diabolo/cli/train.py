"""`diabolo train`: train a model, or go on with a training that was stopped."""

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import TYPE_CHECKING, Annotated

import typer

from diabolo.cli.echo import echo
from diabolo.cli.options import (
    MODEL_HELP,
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
from diabolo.errors import DiaboloError, OutputError
from diabolo.printable import printable

if TYPE_CHECKING:
    from diabolo.api.execute import Outcome
    from diabolo.api.job import Job
    from diabolo.model import AutoEncoder

_MOST_SKIPPED = 20  # files that are listed


def train_model(
    model: Annotated[
        str | None,
        typer.Argument(metavar="MODEL", help=MODEL_HELP, show_default=False),
    ] = None,
    data: Data = "cifar10",
    recipe: Annotated[
        str | None,
        typer.Option(
            "--recipe",
            metavar="NAME",
            help="fast, or keras: the question's training to the letter. Default: a zoo model's own, else fast.",
            show_default=False,
        ),
    ] = None,
    settings: Annotated[
        list[str] | None,
        typer.Option("--set", metavar="NAME=VALUE", help="Change one choice of the recipe; may be repeated."),
    ] = None,
    seed: Annotated[int, typer.Option("--seed", metavar="N", help="Of initial weights and batch order.")] = 0,
    out: Annotated[
        str | None,
        typer.Option("--out", metavar="FOLDER", help="Run folder; default runs/<model>-<recipe>-seed<seed>."),
    ] = None,
    resume: Annotated[str | None, typer.Option("--resume", metavar="RUN", help="Go on with this run.")] = None,
    start: Annotated[
        str | None,
        typer.Option("--from", metavar="RUN", help="Begin a new run with this one's weights.", show_default=False),
    ] = None,
    tracker: Annotated[
        list[str] | None,
        typer.Option("--tracker", metavar="NAME", help="tensorboard, mlflow or trackio; may be repeated."),
    ] = None,
    device: Device = "auto",
    engine: Engine = None,
    threads: Annotated[
        int | None, typer.Option("--threads", metavar="N", help="CPU threads; default: torch's.", min=1)
    ] = None,
    size: Size = None,
    fit: Fit = None,
    channels: Channels = None,
    as_json: Json = False,
) -> None:
    """Train a model into a run folder, or go on with a run.

    The folder holds the weights, the history, and pictures of curves and reconstructions. Ctrl-C stops after the
    step at hand and saves everything.
    """
    if start is not None and (model is not None or resume is not None):
        raise DiaboloError("`--from RUN` takes the model of that run; leave out MODEL and `--resume`")
    if start is None and (model is None) == (resume is None):
        raise DiaboloError("`diabolo train` takes either a MODEL or `--resume RUN`, as in `diabolo train method-2`")
    if resume is not None:
        other = {
            "--data": data != "cifar10",
            "--recipe": recipe,
            "--set": settings,
            "--seed": seed,
            "--out": out,
            "--device": device != "auto",
            "--engine": engine,
            "--threads": threads,
            "--size": size,
            "--fit": fit,
            "--channels": channels,
        }
        given = ", ".join(f"`{option}`" for option, value in other.items() if value)
        if given:
            raise DiaboloError(f"`--resume` goes on with the run as it was; leave out {given}")
    import torch

    from diabolo.api.job import new_job, resumed_job
    from diabolo.cli.data import progress_display

    if threads is not None:
        torch.set_num_threads(threads)
    with progress_display() as report:
        if resume is not None:
            job = resumed_job(resume, report=report)
        else:
            trained, name = _model_of(model, start, engine)
            job = new_job(
                trained,
                data,
                name=name,
                recipe=recipe,
                settings=read_settings(settings or []),
                seed=seed,
                out=out,
                device=device,
                engine=engine,
                data_options=data_options(size, fit, channels),
                report=report,
            )
    announce(job, to_stderr=as_json)
    outcome, exit_code = carry_out(job, to_stderr=as_json, trackers=tracker or ())
    if as_json:
        print_json(_values(outcome))
    elif exit_code == 0:
        for line in closing_lines(outcome):
            echo(line)
    raise typer.Exit(exit_code)


def _model_of(model: str | None, start: str | None, engine: str | None) -> "tuple[str | AutoEncoder, str | None]":
    """What is trained: MODEL as it is written, or the model of a run with its weights, and its name."""
    if start is None:
        assert model is not None
        return model, None
    from diabolo.use import load

    run = load(start, engine=engine)
    return run.model, run.name


def announce(job: "Job", *, to_stderr: bool = False) -> None:
    """Says what is trained on, and what a reader must know of it."""
    from diabolo.api.preflight import examine_job, worth_saying
    from diabolo.data.folder_plan import NUM_NAMED

    echo(job.dataset.describe(), err=to_stderr)
    echo(job.engine, err=to_stderr)
    for note in (*job.dataset.notes, *job.notes):
        echo(f"note: {note}", err=to_stderr)
    others = job.dataset.skipped[NUM_NAMED:]  # a note has named the first
    if others:
        echo("note: the others that were skipped:", err=True)
        for skipped in others[:_MOST_SKIPPED]:
            echo(f"  {printable(skipped.path)}: {skipped.reason}", err=True)
        if len(others) > _MOST_SKIPPED:
            echo(f"  … and {len(others) - _MOST_SKIPPED:,} more", err=True)
    if job.recipe.validation == "test":
        echo(
            f"note: recipe `{job.recipe.name}` validates on the test images, as the question does; "
            "nothing is selected by them, and the last weights are kept",
            err=to_stderr,
        )
    for line in worth_saying(examine_job(job)):
        echo(line, err=to_stderr)


def carry_out(job: "Job", *, to_stderr: bool = False, trackers: Sequence[str] = ()) -> "tuple[Outcome, int]":
    """Trains with a display, trackers, and Ctrl-C as a request; returns the outcome and the exit code."""
    from diabolo.api.execute import execute
    from diabolo.cli.progress import TrainingDisplay
    from diabolo.cli.signals import StopOnSignal
    from diabolo.interop.trackers import open_trackers
    from diabolo.train import Diverged, Event, Stopped

    def say(note: str) -> None:
        echo(f"note: {note}", err=True)

    def watch(event: Event) -> None:
        display(event)
        reader(event)

    folder = shlex.quote(str(job.folder.path))
    with (
        StopOnSignal() as stop,
        TrainingDisplay(job.record.name, to_stderr=to_stderr) as display,
        open_trackers(trackers, job.record, job.folder, say) as reader,
    ):
        try:
            outcome = execute(job, watch=watch, should_stop=stop)
        except OutputError as error:
            if not job.folder.exists():
                raise
            raise OutputError(f"{error}; then go on with: diabolo train --resume {folder}") from error
    for note in outcome.notes:
        echo(f"note: {note}", err=True)
    end = outcome.end
    if isinstance(end, Stopped):
        echo(
            f"Stopped in epoch {end.epoch} after {end.step} of its steps; everything is saved. "
            f"Go on with: diabolo train --resume {folder}",
            err=True,
        )
        return outcome, stop.exit_code
    if isinstance(end, Diverged):
        kept = (
            "the last good checkpoint is kept" if outcome.run.folder.history_file.exists() else "no epoch was finished"
        )
        echo(
            f"diabolo: {end.message}. In `{folder}` {kept}.",
            err=True,
        )
        return outcome, 1
    return outcome, 0


def closing_lines(outcome: "Outcome") -> list[str]:
    """Test results and the files to look at."""
    run = outcome.run
    test = run.record.test
    return [
        f"Test: loss {test['loss']:.4f} (floor + {test['excess']:.4f}), MSE {test['mse']:.5f}, "
        f"PSNR {test['psnr']:.2f} dB, SSIM {test['ssim']:.3f} on {test['num_images']:,.0f} images",
        *use_lines(test),
        f"Curves:          {run.folder.curves_file}",
        f"Reconstructions: {run.folder.reconstructions_file}",
        *([f"Report:          {run.folder.report_file}"] if run.folder.report_file.exists() else []),
    ]


def use_lines(test: Mapping[str, float]) -> list[str]:
    """A line on how each bottleneck is used, from test results, and what to do about one that says nothing."""
    from diabolo.runs.bottleneck_words import COLLAPSE_REMEDY, bottleneck_uses

    uses = bottleneck_uses(test)
    remedy = [COLLAPSE_REMEDY] if any(use.has_collapsed for use in uses) else []
    return [*(f"Bottleneck: {use.sentence}" for use in uses), *remedy]


def _values(outcome: "Outcome") -> dict:
    run = outcome.run
    history = run.history if run.folder.history_file.exists() else ()
    return {
        "run": str(run.folder.path),
        "status": run.record.status,
        "line": run.line,
        "history": [asdict(row) for row in history],
        "test": run.record.test,
    }
