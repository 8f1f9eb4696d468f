"""`diabolo eval`: measure a run's kept weights on images."""

from typing import Annotated

import typer

from diabolo.cli.echo import echo
from diabolo.cli.options import Channels, Engine, Fit, Json, Run, Size, data_options, print_json
from diabolo.errors import DiaboloError, clip


def evaluate_run(
    run: Run,
    data: Annotated[
        str | None,
        typer.Option("--data", metavar="DATA", help="Other images than the run's own.", show_default=False),
    ] = None,
    part: Annotated[
        str,
        typer.Option(
            "--part",
            metavar="PART",
            help="train, validation or test; validation keeps the test images untouched.",
        ),
    ] = "validation",
    engine: Engine = None,
    size: Size = None,
    fit: Fit = None,
    channels: Channels = None,
    as_json: Json = False,
) -> None:
    """Measure loss, MSE, PSNR and SSIM of a run.

    Beside them stands what was measured on the test images at the end of its training.
    """
    if part not in ("train", "validation", "test"):
        raise DiaboloError(f"`--part {clip(part)}`: there are train, validation and test")
    import torch

    from diabolo.api.engine import pick_engine
    from diabolo.api.evaluate import evaluate_part
    from diabolo.cli.data import progress_display
    from diabolo.use import load

    picked, notes = pick_engine(engine, torch.device("cpu"), trains=False)
    loaded = load(run, engine=picked)
    with progress_display() as report:
        results, dataset = evaluate_part(
            loaded, part, data=data, data_options=data_options(size, fit, channels), report=report
        )
    recorded = loaded.record.test
    if as_json:
        print_json(
            {"run": run, "line": loaded.line, "part": part, "data": dataset.name, **results, "recorded_test": recorded}
        )
        return
    for note in (*dataset.notes, *notes):
        echo(f"note: {note}", err=True)
    echo(f"{loaded.name}: {loaded.line}")
    echo(dataset.describe())
    echo(_line(f"{part} (now)", results))
    if recorded:
        echo(_line("test (at the end of training)", recorded))


def _line(name: str, values: dict[str, float]) -> str:
    return (
        f"{name:<30} loss {values['loss']:.4f} (floor + {values['excess']:.4f})  MSE {values['mse']:.5f}  "
        f"PSNR {values['psnr']:.2f} dB  SSIM {values['ssim']:.3f}  on {values['num_images']:,.0f} images"
    )
