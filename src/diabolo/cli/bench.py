"""`diabolo bench`: diabolo beside Keras and torch on this machine, in one run."""

import os
import signal
from pathlib import Path
from types import FrameType
from typing import Annotated, Any

import typer

from diabolo.cli.options import Json, print_json

_INTERRUPTED = 130  # as shells have it for Ctrl-C


def bench(
    model: Annotated[
        str, typer.Argument(metavar="MODEL", help="A zoo name or a line of conv, relu, bn, pool, up, sigmoid.")
    ] = "method-2",
    engines: Annotated[
        str | None,
        typer.Option("--engines", metavar="A,B", help="Only these; default: all of those above.", show_default=False),
    ] = None,
    parts: Annotated[
        str | None,
        typer.Option(
            "--parts", metavar="A,B", help="Of compare, variants, memory, start-up, cost.", show_default=False
        ),
    ] = None,
    rounds: Annotated[int, typer.Option("--rounds", metavar="N", help="Turns of each engine.", min=1)] = 7,
    batch: Annotated[int, typer.Option("--batch", metavar="N", help="Images a step.", min=1)] = 1000,
    threads: Annotated[
        int | None,
        typer.Option("--threads", metavar="N", help="CPU threads; default: all cores.", min=1, show_default=False),
    ] = None,
    quick: Annotated[bool, typer.Option("--quick", help="A minute, to see that it works; no numbers to keep.")] = False,
    out: Annotated[
        Path | None,
        typer.Option("--out", metavar="FOLDER", help="Write bench.json and bench-cost.png.", show_default=False),
    ] = None,
    no_install: Annotated[bool, typer.Option("--no-install", help="Use only the engines that are there.")] = False,
    venvs: Annotated[
        Path | None,
        typer.Option(
            "--venvs", metavar="FOLDER", help="Where Keras's environments are kept; default: cache.", show_default=False
        ),
    ] = None,
    as_json: Json = False,
) -> None:
    """Compare diabolo with Keras and torch on this machine.

    Engines: keras-tensorflow, keras-tensorflow-onednn, keras-jax, torch-eager, torch-channels-last, torch-compile,
    diabolo-plain, diabolo-fused. Keras's come from the package index into environments of their own, once, about 2 GB;
    what cannot be installed is named and left out. Ctrl-C ends everything and shows what was measured.
    """
    from diabolo.bench import BenchOptions, run_bench, table_lines

    options = BenchOptions(
        model=model,
        engines=engines,
        parts=parts,
        rounds=rounds,
        batch=batch,
        threads=threads,
        quick=quick,
        out=None if out is None else out.expanduser(),
        install=not no_install,
        venvs=venvs,
    )
    found: dict[str, Any] = {}

    def keep(report: dict[str, Any]) -> None:
        nonlocal found
        found = report

    interrupted = False
    previous = signal.signal(signal.SIGTERM, _interrupt)
    try:
        run_bench(options, say=lambda text: typer.echo(text, err=True), keep=keep)
    except KeyboardInterrupt:
        interrupted = True
    finally:
        signal.signal(signal.SIGTERM, previous)
    if found:
        if as_json:
            print_json(found)
        else:
            typer.echo()
            for line in table_lines(found):
                typer.echo(line)
        if out is not None:
            typer.echo(f"\nWritten: {os.fspath(out)}", err=True)
    if interrupted:
        typer.echo("diabolo: stopped; all workers have ended", err=True)
        raise typer.Exit(_INTERRUPTED)


def _interrupt(number: int, frame: FrameType | None) -> None:
    raise KeyboardInterrupt
