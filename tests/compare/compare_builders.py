"""Models and run folders whose results are given, not trained."""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from diabolo.compare import ComparedModel, ComparedRun
from diabolo.compare.group import spread_of
from diabolo.compare.metrics import METRICS
from diabolo.files import write_text
from diabolo.runs import EpochRow, RunFolder, RunRecord, write_history, write_record

LINE = "conv4 relu bn pool | up conv3 sigmoid"
OTHER_LINE = "conv4 bn relu pool | up conv3 sigmoid"
DIGEST = "sha256:" + "ab" * 32
RECIPE: dict[str, Any] = {
    "name": "fast", "epochs": 4, "loss": "bce", "validation": "held-out", "validation_fraction": 0.1, "keep": "best",
    "learning_rate": 0.01,
}  # fmt: skip


def results(psnr: float) -> dict[str, float]:
    """Test results that go with a PSNR."""
    mse = 10 ** (-psnr / 10)
    return {"num_images": 100, "psnr": psnr, "mse": mse, "ssim": 1 - mse, "loss": 0.55 + mse, "excess": mse}


def model(label: str, psnrs: Sequence[float], *, first_seed: int = 0, **changes: Any) -> ComparedModel:
    """A model with one run for each PSNR."""
    runs = tuple(
        ComparedRun(
            folder=f"{label}/seed{seed}",
            seed=seed,
            test=results(psnr),
            val_psnr=(20.0, 24.9, 25.0, 25.0),
            seconds=10.0,
            images_per_second=1000.0,
        )
        for seed, psnr in enumerate(psnrs, first_seed)
    )
    values: dict[str, Any] = {
        "label": label,
        "line": LINE,
        "recipe": RECIPE,
        "data": {"name": "few", "digest": DIGEST, "source": "cache", "num_train": 90, "num_validation": 10},
        "engine": "plain",
        "num_parameters": 1000,
        "latent_shape": (4, 4, 4),
        "num_latent_values": 64,
        "macs": 10_000,
        "seconds": 10.0,
        "images_per_second": 1000.0,
        "results": {name: spread_of(runs, name) for name in METRICS},
        "runs": runs,
    }
    return ComparedModel(**values | changes)


def write_run(
    folder: Path,
    psnr: float,
    *,
    seed: int = 0,
    line: str = LINE,
    name: str = "small",
    recipe: dict[str, Any] | None = None,
    val_psnr: Sequence[float] = (20.0, 24.9, 25.0, 25.0),
    with_images: bool = True,
    **changes: Any,
) -> Path:
    """A finished run folder with these results; returns the folder."""
    test = results(psnr)
    if with_images:
        folder.mkdir(parents=True, exist_ok=True)
        spread = np.random.default_rng(seed).normal(0, 3, 100)
        np.save(folder / "test-psnr.npy", (spread - spread.mean() + psnr).astype(np.float32))
    values: dict[str, Any] = {
        "name": name,
        "line": line,
        "input_shape": (8, 8, 3),
        "seed": seed,
        "recipe": {**RECIPE, "epochs": len(val_psnr), **(recipe or {})},
        "data": {"name": "few", "digest": DIGEST, "source": "cache", "num_train": 90, "num_validation": 10},
        "command": "diabolo train",
        "threads": 1,
        "device": "cpu",
        "status": "finished",
        "machine": {"processor": "any", "cores": 2},
        "test": test,
    }
    files = RunFolder(path=folder)
    write_record(files.record_file, RunRecord(**values | changes))
    write_history(files.history_file, [_row(epoch, value) for epoch, value in enumerate(val_psnr, 1)])
    return folder


def write_damaged(file: Path) -> None:
    """Cuts a file in the middle of its text."""
    write_text(file, file.read_text()[: file.stat().st_size // 2])


def _row(epoch: int, psnr: float) -> EpochRow:
    return EpochRow(
        epoch=epoch, loss=0.56, train_loss=0.56, val_loss=0.56, train_excess=0.01, val_excess=0.01, val_mse=0.003,
        val_psnr=psnr, val_ssim=0.8, seconds=5.0, images_per_second=1000.0, learning_rate=0.01,
    )  # fmt: skip
