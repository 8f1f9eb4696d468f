"""`diabolo data`: the data sets known by name and what the cache holds; getting, verifying and removing."""

import contextlib
import json
import sys
import time
from collections.abc import Callable, Iterator
from typing import TYPE_CHECKING, Annotated

import typer

from diabolo.cli.echo import echo
from diabolo.cli.interrupts import leaves, leaves_nothing, note_progress
from diabolo.printable import printable

if TYPE_CHECKING:
    from diabolo.data import Progress

app = typer.Typer(help="List, get, verify and remove data sets.", no_args_is_help=True, rich_markup_mode=None)

_SECONDS_BETWEEN_LINES = 5.0
Name = Annotated[str, typer.Argument(metavar="NAME", help="A catalogue name, such as cifar10.", show_default=False)]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]


@app.command("list")
def list_command(as_json: Json = False) -> None:
    """Show the data sets known by name, and cached folders."""
    from diabolo.data.cache import default_cache_folder, part_path
    from diabolo.data.catalogue import CATALOGUE, PARTS
    from diabolo.data.folder_cache import list_cached_folders

    folder = default_cache_folder()
    rows = []
    for entry in CATALOGUE.values():
        is_cached = all(part_path(entry, folder, part).exists() for part in PARTS)
        state = "in the package" if entry.sample_only else "in the cache" if is_cached else "not fetched"
        rows.append((entry, state))
    if as_json:
        records = [
            {
                "name": entry.name,
                "description": entry.description,
                "num_train": entry.num_train,
                "num_test": entry.num_test,
                "image_shape": list(entry.image_shape),
                "licence": entry.licence,
                "citation": entry.citation,
                "state": state,
            }
            for entry, state in rows
        ]
        folders = [
            {
                "cache": cached.home.name,
                "folder": None if cached.folder is None else str(cached.folder),
                "is_there": not cached.is_gone,
                "num_images": cached.num_images,
                "image_shape": None if cached.shape is None else list(cached.shape),
                "num_bytes": cached.num_bytes,
            }
            for cached in list_cached_folders(folder)
        ]
        echo(json.dumps({"cache_folder": str(folder), "datasets": records, "folders": folders}, indent=2))
        return
    width = max(len(entry.name) for entry, _ in rows)
    for entry, state in rows:
        size = "×".join(str(length) for length in entry.image_shape)
        counts = f"{entry.num_train:,} + {entry.num_test:,}"
        echo(f"{entry.name:<{width}}  {counts:>15}  {size}  {state:<14}  {entry.description}")
    echo(f"Train + test images, height×width×channels. The cache is {folder}")
    if found := list_cached_folders(folder):
        echo("Folders of images whose pixels are in the cache (`diabolo data clean FOLDER` removes one):")
        width = max(len(cached.home.name) for cached in found)
        for cached in found:
            size = "no pixels yet" if cached.shape is None else "×".join(str(length) for length in cached.shape)
            where = "damaged" if cached.folder is None else printable(str(cached.folder))
            gone = ", which is not there" if cached.folder is not None and cached.is_gone else ""
            amount = f"{cached.num_images:,} images  {size}  {cached.num_bytes / 2**20:,.1f} MiB"
            echo(f"{cached.home.name:<{width}}  {amount}  {where}{gone}")


@app.command("get")
def get_command(name: Name, as_json: Json = False) -> None:
    """Fetch a data set into the cache and verify it."""
    from diabolo.data import get

    leaves(lambda: _in_cache(name))
    started = time.monotonic()
    with progress_display() as report:
        dataset = get(name, report=report)
    seconds = time.monotonic() - started
    for note in dataset.notes:
        echo(note, err=True)
    if as_json:
        record = {
            "name": dataset.name,
            "source": dataset.source,
            "digest": dataset.digest,
            "num_train": len(dataset.train),
            "num_test": len(dataset.test),
            "image_shape": list(dataset.image_shape),
            "seconds": round(seconds, 3),
            "notes": list(dataset.notes),
            "attempts": [{"source": attempt.source, "reason": attempt.reason} for attempt in dataset.attempts],
        }
        echo(json.dumps(record, indent=2))
        return
    for attempt in dataset.attempts:
        echo(f"did not answer: {attempt.source}: {attempt.reason}", err=True)
    echo(f"{dataset.describe()} ({seconds:.1f} s)")
    echo(dataset.digest)


