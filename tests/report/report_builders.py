"""Run folders and pages for tests, made without training."""

import io
import math
import shutil
from pathlib import Path
from typing import Any

import numpy as np
from PIL import Image

from diabolo.report import ModelPictures, Picture, PictureGroup, ReportContent
from diabolo.report.gather import group_runs, read_run
from diabolo.report.verdict import plain_verdict
from diabolo.runs import EpochRow, RunFolder, RunRecord, write_history, write_record

CHROMIUM = next(
    (found for name in ("chromium", "chromium-browser", "google-chrome") if (found := shutil.which(name))), ""
)
CHROMEDRIVER = shutil.which("chromedriver") or ""
LINE = "conv64 relu bn pool conv16 relu bn pool | conv16 relu bn up conv32 relu bn up conv3 sigmoid"
DEAD_LINE = "conv64 relu (bn) pool conv16 relu (bn) pool | conv16 relu (bn) up conv32 relu (bn) up conv3 sigmoid"
RECIPE = {"name": "fast", "epochs": 3, "batch_size": 100, "loss": "bce", "validation": "split", "keep": "best"}
EVIL = '<img src=x onerror="alert(1)">'


def rows(num_epochs: int = 3, *, shift: float = 0.0, **changes: Any) -> tuple[EpochRow, ...]:
    """Falling losses and a rising PSNR."""
    made = []
    for epoch in range(1, num_epochs + 1):
        excess = 0.008 + shift / 100 + 0.05 * math.exp(-epoch / 3)
        values = {
            "loss": 0.5474 + excess, "train_loss": 0.5474 + excess, "val_loss": 0.5474 + excess,
            "train_excess": excess, "val_excess": excess, "val_mse": 0.4 * excess,
            "val_psnr": -10 * math.log10(0.4 * excess) + shift, "val_ssim": 0.8, "seconds": 10.0,
            "images_per_second": 1234.5, "learning_rate": 0.001,
        }  # fmt: skip
        made.append(EpochRow(epoch=epoch, **{**values, **changes}))
    return tuple(made)


def record(**changes: Any) -> RunRecord:
    """A finished run."""
    fields: dict[str, Any] = {
        "name": "method-2",
        "line": LINE,
        "input_shape": (32, 32, 3),
        "seed": 0,
        "recipe": RECIPE,
        "data": {
            "name": "cifar10", "digest": "sha256:1234", "source": "cache",
            "num_train": 45000, "num_validation": 5000, "num_test": 10000,
        },
        "command": "diabolo train method-2 --seed 0",
        "threads": 1,
        "device": "cpu",
        "status": "finished",
        "versions": {"diabolo": "0.1.0", "torch": "2.13.0"},
        "machine": {"processor": "a processor", "cores": 2},
        "created": "2026-11-24T12:00:00+00:00",
        "test": {
            "num_images": 10000, "loss": 0.55559, "excess": 0.00819, "mse": 0.0032987654,
            "psnr": 25.4321987, "ssim": 0.84321,
        },
    }  # fmt: skip
    return RunRecord(**{**fields, **changes})


def make_run(path: Path, history: tuple[EpochRow, ...] | None = None, **changes: Any) -> Path:
    """Writes a run folder without weights and returns it."""
    path.mkdir(parents=True, exist_ok=True)
    folder = RunFolder(path=path)
    write_record(folder.record_file, record(**changes))
    write_history(folder.history_file, rows() if history is None else history)
    return path


def page(*paths: Path, **changes: Any) -> ReportContent:
    """The content of a page of these runs, with nothing but what their folders hold."""
    models, _ = group_runs([read_run(path) for path in paths])
    fields = {"title": "a page", "verdict": plain_verdict(models, ()), "models": models, "version": "0.1.0"}
    return ReportContent(**{**fields, **changes})


def png(seed: int, side: int = 32) -> bytes:
    """Coloured noise."""
    written = io.BytesIO()
    Image.fromarray(np.random.default_rng(seed).integers(0, 256, (side, side, 3), np.uint8)).save(written, "PNG")
    return written.getvalue()


def pictures(model: int = 0, num_choices: int = 6) -> ModelPictures:
    """Pictures of noise; two models have the same originals."""

    def one(number: int) -> Picture:
        return Picture(
            number=number,
            original=png(number),
            reconstruction=png(1000 * (model + 1) + number),
            difference=png(10_000 * (model + 1) + number),
            psnr=20.0 + number,
        )

    return ModelPictures(
        groups=tuple(
            PictureGroup(name=name, pictures=(one(20 + at),)) for at, name in enumerate(("best", "median", "worst"))
        ),
        choice=tuple(one(number) for number in range(num_choices)),
        caption="Kept weights, 6 validation images.",
        psnr=tuple(20.0 + 0.5 * number for number in range(12)),
    )
