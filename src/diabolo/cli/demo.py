"""`diabolo demo`: the question that started the project, answered on real images."""

from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer

from diabolo.cli.echo import echo
from diabolo.cli.options import Data, Engine, Json, print_json

if TYPE_CHECKING:
    from diabolo.api.job import Job
    from diabolo.data import Dataset
    from diabolo.use import Run

MODELS = ("method-1", "method-2", "bn-relu")
EPOCHS_FOR_FEW_IMAGES = 20  # 3 epochs of the sample are 54 steps: too few for BN's moving averages, let alone to learn
FEW_IMAGES = 10_000
NUM_SHOWN = 10


def demo(
    out: Annotated[Path, typer.Option("--out", metavar="FOLDER", help="Folder for runs and pictures.")] = Path("demo"),
    data: Data = "cifar10",
    epochs: Annotated[
        int | None,
        typer.Option("--epochs", metavar="N", help="Default: 3, or 20 on the small sample.", min=1, show_default=False),
    ] = None,
    engine: Engine = None,
    as_json: Json = False,
) -> None:
    """Answer the question that started diabolo, on CIFAR-10.

    Trains its two methods and a third; shows what is not connected, the curves, the reconstructions, the numbers.
    What an earlier call has finished is not trained again; what it left unfinished goes on.
    """
    from diabolo.api.summary import summary
    from diabolo.cli.data import progress_display
    from diabolo.data import load_data

    def say(text: str = "") -> None:
        echo(text, err=as_json)

    say("Someone wrote a convolutional autoencoder for CIFAR-10 in two versions and asked which is right, and which")
    say("of the two loss curves is the better model. In method-1 the result of every BatchNorm layer is dropped.\n")
    say(f"diabolo summary {MODELS[0]}")
    say(f"{summary(MODELS[0])}\n")
    say("The images:")
    with progress_display() as report:
        dataset = load_data(data, report=report)
    say(f"  {dataset.describe()}")
    for note in dataset.notes:
        say(f"  note: {note}")
    for note in _engine_notes(engine):
        say(f"  note: {note}")
    if epochs is None and len(dataset.train) < FEW_IMAGES:
        epochs = EPOCHS_FOR_FEW_IMAGES
    runs = [_trained(name, dataset, data, out / name, epochs, engine, to_stderr=as_json) for name in MODELS]
    curves, pictures = _draw(runs, dataset, out)
    rows = [_row(run) for run in runs]
    report_file = _report(runs, out)
    if as_json:
        print_json(
            {
                "data": dataset.name,
                "models": rows,
                "curves": str(curves),
                "reconstructions": str(pictures),
                "report": str(report_file),
            }
        )
        return
    say()
    for line in _table(rows):
        say(line)
    say(
        "\nMethod-1 has fewer parameters because its BN layers are no part of it. One training each does not say which"
        "\nmodel is better: that needs several seeds. The loss cannot reach 0 on grey levels; `excess` is what is left"
        "\nabove its floor, and PSNR says what the eye sees."
    )
    say(f"\nCurves:          {curves}")
    say(f"Reconstructions: {pictures}")
    say(f"Report:          {report_file}")
    say(f"Runs:            {', '.join(str(run.folder.path) for run in runs)}")


def _engine_notes(engine: str | None) -> tuple[str, ...]:
    import torch

    from diabolo.api.engine import pick_engine

    return pick_engine(engine, torch.device("cuda" if torch.cuda.is_available() else "cpu"))[1]


def _trained(
    name: str,
    dataset: "Dataset",
    data: str,
    path: Path,
    epochs: int | None,
    engine: str | None,
    *,
    to_stderr: bool,
) -> "Run":
    from diabolo.cli.train import carry_out
    from diabolo.use import Run

    echo(err=to_stderr)
    job = _job(name, dataset, data, path, epochs, engine)
    if job is None:
        echo(f"{name}: already trained in {path}; delete that folder to train it again", err=to_stderr)
        return Run(path)
    echo(job.engine, err=to_stderr)
    outcome, exit_code = carry_out(job, to_stderr=to_stderr)
    if exit_code:
        raise typer.Exit(exit_code)
    return outcome.run


