"""`History`: the curves of one training, wherever they come from, and what is known about it besides."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from functools import lru_cache
from pathlib import Path
from typing import Any

import numpy as np
from numpy.typing import NDArray

from diabolo.compare.folders import imported_words
from diabolo.errors import DataError, DiaboloError, RunError
from diabolo.graph import build_graph
from diabolo.runs import EpochRow, RunFolder
from diabolo.runs.bottleneck_words import BottleneckUse, bottleneck_uses
from diabolo.runs.loss_text import known_loss

Curve = NDArray[np.float64]
"""One value an epoch, NaN where there is none."""

LARGEST = 1e30
"""From here on a value is no number any more: a loss that large overflows in the next step."""


@dataclass(frozen=True, kw_only=True, eq=False)
class History:
    """The curves of one training."""

    name: str
    """How sentences call it."""
    source: str = ""
    """The folder or file that it was read from."""
    epochs: NDArray[np.int64]
    """Numbers of the epochs, rising, from 1."""
    columns: Mapping[str, Curve]
    """Curves by name: `loss` (while training, as Keras prints it), `train_loss` (train images, evaluation mode),
    `val_loss`, `val_mse`, `val_psnr` (dB), `val_ssim`, `learning_rate`, `accuracy`, `val_accuracy`."""
    loss: str = ""
    """As in a recipe: `bce`, `mse`, `0.84*ms-ssim+0.16*l1`; empty where it is not known."""
    train_floor: float | None = None
    """Loss of a perfect reconstruction of the train images; None where it is not known."""
    val_floor: float | None = None
    """The same for the validation images."""
    validation_name: str = "validation images"
    """What the validation images are."""
    broken_from: int | None = None
    """First epoch in which a loss is NaN or infinite, as opposed to missing; None where none is."""
    planned_epochs: int | None = None
    """Epochs that were asked for; None where it is not known."""
    line: str = ""
    """The model's line; empty where it is not known."""
    kinds: frozenset[str] | None = None
    """Kinds of layers that are connected; None where it is not known."""
    images: str = ""
    """Tells one set of validation images from another; empty where it is not known."""
    recipe: Mapping[str, Any] = field(default_factory=dict)
    """Training choices, as far as they are known."""
    seed: int | None = None
    """Of initial weights and batch order."""
    num_latent: int | None = None
    """Values of the latent; None where it is not known."""
    bottlenecks: tuple[BottleneckUse, ...] = ()
    """How its bottlenecks are used; empty where it is not known, as before the end of a training."""

    def __post_init__(self) -> None:
        lengths = {name: len(curve) for name, curve in self.columns.items()} | {"epochs": len(self.epochs)}
        if len(set(lengths.values())) != 1:
            listed = ", ".join(f"{name} {length}" for name, length in lengths.items())
            raise DataError(f"the history of `{self.name}` has columns of different lengths: {listed}")

    def curve(self, name: str) -> Curve | None:
        """A column, NaN where it has no number below `LARGEST`; None where it has none at all."""
        found = self.columns.get(name)
        if found is None:
            return None
        clean = np.where(np.abs(found) < LARGEST, found, np.nan)
        return clean if np.isfinite(clean).any() else None

    @property
    def loss_title(self) -> str:
        """`binary cross-entropy`, or `loss` where it is not known which."""
        found = known_loss(self.loss)
        return found.title if found else "loss"


def history_of_run(folder: str | Path) -> History:
    """The history of a run folder; neither weights nor images are read.

    Raises:
        RunError: there is no run, it was imported, it has not finished an epoch, or a file of it is damaged.
    """
    run = RunFolder(path=Path(folder).expanduser())
    record = run.record()
    if record.status == "imported" and not run.history_file.exists():
        raise RunError(f"no history in `{folder}`: {imported_words(run, record)}")
    rows = run.history()
    values = columns_of(rows)
    kinds, num_latent = _of_line(record.line, record.input_shape)
    loss = str(record.recipe.get("loss", ""))
    tested = record.recipe.get("validation") == "test"
    broken = record.status == "diverged"
    return History(
        name=record.name,
        source=str(folder),
        epochs=np.array([row.epoch for row in rows], dtype=np.int64),
        columns=values,
        loss=loss if known_loss(loss) else "",
        train_floor=_floor(values, "train"),
        val_floor=_floor(values, "val"),
        validation_name="test images" if tested else "validation images",
        broken_from=(rows[-1].epoch + 1 if rows else 1) if broken else _first_broken(rows),
        planned_epochs=record.recipe.get("epochs"),
        line=record.line,
        kinds=kinds,
        images=_images(record.data, record.recipe),
        recipe=record.recipe,
        seed=record.seed,
        num_latent=num_latent,
        bottlenecks=bottleneck_uses(record.test),
    )


def columns_of(rows: Sequence[EpochRow]) -> dict[str, Curve]:
    """The columns of a run's history."""
    names = ("loss", "train_loss", "val_loss", "train_excess", "val_excess", "val_mse", "val_psnr", "val_ssim",
             "learning_rate")  # fmt: skip
    return {name: np.array([getattr(row, name) for row in rows], dtype=np.float64) for name in names}


def with_line(history: History, line: str, input_shape: tuple[int, int, int]) -> History:
    """The history, told which model it is of.

    Raises:
        LineError: it is no line.
    """
    kinds, num_latent = _kinds(line, input_shape)
    return replace(history, line=line, kinds=kinds, num_latent=num_latent)


def floor_of(values: Mapping[str, Curve], part: str) -> float | None:
    """The floor that a loss and its excess over it tell, or None. `part` is `train` or `val`."""
    return _floor(values, part)


def _floor(values: Mapping[str, Curve], part: str) -> float | None:
    if f"{part}_loss" not in values or f"{part}_excess" not in values:
        return None
    gaps = values[f"{part}_loss"] - values[f"{part}_excess"]
    gaps = gaps[np.isfinite(gaps)]
    if not len(gaps):
        return None
    floor = float(np.median(gaps))
    return 0.0 if abs(floor) < 1e-12 else floor


def _first_broken(rows: Sequence[EpochRow]) -> int | None:
    return next((row.epoch for row in rows if not _is_sound(row)), None)


def _is_sound(row: EpochRow) -> bool:
    return all(abs(value) < LARGEST for value in (row.loss, row.train_loss, row.val_loss))


def _images(data: Mapping[str, Any], recipe: Mapping[str, Any]) -> str:
    """What has to be equal for two runs to have the same validation images."""
    return "/".join(str(part) for part in (data.get("digest"), recipe.get("validation"), data.get("num_validation")))


def _of_line(line: str, shape: tuple[int, int, int]) -> tuple[frozenset[str] | None, int | None]:
    try:
        return _kinds(line, shape)
    except DiaboloError:  # a line of another version; its curves can be read all the same
        return None, None


@lru_cache(maxsize=256)
def _kinds(line: str, shape: tuple[int, int, int]) -> tuple[frozenset[str], int]:
    graph = build_graph(line, shape)
    size = 1
    for side in graph.latent_shape:
        size *= side
    return frozenset(node.kind for node in graph.layers), size
