"""How commands print plain text: names from outside cannot act on the terminal, nor stop a command."""

import contextlib
import sys

import typer

from diabolo.printable import printable_lines


def echo(text: str = "", *, err: bool = False) -> None:
    """Prints a text of one or more lines; whatever would act on a terminal becomes `�`.

    Args:
        text: plain, without colours.
        err: to stderr in place of stdout.
    """
    typer.echo(printable_lines(text), err=err)


def accept_any_name() -> None:
    """Lets stdout and stderr write what their encoding lacks as `\\xff` or `\\u2013`, where they would raise an error.

    Names of files need not be UTF-8, and a terminal may know ASCII only.
    """
    for stream in (sys.stdout, sys.stderr):
        reconfigure = getattr(stream, "reconfigure", None)  # a test or a notebook may have put something else there
        if reconfigure is not None:
            with contextlib.suppress(ValueError, OSError):  # closed, as `>&-` leaves it
                reconfigure(errors="backslashreplace")
