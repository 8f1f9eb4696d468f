"""`diabolo`: gathers the commands, and turns errors that users can mend into one paragraph and exit code 2."""

import errno
import gc
import os
import sys
from pathlib import Path
from typing import Annotated

import typer

from diabolo.allocator import use_huge_pages
from diabolo.cli import (
    bench,
    check,
    compare,
    data,
    decode,
    demo,
    denoise,
    draw,
    encode,
    evaluate,
    explain,
    export,
    import_model,
    interpolate,
    neighbours,
    reconstruct,
    references,
    report,
    rule,
    sample,
    score,
    summary,
    train,
    zoo,
)
from diabolo.cli.echo import accept_any_name, echo
from diabolo.cli.interrupts import Commands
from diabolo.cli.paths import leave_paths_to_commands
from diabolo.errors import DiaboloError, is_out_of_memory
from diabolo.printable import printable

app = typer.Typer(
    cls=Commands,
    help="The workbench for convolutional autoencoders.\n\n"
    "MODEL is a zoo name (method-2), a line ('conv16 relu pool | up conv3 sigmoid'), a run folder, or file.py:name.",
    no_args_is_help=True,
    rich_markup_mode=None,
    add_completion=False,
    pretty_exceptions_enable=False,
    context_settings={"help_option_names": ["-h", "--help"]},
)
app.command("demo")(demo.demo)
app.command("check")(check.check_models)
app.command("rule")(rule.show_rules)
app.command("zoo")(zoo.show_zoo)
app.command("summary")(summary.show_summary)
app.command("draw")(draw.draw_model)
app.add_typer(data.app, name="data")
app.command("train")(train.train_model)
app.command("eval")(evaluate.evaluate_run)
app.command("reconstruct")(reconstruct.reconstruct_files)
app.command("encode")(encode.encode_files)
app.command("decode")(decode.decode_files)
app.command("denoise")(denoise.denoise_files)
app.command("interpolate")(interpolate.interpolate_files)
app.command("sample")(sample.sample_images)
app.command("score")(score.score_files)
app.command("neighbours")(neighbours.find_neighbours)
app.command("export")(export.export_run)
app.command("import")(import_model.import_file)
app.command("references")(references.show_references)
app.command("compare")(compare.compare_models)
app.command("explain")(explain.explain_runs)
app.command("report")(report.report_runs)
app.command("bench")(bench.bench)


def _print_version(wanted: bool) -> None:
    if wanted:
        from diabolo import __version__

        typer.echo(f"diabolo {__version__}")
        raise typer.Exit


@app.callback()
def _options(
    version: Annotated[
        bool, typer.Option("--version", help="Print the version and leave.", is_eager=True, callback=_print_version)
    ] = False,
    debug: Annotated[bool, typer.Option("--debug", help="Show a traceback for every error.")] = False,
) -> None:
    pass  # `--debug` is read by `main`, since it matters outside of the commands


def main() -> None:
    """Entry point of the `diabolo` command; exits with 2 for errors that a user can mend."""
    arguments = [argument for argument in sys.argv[1:] if argument != "--debug"]
    debug = len(arguments) < len(sys.argv) - 1
    accept_any_name()
    use_huge_pages()
    gc.set_threshold(50_000, 20, 20)  # looking for garbage while modules are loaded takes a tenth of a short command
    try:
        leave_paths_to_commands(app)
        app(args=arguments, prog_name="diabolo")
    except DiaboloError as error:
        if debug:
            raise
        _fail(str(error), 2)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(1)
    except (MemoryError, RuntimeError) as error:
        if debug or not is_out_of_memory(error):
            raise
        _fail("out of memory; try a smaller batch (`--set batch_size=50`), smaller images or a smaller `--memory`", 2)
    except PermissionError as error:
        if debug or not isinstance(error.filename, str | os.PathLike):
            raise
        shown = printable(Path(error.filename))
        _fail(f"`{shown}`: no permission to read or write it; change its permissions, or those of its folder", 2)
    except OSError as error:
        if debug or error.errno not in (errno.ENOSPC, errno.EDQUOT):
            raise
        _fail("the disk is full; free some space and try again, nothing was half-written", 2)


def _fail(message: str, code: int) -> None:
    echo(f"diabolo: {message}", err=True)
    sys.exit(code)
