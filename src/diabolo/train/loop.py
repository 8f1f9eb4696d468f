"""The training loop: an iterator of events around a step that reads top to bottom."""

import math
import time
from collections.abc import Callable, Generator, Iterator
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray

from diabolo.model import AutoEncoder, derive_seed
from diabolo.runs import EpochRow
from diabolo.train.diagnosis import likely_cause
from diabolo.train.evaluate import evaluate
from diabolo.train.events import Checkpoint, Diverged, EpochDone, Event, Started, StepDone, Stopped, Trained
from diabolo.train.images import ImageSource, epoch_order
from diabolo.train.losses import loss_for, loss_input
from diabolo.train.optimiser import learning_rate, make_optimiser, set_learning_rate
from diabolo.train.recipe import Recipe
from diabolo.train.state import Progress, TrainingState, put_tensors, take_tensors

CHECKPOINT_SECONDS = 60.0
"""Time between checkpoints within an epoch."""


@dataclass(frozen=True, kw_only=True)
class TrainingImages:
    """What a training reads: uint8 images (N, H, W, C), and which of them are for what."""

    train: NDArray[np.uint8]
    """Images that `train_indices` point into."""
    train_indices: NDArray[np.int64]
    """Images to train on."""
    validation: NDArray[np.uint8]
    """Images that `validation_indices` point into; may be the same array."""
    validation_indices: NDArray[np.int64]
    """Images that give val_loss."""


def train(
    model: AutoEncoder,
    images: TrainingImages,
    recipe: Recipe,
    *,
    seed: int = 0,
    resume: TrainingState | None = None,
    should_stop: Callable[[], bool] = lambda: False,
) -> Iterator[Event]:
    """Trains a model in place.

    Args:
        model: on the device that is to be used, with its initial weights; after a `resume` those of the state.
        images: train and validation images.
        recipe: every training choice.
        seed: of the batch order, and of noise in the model; both depend on (seed, epoch, step) alone.
        resume: a state to go on from; the result is the same, bit for bit on a CPU, as without the interruption.
        should_stop: asked after each step.

    Yields:
        `Started`; for each epoch `StepDone`…, `EpochDone`, `Checkpoint`; at last `Trained`, `Stopped` or `Diverged`.

    Raises:
        RecipeError: the recipe does not fit the model.
    """
    return _Training(model, images, recipe, seed, resume, should_stop).events()


