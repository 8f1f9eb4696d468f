"""Options that several commands share, and how they are read."""

import json
from typing import Annotated, Any

import typer

from diabolo.errors import DiaboloError, clip

MODEL_HELP = "A zoo name, a line, a run folder, or file.py:name."

Model = Annotated[str, typer.Argument(metavar="MODEL", help=MODEL_HELP, show_default=False)]
Run = Annotated[str, typer.Argument(metavar="RUN", help="A run folder.", show_default=False)]
Data = Annotated[
    str, typer.Option("--data", metavar="DATA", help="A catalogue name, a folder of images, an .npz or .npy file.")
]
Json = Annotated[bool, typer.Option("--json", help="Print JSON for machines.")]
Size = Annotated[
    str | None,
    typer.Option("--size", metavar="SIZE", help="For folders: resize images to N or HxW.", show_default=False),
]
Fit = Annotated[
    str | None,
    typer.Option("--fit", metavar="HOW", help="How images get that size: crop, pad or stretch.", show_default=False),
]
Channels = Annotated[
    int | None, typer.Option("--channels", metavar="N", help="1 for grey, 3 for colour.", show_default=False)
]
Engine = Annotated[
    str | None,
    typer.Option(
        "--engine",
        metavar="NAME",
        help="On a CPU: plain (torch), fused (native stages) or auto.",
        show_default=False,
    ),
]
Device = Annotated[str, typer.Option("--device", metavar="NAME", help="auto, cpu or cuda.")]


def print_json(value: Any) -> None:
    """Prints one JSON document."""
    typer.echo(json.dumps(value, indent=2))


def read_input_shape(text: str) -> tuple[int, int, int]:
    """The value of `--input`, as in `28x28x1`.

    Raises:
        DiaboloError: anything else.
    """
    numbers = _numbers(text)
    if len(numbers) != 3:
        raise DiaboloError(f"`--input {clip(text)}`: write height x width x channels, as in 28x28x1")
    return numbers[0], numbers[1], numbers[2]


def _read_size(text: str) -> int | tuple[int, int]:
    numbers = _numbers(text)
    if len(numbers) == 3:
        raise DiaboloError(f"`--size {clip(text)}`: write N or HxW, and the channels as `--channels {numbers[2]}`")
    if not numbers:
        raise DiaboloError(f"`--size {clip(text)}`: write 32, or 32x48 (height x width)")
    return numbers[0] if len(numbers) == 1 else (numbers[0], numbers[1])


def _numbers(text: str) -> tuple[int, ...]:
    """One to three whole numbers from 1 with `x` between them; nothing where the text is something else."""
    parts = text.lower().replace("×", "x").split("x")
    good = len(parts) <= 3 and all(part.isascii() and part.isdigit() and len(part) < 8 and int(part) for part in parts)
    return tuple(int(part) for part in parts) if good else ()


def data_options(size: str | None, fit: str | None, channels: int | None) -> dict[str, Any]:
    """The options of `load_data` that were given."""
    options: dict[str, Any] = {"fit": fit, "channels": channels}
    if size is not None:
        options["size"] = _read_size(size)
    return {name: value for name, value in options.items() if value is not None}


def read_settings(settings: list[str]) -> dict[str, str]:
    """`--set name=value` pairs as a dictionary."""
    values: dict[str, str] = {}
    for setting in settings:
        name, separator, value = setting.partition("=")
        if not separator or not name.strip() or not value.strip():
            raise DiaboloError(f"`--set {clip(setting)}`: write name=value, as in `--set epochs=3`")
        values[name.strip()] = value.strip()
    return values
