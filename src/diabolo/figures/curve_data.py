"""What the curves are drawn from: the history of a run, and the few things that are computed from it."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from diabolo.errors import DataError


@dataclass(frozen=True, kw_only=True)
class CurveData:
    """The history of one training run, one value an epoch; NaN where an epoch has none."""

    label: str
    """A short name, such as `method-2`."""
    line: str
    """The model's printed line."""
    epochs: Sequence[int]
    """Numbers of the epochs, rising."""
    loss: Sequence[float]
    """Loss on the training images."""
    val_loss: Sequence[float]
    """Loss on the validation images."""
    val_psnr: Sequence[float]
    """PSNR on the validation images, in dB."""
    loss_floor: float | None
    """The loss of a perfect copy of the validation images (see `metrics.pixel_entropy`) where it is above 0."""
    loss_name: str
    """`binary cross-entropy`, say."""
    loss_unit: str
    """`nats a pixel value`, say."""
    validation_name: str
    """What the validation images are: `validation`, or `test images`."""


def check_histories(histories: Sequence[CurveData]) -> None:
    """Refuses what cannot be drawn.

    Raises:
        DataError: no history, an empty one, or columns of different lengths.
    """
    if not histories:
        raise DataError("there are no curves to draw: give at least one history")
    for history in histories:
        lengths = {name: len(getattr(history, name)) for name in ("epochs", "loss", "val_loss", "val_psnr")}
        if len(set(lengths.values())) != 1:
            listed = ", ".join(f"{name} {length}" for name, length in lengths.items())
            raise DataError(f"the history of `{history.label}` has columns of different lengths: {listed}")
        if not history.epochs:
            raise DataError(f"the history of `{history.label}` is empty: it needs at least one epoch")


def excess(history: CurveData) -> NDArray[np.float64]:
    """Validation loss minus its floor, NaN where that is not finite or not above 0; empty when there is no floor."""
    if history.loss_floor is None:
        return np.empty(0)
    above = np.asarray(history.val_loss, dtype=np.float64) - history.loss_floor
    return np.where(np.isfinite(above) & (above > 0), above, np.nan)


def loss_floors(histories: Sequence[CurveData]) -> list[float]:
    """The different floors, rising."""
    return sorted({round(history.loss_floor, 6) for history in histories if history.loss_floor is not None})


def all_epochs(histories: Sequence[CurveData]) -> list[int]:
    """Every epoch that any history has, rising."""
    return sorted({int(epoch) for history in histories for epoch in history.epochs})


def finite_values(columns: Sequence[Sequence[float] | NDArray[np.float64]]) -> NDArray[np.float64]:
    """All finite values of the columns, in one array."""
    values = np.concatenate([np.asarray(column, dtype=np.float64) for column in columns])
    return values[np.isfinite(values)]


def validation_name(histories: Sequence[CurveData]) -> str:
    """What the validation images of all the histories are."""
    return joined(history.validation_name for history in histories)


def joined(names: Iterable[str]) -> str:
    """The different names, in order, with slashes between them."""
    return " / ".join(dict.fromkeys(names))


def spans(epochs: Sequence[int]) -> str:
    """`epoch 3` or `epochs 3, 7-9`; a long list is cut."""
    found: list[list[int]] = []
    for epoch in epochs:
        if found and epoch == found[-1][1] + 1:
            found[-1][1] = epoch
        else:
            found.append([epoch, epoch])
    shown = [str(low) if low == high else f"{low}–{high}" for low, high in found[:6]]
    return ("epoch " if len(epochs) == 1 else "epochs ") + ", ".join(shown) + (" and more" if len(found) > 6 else "")
