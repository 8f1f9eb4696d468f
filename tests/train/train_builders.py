"""What the tests of training are made of: a few random images, small models, and comparisons bit for bit."""

import itertools
from collections.abc import Callable, Iterable
from dataclasses import asdict
from typing import Any

import numpy as np
import torch

from diabolo.model import AutoEncoder, build_model
from diabolo.runs import EpochRow
from diabolo.train import Checkpoint, Event, Recipe, Started, Stopped, TrainingImages, TrainingState, find_recipe, train

PLAIN = "conv4 relu bn pool | up conv3 sigmoid"
NOISY = "noise conv4 relu bn dropout pool | gaussian4 | up conv3 sigmoid"
DEAD_BRANCH = "conv4 relu (bn) pool conv4 | up conv3 sigmoid"
SHAPE = (8, 8, 3)


def random_images(num_images: int, seed: int = 0, shape: tuple[int, int, int] = SHAPE) -> np.ndarray:
    """Smooth random pictures, uint8 (N, H, W, C)."""
    coarse = np.random.default_rng(seed).integers(0, 256, (num_images, shape[0] // 2, shape[1] // 2, shape[2]))
    return coarse.repeat(2, axis=1).repeat(2, axis=2).astype(np.uint8)


def parts(num_train: int = 45, num_validation: int = 10) -> TrainingImages:
    images = random_images(num_train + num_validation)
    return TrainingImages(
        train=images,
        train_indices=np.arange(num_train),
        validation=images,
        validation_indices=np.arange(num_train, num_train + num_validation),
    )


def recipe(**settings: Any) -> Recipe:
    """Three epochs of five steps, the last of them with 5 images."""
    return find_recipe("fast").with_settings({"epochs": 3, "batch_size": 10, "num_train_eval": 20, **settings})


def model(line: str = PLAIN, seed: int = 0, engine: str | None = None) -> AutoEncoder:
    return build_model(line, SHAPE, seed=seed, engine=engine)


def run(line: str = PLAIN, *, seed: int = 0, images: TrainingImages | None = None, **settings: Any) -> list[Event]:
    return list(train(model(line, seed), images or parts(), recipe(**settings), seed=seed))


def final_state(line: str, chosen: Recipe, *, seed: int = 0, stops: Iterable[int] = ()) -> TrainingState:
    """The state at the end of a training that was stopped after these numbers of steps and resumed each time.

    Each time a fresh model, with other weights, takes the state.
    """
    images, state = parts(), None
    for limit in [*stops, None]:
        trained = model(line, seed=seed if state is None else 99)
        for event in train(trained, images, chosen, seed=seed, resume=state, should_stop=_after(limit)):
            if isinstance(event, Started | Checkpoint | Stopped):
                state = event.state()
        if not isinstance(event, Stopped):
            break
    assert state is not None
    return state


def _after(num_steps: int | None) -> Callable[[], bool]:
    """A `should_stop` that lets so many steps pass."""
    asked = itertools.count()
    return lambda: num_steps is not None and next(asked) >= num_steps


def same_rows(one: Iterable[EpochRow], other: Iterable[EpochRow]) -> bool:
    """Equal but for times and speeds."""
    return list(map(_timeless, one)) == list(map(_timeless, other))


def same_state(one: TrainingState, other: TrainingState) -> bool:
    """Equal bit for bit: weights, moving statistics, optimiser, history, progress; but for times."""
    return (
        same_tensors(one.tensors, other.tensors)
        and same_rows(one.history, other.history)
        and {**asdict(one.progress), "seconds": 0} == {**asdict(other.progress), "seconds": 0}
    )


def same_tensors(one: dict[str, torch.Tensor], other: dict[str, torch.Tensor]) -> bool:
    return one.keys() == other.keys() and all(torch.equal(value, other[name]) for name, value in one.items())


def _timeless(row: EpochRow) -> dict[str, float]:
    return {name: value for name, value in asdict(row).items() if name not in ("seconds", "images_per_second")}
