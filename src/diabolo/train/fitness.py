"""What of a model, images and a recipe does not go together, found before the first step instead of hours later."""

import math

from diabolo.errors import RecipeError
from diabolo.model import AutoEncoder
from diabolo.train.images import TrainingImages
from diabolo.train.losses import loss_for
from diabolo.train.recipe import Recipe


def check_training(model: AutoEncoder, images: TrainingImages, recipe: Recipe) -> None:
    """Refuses what would fail in the middle of a training.

    Raises:
        RecipeError: the loss does not fit the model's last layer; the model has nothing to train; or the last step of
            an epoch gives a batch normalisation a single value.
    """
    loss_for(recipe.loss, model)
    if not any(node.num_trainable for node in model.graph.layers):
        raise RecipeError(f"`{model.line}` has no weights that reach its output, so there is nothing to train")
    last_batch = len(images.train_indices) % recipe.batch_size or min(recipe.batch_size, len(images.train_indices))
    for node in model.graph.nodes:
        if node.kind == "bn" and last_batch * math.prod(node.shape[:-1]) < 2:
            raise RecipeError(
                f"`batch_size` (={recipe.batch_size}) leaves one of {len(images.train_indices):,} train images for the "
                f"last step of each epoch, and `{node.name}` cannot normalise the single value a channel that it gets "
                "there; choose another `batch_size`"
            )
