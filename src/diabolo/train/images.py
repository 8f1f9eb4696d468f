"""Which images a training reads, and batches of them by index; they stay uint8 wherever they lie."""

from collections import deque
from collections.abc import Callable, Generator, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from dataclasses import dataclass

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from diabolo.data import Images
from diabolo.kernels import gather_images
from diabolo.model import derive_seed

_AHEAD = 2  # batches read ahead; more only holds memory
_SHARE_OF_DEVICE = 0.5  # of a GPU's free memory that images may take; the rest is the model's


@dataclass(frozen=True, kw_only=True)
class TrainingImages:
    """What a training reads: uint8 images (N, H, W, C), and which of them are for what."""

    train: Images
    """Images that `train_indices` point into."""
    train_indices: NDArray[np.int64]
    """Images to train on."""
    validation: Images
    """Images that `validation_indices` point into; may be the same array."""
    validation_indices: NDArray[np.int64]
    """Images that give val_loss."""


class ImageSource:
    """Gives float batches of uint8 images.

    On a CPU an array in memory stays where it is and a batch is gathered and converted when it is asked for: that
    takes a microsecond an image. Images on disk are read by a thread ahead of the step that needs them. On a GPU the
    images are moved there once, where they fit; else batches are gathered ahead too.
    """

    def __init__(self, images: Images, device: torch.device) -> None:
        self.images = images
        self.device = device
        self.on_device = None
        if isinstance(images, np.ndarray) and _fits(images.nbytes, device):
            self.on_device = torch.from_numpy(np.ascontiguousarray(images)).to(device)

    def __len__(self) -> int:
        return len(self.images)

    def batch(self, indices: NDArray[np.int64]) -> Tensor:
        """Float[Tensor, "batch channels height width"] in [0, 1], channels-last in memory."""
        if self.on_device is not None:
            return _floats(self.on_device[torch.from_numpy(indices).to(self.device)])
        if self.device.type == "cpu" and isinstance(self.images, np.ndarray):
            gathered = gather_images(self.images, indices)  # None without the native library
            if gathered is not None:
                return gathered
        return self._to_device(self._gathered(indices))

    def batches(self, indices: NDArray[np.int64], size: int, *, first: int = 0) -> Generator[Tensor]:
        """The images of these indices in batches of `size`, from batch number `first` on, each as of `batch`.

        Close it (`contextlib.closing`) where it is not read to its end: a thread may be at work.
        """
        starts = range(first * size, len(indices), size)
        if self.on_device is not None:
            order = torch.from_numpy(indices).to(self.device)  # once, not batch by batch
            for start in starts:
                yield _floats(self.on_device[order[start : start + size]])
            return
        pieces = [indices[start : start + size] for start in starts]
        if self.device.type == "cpu" and isinstance(self.images, np.ndarray):
            yield from map(self.batch, pieces)
        else:
            for gathered in _ahead(self._gathered, pieces):
                yield self._to_device(gathered)

    def _gathered(self, indices: NDArray[np.int64]) -> Tensor:
        """uint8 (batch, height, width, channels) in the host's memory."""
        gathered = torch.from_numpy(np.asarray(self.images[indices]))
        return gathered.pin_memory() if self.device.type == "cuda" else gathered

    def _to_device(self, gathered: Tensor) -> Tensor:
        return _floats(gathered.to(self.device, non_blocking=True))


def _floats(pixels: Tensor) -> Tensor:
    return pixels.to(torch.float32).div_(255.0).permute(0, 3, 1, 2)


def _fits(num_bytes: int, device: torch.device) -> bool:
    """Whether the images may be copied to the device; never where that is the CPU, which has them already."""
    if device.type == "cuda":
        return num_bytes <= _SHARE_OF_DEVICE * torch.cuda.mem_get_info(device)[0]
    return device.type != "cpu"


def _ahead(read: Callable[[NDArray[np.int64]], Tensor], pieces: Sequence[NDArray[np.int64]]) -> Iterator[Tensor]:
    """`read` of each piece in order, by a thread a little ahead, which has ended when this has, however it ends."""
    worker = ThreadPoolExecutor(1, thread_name_prefix="diabolo-images")
    try:
        pending: deque[Future[Tensor]] = deque()
        for piece in pieces:
            pending.append(worker.submit(read, piece))
            if len(pending) > _AHEAD:
                yield pending.popleft().result()
        while pending:
            yield pending.popleft().result()
    finally:
        worker.shutdown(wait=True, cancel_futures=True)


def epoch_order(num_images: int, seed: int, epoch: int) -> NDArray[np.int64]:
    """The order of the train images in one epoch, a function of (seed, epoch) alone."""
    generator = torch.Generator().manual_seed(derive_seed(seed, "order", epoch))
    order: NDArray[np.int64] = torch.randperm(num_images, generator=generator).numpy()
    return order
