"""Training: an iterator of typed events, driven by a frozen recipe, written into a run folder."""

from diabolo.train.evaluate import Evaluation, evaluate, images_at_once
from diabolo.train.events import Checkpoint, Diverged, EpochDone, Event, Started, StepDone, Stopped, Trained
from diabolo.train.fitness import check_training
from diabolo.train.images import ImageSource, TrainingImages, epoch_order
from diabolo.train.loop import CHECKPOINT_SECONDS, train
from diabolo.train.losses import LOSSES, Loss, find_loss, floor_of, loss_for
from diabolo.train.recipe import Recipe, all_recipes, find_recipe, recipe_from_record
from diabolo.train.state import (
    TrainingState,
    load_weights,
    read_state,
    write_state,
    write_weights,
)
from diabolo.train.tensor_file import read_tensors
from diabolo.train.writer import write_events

__all__ = [
    "CHECKPOINT_SECONDS", "LOSSES", "Checkpoint", "Diverged", "EpochDone", "Evaluation", "Event", "ImageSource", "Loss",
    "Recipe", "Started", "StepDone", "Stopped", "Trained", "TrainingImages", "TrainingState", "all_recipes",
    "check_training", "epoch_order", "evaluate", "find_loss", "find_recipe", "floor_of", "images_at_once",
    "load_weights", "loss_for", "read_state", "read_tensors", "recipe_from_record", "train", "write_events",
    "write_state", "write_weights",
]  # fmt: skip
