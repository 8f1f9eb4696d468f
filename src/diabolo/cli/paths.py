"""Paths on the command line: what is wrong with one is said by the command, in the words that Python callers get."""

import typer


def leave_paths_to_commands(app: typer.Typer) -> None:
    """Takes typer's check for readable files from all options and arguments of an app's commands.

    typer answers a file without permission by a usage text of its own, and does so for files to write, too.
    """
    for command in app.registered_commands:
        for annotation in getattr(command.callback, "__annotations__", {}).values():
            for declared in getattr(annotation, "__metadata__", ()):
                declared.readable = False
    for group in app.registered_groups:
        if group.typer_instance is not None:
            leave_paths_to_commands(group.typer_instance)
