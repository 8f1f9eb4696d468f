"""`diabolo references`: what PCA, JPEG and others reach on images, before any model is trained."""

import math
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Any

import typer

from diabolo.cli.echo import echo
from diabolo.cli.options import Channels, Data, Fit, Json, Size, data_options, print_json
from diabolo.errors import DiaboloError, clip

if TYPE_CHECKING:
    from diabolo.references import Reference

_WIDTH = 100  # columns of the notes


def show_references(
    model: Annotated[
        str | None,
        typer.Argument(
            metavar="MODEL",
            help="Whose latent counts: a zoo name, a line, file.py:name, or a run folder with its own images.",
            show_default=False,
        ),
    ] = None,
    latent: Annotated[
        str | None,
        typer.Option(
            "--latent",
            metavar="VALUES",
            help="Instead of a MODEL: how many values, or HxWxC for a grid.",
            show_default=False,
        ),
    ] = None,
    data: Data = "cifar10",
    part: Annotated[
        str, typer.Option("--part", metavar="PART", help="Which images are measured: test or validation.")
    ] = "test",
    size: Size = None,
    fit: Fit = None,
    channels: Channels = None,
    as_json: Json = False,
) -> None:
    """Show what needs no training reaches at the size of a latent.

    The mean image, PCA of whole images and of blocks, JPEG and WebP with one byte for each latent value, and the floor
    of binary cross-entropy. A model is worth its training where it beats them. The answer is kept in the cache.
    """
    if (model is None) == (latent is None):
        raise DiaboloError("`diabolo references`: give a MODEL, or `--latent` with its number of values, as in 1024")
    if part not in ("test", "validation"):
        raise DiaboloError(f"`--part {clip(part)}`: there are test and validation")
    from diabolo.cli.data import progress_display

    with progress_display() as report:
        if model is not None and (Path(model).expanduser() / "run.toml").is_file():
            from diabolo.api.references import references_of_run

            if data != "cifar10" or data_options(size, fit, channels):
                raise DiaboloError(f"`{clip(model)}` is a run and has its own images; leave `--data` and its options")
            described, found = model, references_of_run(Path(model).expanduser(), part=part, report=report)
        else:
            described, found = _of_data(model, latent, data, data_options(size, fit, channels), part, report)
    if as_json:
        print_json({"data": described, "part": part, "references": [one.to_dict() for one in found]})
        return
    echo(f"{described}; measured on {part}")
    for line in table(found):
        echo(line)


def table(references: tuple["Reference", ...]) -> list[str]:
    """A line for each reference with its numbers, then the notes."""
    import textwrap

    from diabolo.compare.table import grid

    heads = ("without training", "PSNR dB", "MSE", "SSIM", "BCE", "above floor", "values", "bytes")
    rows = [
        (
            one.title,
            _number(one.psnr, ".2f"),
            _number(one.mse, ".5f"),
            _number(one.ssim, ".3f"),
            _number(one.bce, ".4f"),
            _number(one.bce_excess, ".5f"),
            _number(one.latent_values, ","),
            _number(one.bytes_per_image, ",.0f"),
        )
        for one in references
    ]
    lines = [*grid(heads, rows), ""]
    for one in references:
        lines += textwrap.wrap(f"{one.title}: {one.note}", _WIDTH, subsequent_indent="  ")
    return lines


def _of_data(
    model: str | None, latent: str | None, data: str, options: dict[str, Any], part: str, report: Any
) -> tuple[str, tuple["Reference", ...]]:
    shape = None if latent is None else _read_latent(latent)
    from diabolo.api.references import references_of
    from diabolo.data import load_data

    dataset = load_data(data, report=report, **options)
    if shape is None:
        from diabolo.api.summary import graph_of

        assert model is not None
        shape = tuple(graph_of(model, dataset.image_shape).latent_shape)
    for note in dataset.notes:
        echo(f"note: {note}", err=True)
    described = f"{dataset.describe()}; latent {'×'.join(map(str, shape))}"
    return described, references_of(dataset, shape, part=part, report=report)


def _read_latent(text: str) -> tuple[int, ...]:
    parts = text.lower().replace("×", "x").split("x")
    good = len(parts) in (1, 3) and all(part.isascii() and part.isdigit() and 0 < len(part) < 10 for part in parts)
    shape = tuple(int(part) for part in parts) if good else ()
    if not shape or math.prod(shape) < 1:
        raise DiaboloError(f"`--latent {clip(text)}`: write a number of values, as in 1024, or a grid, as in 8x8x16")
    return shape


def _number(value: float | None, form: str) -> str:
    return "-" if value is None else format(value, form)
