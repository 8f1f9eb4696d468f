"""`diabolo zoo`: the models that come with diabolo."""

from typing import Annotated

import typer

from diabolo.cli.options import Json, print_json


def show_zoo(
    name: Annotated[
        str | None,
        typer.Argument(metavar="NAME", help="Show this model with its line, recipe and results.", show_default=False),
    ] = None,
    as_json: Json = False,
) -> None:
    """Show the models that come with diabolo, or all of one."""
    from diabolo.api.zoo import entry_values, model_text, table_text, zoo_entries, zoo_entry
    from diabolo.zoo import find_model

    if name is not None:
        entry = zoo_entry(find_model(name))
        if as_json:
            print_json(entry_values(entry))
            return
        lines = model_text(entry)
    else:
        entries = zoo_entries()
        if as_json:
            print_json([entry_values(entry) for entry in entries])
            return
        lines = table_text(entries)
    for line in lines:
        typer.echo(line)
