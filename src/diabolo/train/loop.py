"""The training loop: an iterator of events around a step that reads top to bottom."""

import contextlib
import math
import time
from collections.abc import Callable, Generator, Iterable, Iterator
from dataclasses import asdict, replace

import numpy as np
import torch
from torch import Tensor, nn

from diabolo.model import AutoEncoder, derive_seed, matrices, parameters_on_main_path
from diabolo.model.device import device_of
from diabolo.runs import EpochRow
from diabolo.train.augment import augmented
from diabolo.train.average import WeightAverage
from diabolo.train.diagnosis import likely_cause
from diabolo.train.evaluate import evaluate
from diabolo.train.events import Checkpoint, Diverged, EpochDone, Event, Started, StepDone, Stopped, Trained
from diabolo.train.fitness import check_training
from diabolo.train.images import ImageSource, TrainingImages, epoch_order
from diabolo.train.losses import floor_of, loss_for, loss_input
from diabolo.train.optimiser import learning_rate, make_optimiser
from diabolo.train.precision import autocast, products
from diabolo.train.random import seeded
from diabolo.train.recipe import Recipe
from diabolo.train.state import Progress, TrainingState, put_tensors, take_tensors, taken_average
from diabolo.train.tally import DeviceTally, HostTally, make_tally

CHECKPOINT_SECONDS = 60.0
"""Time between checkpoints within an epoch, where nothing else is asked for."""


def train(
    model: AutoEncoder,
    images: TrainingImages,
    recipe: Recipe,
    *,
    seed: int = 0,
    resume: TrainingState | None = None,
    should_stop: Callable[[], bool] = lambda: False,
    checkpoint_seconds: float = CHECKPOINT_SECONDS,
) -> Iterator[Event]:
    """Trains a model in place and leaves torch's global random numbers as they are.

    Args:
        model: on the device that is to be used, with its initial weights; after a `resume` those of the state. It is
            left in training mode. With `ema` it has the averaged weights at `EpochDone` and from `Trained` on.
        images: train and validation images.
        recipe: every training choice.
        seed: of the batch order, which depends on (seed, epoch) alone, and of augmentation, and of dropout and noise
            in the model, which depend on (seed, number of the step) alone.
        resume: a state to go on from; the result is the same as without the interruption, bit for bit on a CPU with
            the same number of threads.
        should_stop: asked before each step; True ends training with `Stopped`. An epoch whose last step is done is
            evaluated first.
        checkpoint_seconds: time between checkpoints within an epoch.

    Yields:
        `Started`; for each epoch `StepDone`… with a `Checkpoint` now and then, `EpochDone`, `Checkpoint`; at last
        `Trained`, `Stopped` or `Diverged`. Between two events nothing runs, so a reader may look at the model. On
        CUDA the host does not wait for steps: `StepDone` comes a few times a second and says what was known then, and
        a step whose loss is not finite is found a moment later (its successors change no weight either).

    Raises:
        RecipeError: the recipe does not fit the model or the images.
        RunError: the state to resume is of another line, seed or recipe.
    """
    return _Training(model, images, recipe, seed, resume, should_stop, checkpoint_seconds).events()


@contextlib.contextmanager
def _without_gradients(parameters: Iterable[nn.Parameter]) -> Iterator[None]:
    """Parameters that take no gradient, until training ends."""
    changed = [parameter for parameter in parameters if parameter.requires_grad]
    for parameter in changed:
        parameter.requires_grad_(False)
    try:
        yield
    finally:
        for parameter in changed:
            parameter.requires_grad_(True)


