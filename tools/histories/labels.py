"""Where histories and their labels lie, and their files as programs write them."""

import json
import math
from pathlib import Path
from typing import Any

from diabolo.files import write_text

TARGET = Path(__file__).parents[2] / "tests" / "explain" / "histories" / "real"
HELD_OUT_VARIANT = 2
_LABELS = TARGET / "labels.json"
_DIGITS = 7  # significant digits that are kept

_OURS = ("epoch", "loss", "train_loss", "val_loss", "train_excess", "val_excess", "val_mse", "val_psnr", "val_ssim",
         "learning_rate")  # fmt: skip


def text_of(rows: list[dict[str, float]], form: str) -> str:
    """The rows as the file of a program would be."""
    names = _OURS if form == "csv" else ("loss", "val_loss", "accuracy", "val_accuracy")
    names = tuple(name for name in names if name in rows[0])
    short = [{name: float(f"{row.get(name, math.nan):.{_DIGITS}g}") for name in names} for row in rows]
    if form == "keras":
        return json.dumps({name: [row[name] for row in short] for name in names}) + "\n"
    if form == "logger":
        names = ("epoch", *sorted(names))
        short = [{**row, "epoch": number} for number, row in enumerate(short)]
    lines = [",".join(names), *(",".join(_number(name, row[name]) for name in names) for row in short)]
    return "\n".join(lines) + "\n"


def _number(name: str, value: float) -> str:
    return str(int(value)) if name == "epoch" else f"{value:.{_DIGITS}g}"


def read_labels() -> dict[str, Any]:
    """What is known about each history, by its name."""
    return json.loads(_LABELS.read_text()) if _LABELS.exists() else {}


def write_labels(labels: dict[str, Any]) -> None:
    """Writes them, sorted by name."""
    write_text(_LABELS, json.dumps(dict(sorted(labels.items())), indent=1) + "\n")
