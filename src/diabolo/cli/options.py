"""Options that several commands share, and how they are read."""

import json
from typing import Annotated, Any

import typer

from diabolo.errors import DiaboloError

Model = Annotated[
    str, typer.Argument(metavar="MODEL", help="A zoo name, a line, a run folder, or file.py:name.", show_default=False)
]
Data = Annotated[str, typer.Option("--data", help="A catalogue name, a folder of images, an .npz or .npy file.")]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]
Size = Annotated[str | None, typer.Option("--size", help="For folders: resize images to N or HxW.", show_default=False)]
Fit = Annotated[
    str | None,
    typer.Option("--fit", help="How images get that size: crop, pad or stretch.", show_default=False),
]
Channels = Annotated[int | None, typer.Option("--channels", help="1 for grey, 3 for colour.", show_default=False)]
Device = Annotated[str, typer.Option("--device", help="auto, cpu or cuda.")]


def print_json(value: Any) -> None:
    """Prints one JSON document."""
    typer.echo(json.dumps(value, indent=2))


def read_shape(text: str) -> tuple[int, ...]:
    """`32`, `32x48` or `32x48x3` as numbers.

    Raises:
        DiaboloError: anything else.
    """
    parts = text.lower().replace("×", "x").split("x")
    if not all(part.isascii() and part.isdigit() and int(part[:7]) > 0 for part in parts) or len(parts) > 3:
        raise DiaboloError(f"`{text}` is no size; write 32, 32x48 (height x width) or 32x48x3 (with channels)")
    return tuple(int(part) for part in parts)


def data_options(size: str | None, fit: str | None, channels: int | None) -> dict[str, Any]:
    """The options of `load_data` that were given."""
    options: dict[str, Any] = {"fit": fit, "channels": channels}
    if size is not None:
        numbers = read_shape(size)
        if len(numbers) == 3:
            raise DiaboloError(f"`--size {size}`: write N or HxW, and the channels as `--channels {numbers[2]}`")
        options["size"] = numbers[0] if len(numbers) == 1 else numbers
    return {name: value for name, value in options.items() if value is not None}


def read_settings(settings: list[str]) -> dict[str, str]:
    """`--set name=value` pairs as a dictionary."""
    values: dict[str, str] = {}
    for setting in settings:
        name, separator, value = setting.partition("=")
        if not separator or not name.strip() or not value.strip():
            raise DiaboloError(f"`--set {setting}`: write name=value, as in `--set epochs=3`")
        values[name.strip()] = value.strip()
    return values