@app.command("verify")
def verify_command(name: Name, as_json: Json = False) -> None:
    """Check a data set in the cache by its digests.

    Exits with 1 where one is wrong or missing.
    """
    from diabolo.data import verify

    leaves_nothing()
    result = verify(name)
    if as_json:
        record = {
            "name": result.name,
            "good": result.is_good,
            "folder": None if result.folder is None else str(result.folder),
            "parts": [
                {
                    "part": check.part,
                    "path": str(check.path),
                    "expected": check.expected,
                    "found": check.found,
                    "problem": check.problem,
                }
                for check in result.parts
            ],
        }
        echo(json.dumps(record, indent=2))
    else:
        for check in result.parts:
            state = "good" if check.problem is None else check.problem
            echo(f"{check.part:<12}  {state}  {check.found or ''}".rstrip())
        if result.is_good:
            echo(f"{result.name} is good ({result.folder or 'in the package'})")
        else:
            echo(f"{result.name} is not good; get it again with `diabolo data get {result.name}`")
    if not result.is_good:
        raise typer.Exit(1)


@app.command("clean")
def clean_command(
    what: Annotated[
        list[str] | None,
        typer.Argument(
            metavar="WHAT",
            help="Catalogue names, folders of images, or names of their caches.",
            show_default=False,
        ),
    ] = None,
    everything: Annotated[
        bool, typer.Option("--all", help="All that the cache holds of data sets and folders.")
    ] = False,
    as_json: Json = False,
) -> None:
    """Remove data sets and cached folders from the cache.

    The images in the folders themselves are never touched. Without WHAT, this removes the caches of folders that are
    no longer there.
    """
    from diabolo.data.clean import clean
    from diabolo.errors import DataError

    leaves(lambda: "some of it may be removed; `diabolo data list` shows what is left")
    if what and everything:
        raise DataError("`--all` removes everything; leave out the names, or leave out `--all`")
    removed = clean(what or (), everything=everything)
    if as_json:
        records = [{"what": one.what, "path": str(one.path), "num_bytes": one.num_bytes} for one in removed]
        echo(json.dumps({"removed": records}, indent=2))
        return
    for one in removed:
        echo(f"removed {printable(one.what)}: {one.num_bytes / 2**20:,.1f} MiB")
    if not removed:
        echo("Nothing to remove. `diabolo data list` shows what the cache holds; name what shall go.")


@contextlib.contextmanager
def progress_display() -> Iterator[Callable[["Progress"], None]]:
    """Yields a reporter for `load_data`: a bar on stderr at a terminal, else a plain line every few seconds."""
    if not sys.stderr.isatty():
        yield _line_reporter()
        return
    from rich.console import Console
    from rich.markup import escape
    from rich.progress import BarColumn, TextColumn, TimeRemainingColumn
    from rich.progress import Progress as Bar

    columns = (
        TextColumn("{task.description}"),
        BarColumn(),
        TextColumn("{task.fields[amount]}"),
        TimeRemainingColumn(),
    )
    bar = Bar(*columns, console=Console(stderr=True), transient=True)
    task = bar.add_task("", total=None, amount="")
    stage = ""

    def report(progress: "Progress") -> None:
        nonlocal stage
        note_progress(progress)
        bar.start()  # only now: what is in the cache comes without a report, and needs no bar
        if progress.stage != stage:
            stage = progress.stage
            bar.reset(task, total=progress.total, description=escape(printable(stage)))
        bar.update(task, completed=progress.done, total=progress.total, amount=_amount(progress))

    try:
        yield report
    finally:
        bar.stop()


def _in_cache(name: str) -> str:
    """What there is of a data set that was being fetched."""
    from diabolo.data.cache import default_cache_folder, part_path
    from diabolo.data.catalogue import CATALOGUE, PARTS

    entry = CATALOGUE.get(name)
    if entry is None or entry.sample_only:
        return "nothing is written"
    if all(part_path(entry, default_cache_folder(), part).exists() for part in PARTS):
        return f"`{name}` is in the cache"
    return f"`{name}` is not in the cache yet; fetch it again with: diabolo data get {name}"


def _line_reporter() -> Callable[["Progress"], None]:
    last = time.monotonic()

    def report(progress: "Progress") -> None:
        nonlocal last
        note_progress(progress)
        if time.monotonic() - last >= _SECONDS_BETWEEN_LINES:
            last = time.monotonic()
            echo(f"{progress.stage}: {_amount(progress)}", err=True)

    return report


def _amount(progress: "Progress") -> str:
    """ "12.3 of 162.6 MiB", or counts of anything else."""
    if progress.unit == "bytes":
        done, unit = f"{progress.done / 2**20:.1f}", "MiB"
        total = "" if progress.total is None else f" of {progress.total / 2**20:.1f}"
    else:
        done, unit = f"{progress.done:,}", progress.unit
        total = "" if progress.total is None else f" of {progress.total:,}"
    return f"{done}{total} {unit}"
