"""How many steps a training has."""

import math

from diabolo.checks.subject import Training


def steps_an_epoch(training: Training) -> int | None:
    """Optimiser steps an epoch; None where the number of images or of images a step is not known."""
    images = None if training.inputs is None else training.inputs.num_images
    if images is None or training.batch_size is None or training.batch_size < 1 or images < 1:
        return None
    if training.validation_split:
        images = int(images * (1 - training.validation_split))
    return math.ceil(images / training.batch_size)
