"""Training: an iterator of typed events, driven by a frozen recipe, written into a run folder."""

from diabolo.train.evaluate import Evaluation, evaluate
from diabolo.train.events import Checkpoint, Diverged, EpochDone, Event, Started, StepDone, Stopped, Trained
from diabolo.train.images import ImageSource, epoch_order
from diabolo.train.loop import TrainingImages, train
from diabolo.train.losses import LOSSES, Loss, loss_for
from diabolo.train.recipe import Recipe, all_recipes, find_recipe, recipe_from_record
from diabolo.train.state import (
    TrainingState,
    load_weights,
    read_state,
    read_tensors,
    write_state,
    write_weights,
)
from diabolo.train.writer import write_events

__all__ = [
    "LOSSES", "Checkpoint", "Diverged", "EpochDone", "Evaluation", "Event", "ImageSource", "Loss", "Recipe",
    "Started", "StepDone", "Stopped", "Trained", "TrainingImages", "TrainingState", "all_recipes", "epoch_order",
    "evaluate", "find_recipe", "load_weights", "loss_for", "read_state", "read_tensors", "recipe_from_record",
    "train", "write_events", "write_state", "write_weights",
]  # fmt: skip
