"""Which images a training reads, and batches of them by index; they stay uint8 wherever they lie."""

from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from diabolo.kernels import gather_images
from diabolo.model import derive_seed


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


class ImageSource:
    """Gives float batches of a uint8 array.

    On a CPU the array stays where it is (it may be memory-mapped) and a batch is gathered and converted; on another
    device the uint8 images are moved there once.
    """

    def __init__(self, images: NDArray[np.uint8], device: torch.device) -> None:
        self.array = images
        self.device = device
        self.on_device = None if device.type == "cpu" else torch.from_numpy(np.ascontiguousarray(images)).to(device)

    def __len__(self) -> int:
        return len(self.array)

    def batch(self, indices: NDArray[np.int64]) -> Tensor:
        """Float[Tensor, "batch channels height width"] in [0, 1], channels-last in memory."""
        if self.on_device is None:
            gathered = gather_images(self.array, indices)
            if gathered is not None:
                return gathered
            taken = torch.from_numpy(self.array[indices])
        else:
            taken = self.on_device[torch.from_numpy(indices).to(self.device)]
        return taken.to(torch.float32).div_(255.0).permute(0, 3, 1, 2)


def epoch_order(num_images: int, seed: int, epoch: int) -> NDArray[np.int64]:
    """The order of the train images in one epoch, a function of (seed, epoch) alone."""
    generator = torch.Generator().manual_seed(derive_seed(seed, "order", epoch))
    order: NDArray[np.int64] = torch.randperm(num_images, generator=generator).numpy()
    return order
