"""What a recipe's `augment` does to the images of a training step."""

import torch
from torch import Tensor

from diabolo.model import derive_seed


def augmented(images: Tensor, augment: str, seed: int, step: int) -> Tensor:
    """The images of one step, changed as the recipe says.

    Args:
        images: Float[Tensor, "batch channels height width"].
        augment: `none`, or `flip`: each image is mirrored left-right with probability one half.
        seed: of the training.
        step: number of the step since the start of the training; (seed, step) alone decide, whatever the device.

    Returns:
        Images of the same shape and memory layout.
    """
    if augment == "none":
        return images
    generator = torch.Generator().manual_seed(derive_seed(seed, "flip", step))
    mirrored = torch.randint(2, (len(images), 1, 1, 1), generator=generator).bool()
    return torch.where(mirrored.to(images.device, non_blocking=True), images.flip(3), images)
