"""`Tracker`: what each adapter does, and the numbers of an epoch by the names that trackers show."""

import math
from dataclasses import asdict
from typing import Any, Protocol

from diabolo.runs import EpochRow, RunRecord


class Tracker(Protocol):
    """Writes one training for one program."""

    where: str
    """Where the numbers go, and how to look at them, for a note."""

    def epoch(self, row: EpochRow) -> None:
        """Writes the numbers of an epoch."""

    def close(self, status: str) -> None:
        """Ends the training's record: `trained`, `stopped`, `diverged` or `failed`."""


_GROUPS = {
    "loss": "loss/while training", "train_loss": "loss/train", "val_loss": "loss/validation",
    "train_excess": "excess/train", "val_excess": "excess/validation", "val_mse": "quality/mse",
    "val_psnr": "quality/psnr", "val_ssim": "quality/ssim", "seconds": "speed/seconds",
    "images_per_second": "speed/images a second", "learning_rate": "learning rate",
}  # fmt: skip


def numbers_of(row: EpochRow) -> dict[str, float]:
    """The finite numbers of an epoch by name."""
    values = {_GROUPS.get(name, name): value for name, value in asdict(row).items() if name != "epoch"}
    return {name: float(value) for name, value in values.items() if math.isfinite(value)}


def choices_of(record: RunRecord) -> dict[str, Any]:
    """What was trained and how, as plain values by name."""
    recipe = {f"recipe.{name}": value for name, value in record.recipe.items()}
    return {
        "line": record.line, "data": record.data.get("name", ""), "seed": record.seed, "engine": record.engine,
        "device": record.device, **recipe,
    }  # fmt: skip