class _Training:
    def __init__(
        self,
        model: AutoEncoder,
        images: TrainingImages,
        recipe: Recipe,
        seed: int,
        resume: TrainingState | None,
        should_stop: Callable[[], bool],
    ) -> None:
        self.model, self.recipe, self.seed, self.should_stop = model, recipe, seed, should_stop
        self.device = next(model.parameters()).device
        self.loss = loss_for(recipe.loss, model)
        self.train_images = ImageSource(images.train, self.device)
        same = images.validation is images.train
        self.validation_images = self.train_images if same else ImageSource(images.validation, self.device)
        self.train_indices, self.validation_indices = images.train_indices, images.validation_indices
        chosen = epoch_order(len(self.train_indices), seed, 0)[: recipe.num_train_eval]
        self.train_eval_indices = self.train_indices[np.sort(chosen)]
        self.train_floor = self.loss.floor(images.train[self.train_eval_indices])
        self.validation_floor = self.loss.floor(images.validation[self.validation_indices])
        self.optimiser = make_optimiser(model.parameters(), recipe)
        self.steps_per_epoch = math.ceil(len(self.train_indices) / recipe.batch_size)
        self.progress = Progress() if resume is None else resume.progress
        self.history: tuple[EpochRow, ...] = () if resume is None else resume.history
        if resume is not None:
            put_tensors(model, self.optimiser, resume.tensors)
            if hasattr(self.optimiser, "num_steps"):
                self.optimiser.num_steps = self.progress.epoch * self.steps_per_epoch + self.progress.step

    def events(self) -> Iterator[Event]:
        """Everything from `Started` to the last event."""
        yield Started(
            num_epochs=self.recipe.epochs,
            steps_per_epoch=self.steps_per_epoch,
            num_train=len(self.train_indices),
            num_validation=len(self.validation_indices),
            first_epoch=self.progress.epoch + 1,
            first_step=self.progress.step,
            validation_floor=self.validation_floor,
        )
        while self.progress.epoch < self.recipe.epochs:
            ended = yield from self._epoch()
            if ended:
                return
        yield Trained(history=self.history, best_epoch=self.progress.best_epoch)

    def _epoch(self) -> Generator[Event, None, bool]:
        """One epoch; returns whether training ended in it."""
        epoch = self.progress.epoch + 1
        order = self.train_indices[epoch_order(len(self.train_indices), self.seed, epoch)]
        last_checkpoint = time.monotonic()
        self.model.train()
        while self.progress.step < self.steps_per_epoch:
            if self.should_stop():
                yield Stopped(epoch=epoch, step=self.progress.step, state=self.state)
                return True
            started = time.perf_counter()
            loss, num_images = self._step(order, epoch)
            if not math.isfinite(loss):
                yield self._diverged(epoch, self.progress.step + 1, loss)
                return True
            self._count(loss, num_images, time.perf_counter() - started)
            yield StepDone(
                epoch=epoch,
                step=self.progress.step,
                loss=self.progress.loss_sum / self.progress.num_seen,
                images_per_second=self.progress.num_seen / self.progress.seconds,
            )
            if time.monotonic() - last_checkpoint > CHECKPOINT_SECONDS:
                yield Checkpoint(state=self.state)
                last_checkpoint = time.monotonic()
        done = self._close_epoch(epoch)
        if done is None:
            yield self._diverged(epoch, self.steps_per_epoch, float("nan"))
            return True
        yield done
        yield Checkpoint(state=self.state)
        return False

    def _step(self, order: NDArray[np.int64], epoch: int) -> tuple[float, int]:
        """One training step; the mean loss and the number of images. A loss that is not finite changes no weight."""
        step, size = self.progress.step, self.recipe.batch_size
        global_step = (epoch - 1) * self.steps_per_epoch + step
        set_learning_rate(self.optimiser, learning_rate(self.recipe, global_step, self.num_steps))
        images = self.train_images.batch(order[step * size : (step + 1) * size])
        if self.model.is_random:
            torch.manual_seed(derive_seed(self.seed, "step", global_step))
        self.optimiser.zero_grad(set_to_none=True)
        with torch.autocast(self.device.type, torch.bfloat16, enabled=self.recipe.precision == "bfloat16"):
            output = loss_input(self.model, self.loss, images)
        loss = self.loss.function(output, images) + self.model.penalty()
        value = loss.item()
        if math.isfinite(value):
            loss.backward()
            if self.recipe.clip_norm:
                torch.nn.utils.clip_grad_norm_(self.model.parameters(), self.recipe.clip_norm)
            self.optimiser.step()
        return value, len(images)

    @property
    def num_steps(self) -> int:
        """Steps in all epochs."""
        return self.recipe.epochs * self.steps_per_epoch

    def _count(self, loss: float, num_images: int, seconds: float) -> None:
        progress = self.progress
        self.progress = replace(
            progress,
            step=progress.step + 1,
            loss_sum=progress.loss_sum + loss * num_images,
            num_seen=progress.num_seen + num_images,
            seconds=progress.seconds + seconds,
        )

    def _close_epoch(self, epoch: int) -> EpochDone | None:
        """Evaluates, adds the row, and moves on to the next epoch; None where the validation loss is not finite."""
        on_train = evaluate(self.model, self.train_images, self.train_eval_indices, self.loss, with_metrics=False)
        on_validation = evaluate(self.model, self.validation_images, self.validation_indices, self.loss)
        if not (math.isfinite(on_train.loss) and math.isfinite(on_validation.loss)):
            return None
        progress = self.progress
        row = EpochRow(
            epoch=epoch,
            loss=progress.loss_sum / progress.num_seen,
            train_loss=on_train.loss,
            val_loss=on_validation.loss,
            train_excess=on_train.loss - self.train_floor,
            val_excess=on_validation.loss - self.validation_floor,
            val_mse=on_validation.mse,
            val_psnr=on_validation.psnr,
            val_ssim=on_validation.ssim,
            seconds=progress.seconds,
            images_per_second=progress.num_seen / progress.seconds,
            learning_rate=self.optimiser.param_groups[0]["lr"],
        )
        self.history = (*self.history, row)
        is_best = on_validation.loss < progress.best_loss
        self.progress = Progress(
            epoch=epoch,
            best_loss=on_validation.loss if is_best else progress.best_loss,
            best_epoch=epoch if is_best else progress.best_epoch,
        )
        return EpochDone(row=row, history=self.history, is_kept=is_best or self.recipe.keep == "last")

    def _diverged(self, epoch: int, step: int, loss: float) -> Diverged:
        return Diverged(epoch=epoch, step=step, loss=loss, cause=likely_cause(self.model, self.recipe, self.history))

    def state(self) -> TrainingState:
        """A snapshot of this moment."""
        return TrainingState(
            progress=self.progress,
            history=self.history,
            tensors=take_tensors(self.model, self.optimiser),
            line=self.model.line or "",
        )
