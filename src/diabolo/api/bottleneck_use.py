"""How much of its bottleneck a trained model uses: KL and active dimensions, codes in use, values that are not zero."""

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from diabolo.data import Images
from diabolo.layers import Bottleneck
from diabolo.model import AutoEncoder
from diabolo.model.device import device_of
from diabolo.train import ImageSource, images_at_once

MAX_IMAGES = 2000
"""Most images looked at."""


@torch.no_grad()
def bottleneck_use(
    model: AutoEncoder, images: Images, indices: NDArray[np.int64] | None = None
) -> dict[str, dict[str, float]]:
    """Diagnostics of every bottleneck that reaches the output, by the name of its layer; empty without any.

    Args:
        model: on any device; its mode is put back.
        images: uint8 (N, H, W, C), of the model's size.
        indices: which of them; the first `MAX_IMAGES` of these are looked at.
    """
    found = {
        name: layer
        for name, layer in model.layers.items()
        if isinstance(layer, Bottleneck) and name in model.graph.connected
    }
    chosen = (np.arange(len(images)) if indices is None else indices)[:MAX_IMAGES]
    if not found or len(chosen) == 0:
        return {}
    inputs: dict[str, list[Tensor]] = {name: [] for name in found}
    handles = [layer.register_forward_pre_hook(_Keeper(inputs[name])) for name, layer in found.items()]
    device = device_of(model)
    source, was_training, at_once = ImageSource(images, device), model.training, images_at_once(model)
    model.eval()
    try:
        for start in range(0, len(chosen), at_once):
            model(source.batch(chosen[start : start + at_once]))
        used = {name: layer.diagnostics(torch.cat(inputs[name])) for name, layer in found.items()}
    finally:
        model.train(was_training)
        for handle in handles:
            handle.remove()
    return {name: numbers for name, numbers in used.items() if numbers}


def in_one_table(use: dict[str, dict[str, float]]) -> dict[str, float]:
    """The same under names such as `gaussian_1_kl`, as `run.toml` has them beside the test results."""
    return {f"{name}_{key}": value for name, numbers in use.items() for key, value in numbers.items()}


class _Keeper:
    """A hook that keeps what comes into a layer."""

    def __init__(self, where: list[Tensor]) -> None:
        self.where = where

    def __call__(self, layer: nn.Module, inputs: tuple[Tensor, ...]) -> None:
        self.where.append(inputs[0].detach())
