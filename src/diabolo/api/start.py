"""Initial weights of a new training, those that are computed from its train images included."""

import numpy as np
import torch

from diabolo.data import Dataset
from diabolo.model import AutoEncoder, build_model, derive_seed, initialise_closed_form
from diabolo.notation import Spec
from diabolo.train import ImageSource, Recipe, TrainingImages, images_at_once

_MOST_IMAGES = 20_000
_MOST_BYTES = 2**26  # of train images that are held in memory: 20,000 of CIFAR-10 are 61 MB


def build_for(
    spec: Spec | str, dataset: Dataset, images: TrainingImages, recipe: Recipe, *, seed: int, engine: str | None
) -> AutoEncoder:
    """A model on the CPU with the initial weights that a recipe asks for.

    `initialisation=pca` is fitted to train images alone: all of them, or 20,000 that the seed chooses (fewer where they
    would take more than 64 MiB).

    Raises:
        DiaboloError: the line does not fit the images, or does not let itself be started so.
    """
    in_closed_form = recipe.initialisation == "pca"
    drawn = "torch-uniform" if in_closed_form else recipe.initialisation
    model = build_model(spec, dataset.image_shape, seed=seed, initialisation=drawn, engine=engine)
    if in_closed_form:
        _start(model, images, seed)
    return model


def _start(model: AutoEncoder, images: TrainingImages, seed: int) -> None:
    indices = images.train_indices
    size = int(np.prod(model.graph.input_shape))
    most = max(1, min(_MOST_IMAGES, _MOST_BYTES // size))
    if len(indices) > most:
        generator = torch.Generator().manual_seed(derive_seed(seed, "closed-form"))
        indices = np.sort(indices[torch.randperm(len(indices), generator=generator)[:most].numpy()])
    held = ImageSource(np.asarray(images.train[indices]), torch.device("cpu"))
    everything, at_once = np.arange(len(indices)), images_at_once(model)
    initialise_closed_form(model, lambda: held.batches(everything, at_once))
