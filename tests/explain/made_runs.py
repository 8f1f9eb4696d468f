"""Run folders with a history by formula: nothing is trained."""

from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from diabolo.runs import EpochRow, RunFolder, RunRecord, write_history, write_record

LINE = "conv16 relu pool | up conv3 sigmoid"
FLOOR = 0.5


def make_run(
    folder: Path, val: NDArray[np.float64], *, name: str = "small", line: str = LINE, seed: int = 0, **changes: object
) -> Path:
    """Writes `run.toml` and `history.csv`.

    Args:
        folder: the run.
        val: validation losses above the floor, one an epoch.
        name: of the model.
        line: of the model.
        seed: of the run.
        changes: fields of the record, as `status`.
    """
    recipe = {"name": "keras", "loss": "bce", "epochs": len(val), "validation": "held-out", "keep": "best"}
    fields = {"recipe": recipe, "status": "finished", **changes}
    record = RunRecord(
        name=name,
        line=line,
        input_shape=(32, 32, 3),
        seed=seed,
        data={"name": "made", "digest": "sha256:0", "source": "made"},
        command="diabolo train",
        threads=1,
        device="cpu",
        **fields,  # type: ignore[arg-type]
    )
    rows = [
        EpochRow(
            epoch=epoch,
            loss=float(excess) + FLOOR,
            train_loss=float(excess) + FLOOR,
            val_loss=float(excess) + FLOOR,
            train_excess=float(excess),
            val_excess=float(excess),
            val_mse=float(excess) / 3,
            val_psnr=float(-10 * np.log10(excess / 3)),
            val_ssim=0.8,
            seconds=1.0,
            images_per_second=1000.0,
            learning_rate=0.001,
        )
        for epoch, excess in enumerate(val, start=1)
    ]
    write_record(RunFolder(path=folder).record_file, record)
    write_history(RunFolder(path=folder).history_file, rows)
    return folder


def falling(count: int = 40, power: float = 0.6) -> NDArray[np.float64]:
    return 0.1 * np.arange(1.0, count + 1) ** -power


def settled(count: int = 60, end: float = 0.01) -> NDArray[np.float64]:
    wiggle = 1 + 0.002 * np.cos(np.arange(count) * 2.4)
    return (end + 0.09 * np.exp(-np.arange(1.0, count + 1) / 4)) * wiggle
