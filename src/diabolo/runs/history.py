"""The history of a run: one row an epoch, as `history.csv`."""

import csv
import io
from collections.abc import Iterable
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from diabolo.errors import RunError
from diabolo.files import write_text


@dataclass(frozen=True, kw_only=True)
class EpochRow:
    """What is known at the end of one epoch. Losses are means over pixel values, in the loss's own unit."""

    epoch: int
    """From 1."""
    loss: float
    """Train loss while training: the mean over the epoch's images, weights changing meanwhile; as Keras prints it.

    The only loss here that includes the penalty of a bottleneck.
    """
    train_loss: float
    """Train loss after the epoch in evaluation mode, on a fixed part of the train images."""
    val_loss: float
    """Validation loss after the epoch, in evaluation mode."""
    train_excess: float
    """`train_loss` less the loss of a perfect reconstruction (for binary cross-entropy, the pixel entropy)."""
    val_excess: float
    """`val_loss` less the loss of a perfect reconstruction."""
    val_mse: float
    """Mean squared error on the validation images, pixels in [0, 1]."""
    val_psnr: float
    """Mean over validation images of the per-image PSNR, in dB."""
    val_ssim: float
    """Mean structural similarity on the validation images."""
    seconds: float
    """Time of the epoch's training steps."""
    images_per_second: float
    """Training speed."""
    learning_rate: float
    """Of the epoch's last step."""


COLUMNS = tuple(field.name for field in fields(EpochRow))


def write_history(target: Path, rows: Iterable[EpochRow]) -> None:
    """Writes `history.csv` atomically, numbers with all their digits; raises `OutputError` where it cannot."""
    text = io.StringIO()
    writer = csv.DictWriter(text, COLUMNS, lineterminator="\n")
    writer.writeheader()
    writer.writerows(asdict(row) for row in rows)
    write_text(target, text.getvalue())


def read_history(source: Path) -> tuple[EpochRow, ...]:
    """Reads `history.csv`.

    Raises:
        RunError: the file is missing, cannot be read, or is no history.
    """
    try:
        with source.open(newline="", encoding="utf-8") as file:
            return tuple(row_from_dict(row) for row in csv.DictReader(file))
    except FileNotFoundError:
        raise RunError(f"no history in `{source.parent}`: the run has not finished an epoch yet") from None
    except OSError as error:
        raise RunError(f"`{source}` cannot be read ({error.strerror})") from None
    except (ValueError, csv.Error) as error:
        raise RunError(f"`{source}` is no history of this version of diabolo ({error}); was it edited?") from None


def row_from_dict(values: dict[str, Any]) -> EpochRow:
    """A row from texts or numbers by column name; raises ValueError where one is missing or no number."""
    missing = [name for name in COLUMNS if values.get(name) is None]
    if missing:
        raise ValueError(f"it has no {', '.join(missing)}")
    epoch = int(values["epoch"])
    if epoch < 1:
        raise ValueError(f"epoch {epoch}")
    return EpochRow(epoch=epoch, **{name: float(values[name]) for name in COLUMNS if name != "epoch"})
