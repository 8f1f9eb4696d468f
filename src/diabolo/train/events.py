"""Events: training is an iterator of them, and everything that watches it reads the same stream."""

import math
from collections.abc import Callable
from dataclasses import dataclass

from diabolo.runs import EpochRow
from diabolo.train.state import TrainingState


@dataclass(frozen=True, kw_only=True)
class Started:
    """The first event."""

    num_epochs: int
    """Epochs in all."""
    steps_per_epoch: int
    """Steps of each epoch."""
    num_train: int
    """Train images."""
    num_validation: int
    """Validation images."""
    first_epoch: int
    """Epoch that training starts in, from 1; more than 1 after a resume."""
    first_step: int
    """Steps of that epoch that were already done."""
    validation_floor: float
    """Loss of a perfect reconstruction of the validation images."""
    state: Callable[[], TrainingState]
    """Takes a snapshot of what training starts from; call it before asking for the next event."""

    @property
    def is_resumed(self) -> bool:
        """Whether training goes on from a state in which steps were already done."""
        return self.first_epoch > 1 or self.first_step > 0


@dataclass(frozen=True, kw_only=True)
class StepDone:
    """After each training step."""

    epoch: int
    """From 1."""
    step: int
    """Steps of this epoch done."""
    loss: float
    """Mean train loss of the epoch so far."""
    images_per_second: float
    """Speed of the epoch so far."""


@dataclass(frozen=True, kw_only=True)
class Checkpoint:
    """A moment at which the state is worth writing: now and then within an epoch, and after each epoch.

    The weights are finite then; a state is never taken of a model that has diverged.
    """

    state: Callable[[], TrainingState]
    """Takes a snapshot; call it before asking for the next event."""


@dataclass(frozen=True, kw_only=True)
class EpochDone:
    """After each epoch and its evaluation."""

    row: EpochRow
    """The epoch's numbers."""
    history: tuple[EpochRow, ...]
    """All rows so far."""
    is_kept: bool
    """Whether the weights of this moment are the ones to keep, by the recipe's `keep`."""


@dataclass(frozen=True, kw_only=True)
class Stopped:
    """Training was asked to stop and did, between two steps; the last event."""

    epoch: int
    """Epoch that it stopped in, from 1."""
    step: int
    """Steps of that epoch done."""
    state: Callable[[], TrainingState]
    """Takes a snapshot to go on from."""


@dataclass(frozen=True, kw_only=True)
class Diverged:
    """The loss or a weight became NaN or infinite; the last event."""

    epoch: int
    """Epoch, from 1."""
    step: int
    """Step of that epoch, from 1."""
    loss: float
    """The value; finite where only the weights are not."""
    cause: str
    """The likely cause and what to do, in words."""

    @property
    def message(self) -> str:
        """What happened, in one sentence without a final stop."""
        what = f"the loss became {self.loss}" if not math.isfinite(self.loss) else "the weights became NaN or infinite"
        return f"{what} in epoch {self.epoch}, step {self.step}: {self.cause}"


@dataclass(frozen=True, kw_only=True)
class Trained:
    """All epochs are done; the last event."""

    history: tuple[EpochRow, ...]
    """All rows."""
    best_epoch: int
    """Epoch with the lowest val_loss."""


Event = Started | StepDone | Checkpoint | EpochDone | Stopped | Diverged | Trained
