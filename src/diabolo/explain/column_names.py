"""The names that other programs give to the columns of a history, and what they mean here."""

import re
from collections.abc import Iterable, Mapping

from diabolo.explain.history import Curve

_SAME = {
    "loss": ("loss", "train_loss", "training_loss", "loss_train", "epoch_loss", "train_epoch_loss", "tr_loss",
             "loss_epoch", "train_loss_epoch", "avg_loss", "mean_loss", "running_loss", "train"),
    "val_loss": ("val_loss", "valid_loss", "validation_loss", "loss_val", "loss_validation", "test_loss", "eval_loss",
                 "dev_loss", "val_loss_epoch", "validation_epoch_loss", "loss_test", "val", "validation", "test"),
    "val_mse": ("val_mse", "val_mean_squared_error", "valid_mse", "validation_mse", "test_mse", "eval_mse"),
    "val_psnr": ("val_psnr", "valid_psnr", "validation_psnr", "test_psnr", "eval_psnr"),
    "val_ssim": ("val_ssim", "valid_ssim", "validation_ssim", "test_ssim", "eval_ssim"),
    "learning_rate": ("learning_rate", "lr", "rate"),
    "accuracy": ("accuracy", "acc", "binary_accuracy", "categorical_accuracy", "train_acc", "train_accuracy"),
    "val_accuracy": ("val_accuracy", "val_acc", "val_binary_accuracy", "val_categorical_accuracy", "test_accuracy"),
}  # fmt: skip
_MEANINGS = {name: meaning for meaning, names in _SAME.items() for name in names}
EPOCH_NAMES = ("epoch", "epochs", "step", "iteration")
"""Columns that count; the first that is there is taken."""


def plain_name(name: object) -> str:
    """A column's name without case, spaces and punctuation: `Val/Loss` is `val_loss`."""
    return re.sub(r"[^a-z0-9]+", "_", str(name).strip().lower()).strip("_")


def known_columns(found: Mapping[str, Curve]) -> dict[str, Curve]:
    """The columns that mean something here, under the names that they have here.

    A file of ours (it has `train_excess`) keeps its names. In any other `train_loss` is the loss while training; where
    two columns mean the same, the first in the table of names wins.
    """
    ours = {"loss", "train_loss", "train_excess"} <= found.keys()
    kept: dict[str, Curve] = {}
    for meaning, names in _SAME.items():
        name = next((name for name in names if name in found), None)
        if name is not None:
            kept[meaning] = found[name]
    if ours:
        kept |= {name: found[name] for name in ("train_loss", "train_excess", "val_excess") if name in found}
    return kept


def described(names: Iterable[str]) -> str:
    """The columns of a file as a message lists them."""
    shown = [f"`{name[:40]}`" for name in names]
    return ", ".join(shown[:8]) + (f" and {len(shown) - 8} more" if len(shown) > 8 else "") if shown else "none"