def _job(name: str, dataset: "Dataset", data: str, path: Path, epochs: int | None, engine: str | None) -> "Job | None":
    """A new training, one to go on with, or None where it is finished; of the same images and epochs."""
    from diabolo.api.job import new_job, resumed_job
    from diabolo.errors import RunError
    from diabolo.runs import RunFolder
    from diabolo.train import find_recipe

    settings = {} if epochs is None else {"epochs": epochs}
    folder = RunFolder(path=path)
    if folder.exists():
        record = folder.record()
        wanted = find_recipe("fast").with_settings(settings)
        if record.data["digest"] != dataset.digest or record.recipe != {"name": wanted.name, **wanted.choices()}:
            raise RunError(
                f"`{path}` holds a run on other images or with another recipe; choose another `--out`, or delete it"
            )
        return None if record.status == "finished" else resumed_job(path, data=dataset)
    return new_job(name, dataset, settings=settings, out=path, engine=engine, data_name=data)


def _draw(runs: "list[Run]", dataset: "Dataset", out: Path) -> tuple[Path, Path]:
    import numpy as np

    from diabolo.api.figures import curve_data
    from diabolo.api.job import training_images
    from diabolo.figures.curves import draw_curves
    from diabolo.figures.side_by_side import Reconstructed, draw_side_by_side
    from diabolo.train import recipe_from_record
    from diabolo.use import psnr_of

    curves = draw_curves([curve_data(run) for run in runs], out / "curves.png")
    images = training_images(dataset, recipe_from_record(runs[0].record.recipe))
    shown = np.ascontiguousarray(images.validation[images.validation_indices[:NUM_SHOWN]])
    rows = []
    for run in runs:
        reconstructions = run.reconstruct(shown)
        rows.append(
            Reconstructed(
                label=run.name,
                reconstructions=reconstructions,
                psnr_db=psnr_of(shown, reconstructions),
                note=f"test {run.record.test['psnr']:.2f} dB",
            )
        )
    title = f"{dataset.name}: validation images and their reconstructions"
    return curves, draw_side_by_side(shown, rows, out / "reconstructions.png", title=title)


def _report(runs: "list[Run]", out: Path) -> Path:
    """All three on one page, with what needs no training beside them."""
    from diabolo.api.report import REPORT_FILE, write_report
    from diabolo.cli.data import progress_display

    with progress_display() as report:
        return write_report([run.folder.path for run in runs], out / REPORT_FILE, report=report)


def _row(run: "Run") -> dict:
    from diabolo.api.summary import summary

    described = summary(run.line, run.record.input_shape).to_dict()
    return {
        "name": run.name,
        "line": run.line,
        "total_params": described["total_params"],
        "trainable_params": described["trainable_params"],
        "unconnected": described["unconnected"],
        "epochs": len(run.history),
        "seconds": sum(row.seconds for row in run.history),
        "val_loss": run.history[-1].val_loss,
        "test": run.record.test,
        "run": str(run.folder.path),
    }


def _table(rows: list[dict]) -> list[str]:
    heads = ("model", "params", "not connected", "epochs", "seconds", "test loss", "excess", "MSE", "PSNR", "SSIM")
    cells = [
        (
            row["name"],
            f"{row['total_params']:,}",
            f"{len(row['unconnected'])} layers" if row["unconnected"] else "-",
            str(row["epochs"]),
            f"{row['seconds']:.0f}",
            f"{row['test']['loss']:.4f}",
            f"{row['test']['excess']:.4f}",
            f"{row['test']['mse']:.5f}",
            f"{row['test']['psnr']:.2f} dB",
            f"{row['test']['ssim']:.3f}",
        )
        for row in rows
    ]
    widths = [max(len(row[column]) for row in [heads, *cells]) for column in range(len(heads))]
    lines = ["  ".join(f"{cell:>{width}}" for cell, width in zip(row, widths, strict=True)) for row in [heads, *cells]]
    return [lines[0], "─" * len(lines[0]), *lines[1:]]