class _Training:
    def __init__(
        self,
        model: AutoEncoder,
        images: TrainingImages,
        recipe: Recipe,
        seed: int,
        resume: TrainingState | None,
        should_stop: Callable[[], bool],
        checkpoint_seconds: float,
    ) -> None:
        check_training(model, images, recipe)
        self.model, self.recipe, self.seed = model, recipe, seed
        self.should_stop, self.checkpoint_seconds = should_stop, checkpoint_seconds
        self.device = device_of(model)
        self.loss = loss_for(recipe.loss, model)
        self.train_images = ImageSource(images.train, self.device)
        same = images.validation is images.train
        self.validation_images = self.train_images if same else ImageSource(images.validation, self.device)
        self.train_indices, self.validation_indices = images.train_indices, images.validation_indices
        chosen = epoch_order(len(self.train_indices), seed, 0)[: recipe.num_train_eval]
        self.train_eval_indices = self.train_indices[np.sort(chosen)]
        self.train_floor = floor_of(self.loss, images.train, self.train_eval_indices)
        self.validation_floor = floor_of(self.loss, images.validation, self.validation_indices)
        self.steps_per_epoch = math.ceil(len(self.train_indices) / recipe.batch_size)
        self.num_steps = recipe.epochs * self.steps_per_epoch
        self.progress = Progress() if resume is None else resume.progress
        self.tally = self._tally()
        self.history: tuple[EpochRow, ...] = () if resume is None else resume.history
        main = () if recipe.main_rate == 1 else parameters_on_main_path(model)
        self.optimiser = make_optimiser(
            model.parameters(), recipe, main=main, matrices=matrices(model), num_steps=self.num_steps_done
        )
        self.left_alone = () if recipe.main_rate else main
        if resume is not None:
            resume.check_same(model.line or "", seed, asdict(recipe))
            put_tensors(model, self.optimiser, resume.tensors)
        self.average = WeightAverage(model, recipe.ema) if recipe.ema else None
        if self.average is not None and resume is not None:
            self.average.put(taken_average(resume.tensors))

    @property
    def num_steps_done(self) -> int:
        """Steps since the start of the training."""
        return self.progress.epoch * self.steps_per_epoch + self.progress.step

    def events(self) -> Iterator[Event]:
        """Everything from `Started` to the last event."""
        with _without_gradients(self.left_alone):
            yield from self._events()

    def _events(self) -> Iterator[Event]:
        yield Started(
            num_epochs=self.recipe.epochs,
            steps_per_epoch=self.steps_per_epoch,
            num_train=len(self.train_indices),
            num_validation=len(self.validation_indices),
            first_epoch=self.progress.epoch + 1,
            first_step=self.progress.step,
            validation_floor=self.validation_floor,
            state=self.state,
        )
        while self.progress.epoch < self.recipe.epochs:
            ended = yield from self._epoch()
            if ended:
                return
        if self.average is not None:
            self.average.load()
        yield Trained(history=self.history, best_epoch=self.progress.best_epoch)

    def _epoch(self) -> Generator[Event, None, bool]:
        """One epoch; returns whether training ended in it."""
        epoch = self.progress.epoch + 1
        order = self.train_indices[epoch_order(len(self.train_indices), self.seed, epoch)]
        last_checkpoint = time.monotonic()
        self.tally = self._tally()
        self.model.train()
        with contextlib.closing(
            self.train_images.batches(order, self.recipe.batch_size, first=self.progress.step)
        ) as batches:
            while self.progress.step < self.steps_per_epoch:
                if self.should_stop():
                    yield self._stopped(epoch)
                    return True
                started = time.perf_counter()
                self._step(next(batches))
                self._count(time.perf_counter() - started)
                reading = self.tally.latest()
                if reading is None:
                    pass
                elif reading.is_broken:
                    yield self._diverged(epoch, reading.step + 1, reading.loss)
                    return True
                else:
                    yield StepDone(epoch=epoch, step=reading.step, loss=reading.loss, images_per_second=self._speed())
                if time.monotonic() - last_checkpoint >= self.checkpoint_seconds:
                    if self._settle() and self._is_finite():
                        yield Checkpoint(state=self.state)
                    last_checkpoint = time.monotonic()
        with self._averaged():
            done = self._close_epoch(epoch)
            yield done
        if isinstance(done, Diverged):
            return True
        yield Checkpoint(state=self.state)
        return False

    def _step(self, images: Tensor) -> None:
        """One training step. A loss that is not finite changes no weight."""
        images = augmented(images, self.recipe.augment, self.seed, self.num_steps_done)
        self.optimiser.rate = learning_rate(self.recipe, self.num_steps_done, self.num_steps)
        self.optimiser.zero_grad()
        with products(self.recipe.precision, self.device):
            with self._random_numbers(), autocast(self.recipe.precision, self.device):
                output = loss_input(self.model, self.loss, images)
            loss = self.loss.function(output, images) + self.model.penalty()
            if self.tally.add(loss.detach(), len(images)) and loss.requires_grad:
                loss.backward()
                if self.recipe.clip_norm:
                    torch.nn.utils.clip_grad_norm_(self.optimiser.parameters, self.recipe.clip_norm)
                self.optimiser.step(skip=self.tally.skip)
                if self.average is not None:
                    self.average.update(self.num_steps_done)

    def _averaged(self) -> contextlib.AbstractContextManager[None]:
        """The model with the weights that an epoch is judged by."""
        return contextlib.nullcontext() if self.average is None else self.average.applied()

    def _random_numbers(self) -> contextlib.AbstractContextManager[None]:
        """Of this step, for dropout, noise and sampling; nothing where the model draws none."""
        if not self.model.is_random:
            return contextlib.nullcontext()
        return seeded(derive_seed(self.seed, "step", self.num_steps_done), self.device)

    def _tally(self) -> HostTally | DeviceTally:
        progress = self.progress
        return make_tally(self.device, step=progress.step, num_seen=progress.num_seen, loss_sum=progress.loss_sum)

    def _count(self, seconds: float) -> None:
        progress = self.progress
        self.progress = replace(progress, step=progress.step + 1, seconds=progress.seconds + seconds)

    def _settle(self) -> bool:
        """Waits for the device, where it works on its own, and takes over the sums; whether all losses were finite."""
        started = time.perf_counter()
        reading = self.tally.settled()
        self.progress = replace(
            self.progress,
            loss_sum=reading.loss_sum,
            num_seen=reading.num_seen,
            seconds=self.progress.seconds + time.perf_counter() - started,
        )
        return not reading.is_broken

    def _close_epoch(self, epoch: int) -> EpochDone | Diverged:
        """Evaluates, adds the row, and moves on to the next epoch, unless the model has diverged."""
        if not self._settle():
            return self._broken(epoch)
        on_train = evaluate(self.model, self.train_images, self.train_eval_indices, self.loss, with_metrics=False)
        on_validation = evaluate(self.model, self.validation_images, self.validation_indices, self.loss)
        for measured in (on_train, on_validation):
            if not math.isfinite(measured.loss):
                return self._diverged(epoch, self.steps_per_epoch, measured.loss)
        if not self._is_finite():  # weights that the loss does not show: those of side branches, say
            return self._diverged(epoch, self.steps_per_epoch, on_validation.loss)
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
            images_per_second=self._speed(),
            learning_rate=learning_rate(self.recipe, self.num_steps_done - 1, self.num_steps),
        )
        self.history = (*self.history, row)
        is_best = on_validation.loss < progress.best_loss
        self.progress = Progress(
            epoch=epoch,
            best_loss=on_validation.loss if is_best else progress.best_loss,
            best_epoch=epoch if is_best else progress.best_epoch,
        )
        return EpochDone(row=row, history=self.history, is_kept=is_best or self.recipe.keep == "last")

    def _speed(self) -> float:
        """Images a second in this epoch's steps."""
        return self.tally.num_seen / max(self.progress.seconds, 1e-9)

    def _is_finite(self) -> bool:
        """Whether all parameters and moving statistics are finite: a step can break them and still report a loss."""
        return all(bool(torch.isfinite(value).all()) for value in self.model.state_dict().values())

    def _stopped(self, epoch: int) -> Stopped | Diverged:
        step = self.progress.step
        if not self._settle():
            return self._broken(epoch)
        if step and not self._is_finite():
            return self._diverged(epoch, step, self.progress.loss_sum / self.progress.num_seen)
        return Stopped(epoch=epoch, step=step, state=self.state)

    def _broken(self, epoch: int) -> Diverged:
        """What is said where a loss was not finite and the device has only told now."""
        reading = self.tally.settled()
        return self._diverged(epoch, reading.step + 1, reading.loss)

    def _diverged(self, epoch: int, step: int, loss: float) -> Diverged:
        return Diverged(epoch=epoch, step=step, loss=loss, cause=likely_cause(self.model, self.recipe, self.history))

    def state(self) -> TrainingState:
        """A snapshot of this moment."""
        return TrainingState(
            progress=self.progress,
            history=self.history,
            tensors=take_tensors(self.model, self.optimiser, {} if self.average is None else self.average.tensors),
            line=self.model.line or "",
            seed=self.seed,
            recipe=asdict(self.recipe),
        )
