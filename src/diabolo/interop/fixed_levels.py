"""`FixedLevels`: a trained `lloyd` as operations that `torch.export` can follow."""

import copy

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from diabolo.interop.constants import level_constants
from diabolo.interop.part import Part
from diabolo.model import AutoEncoder


class FixedLevels(nn.Module):
    """The nearest level of each channel by binary search; takes and gives Float[Tensor, "batch channels ..."].

    The layer itself looks at its number of levels when it runs, which no program can be made of.

    Args:
        levels: (channels, 2^depth).
        middles: between them, as of `level_constants`.
    """

    levels: Tensor
    middles: Tensor
    first: Tensor

    def __init__(self, levels: NDArray[np.float32], middles: NDArray[np.float32]) -> None:
        super().__init__()
        self.width = levels.shape[1]
        self.register_buffer("levels", torch.from_numpy(levels.reshape(-1)))
        self.register_buffer("middles", torch.from_numpy(middles.reshape(-1)))
        self.register_buffer("first", torch.arange(len(levels)) * self.width)

    def forward(self, x: Tensor) -> Tensor:
        """Rounds; what is no number stays none."""
        values = x.movedim(1, -1)
        place = self.first.expand(values.shape)
        step = self.width // 2
        while step:
            place = place + step * (values > self.middles[place + (step - 1)])
            step //= 2
        return torch.where(values.isnan(), values, self.levels[place]).movedim(-1, 1)


def with_fixed_levels(model: AutoEncoder, part: Part) -> AutoEncoder:
    """A copy of a model in evaluation mode, on plain torch, its `lloyd` layers replaced; the model stays as it is."""
    copied = copy.deepcopy(model).eval()
    copied.engine = "plain"
    for node in part.graph.nodes:
        if node.kind == "lloyd":
            copied.layers[node.name] = FixedLevels(*level_constants(part, node))
    return copied
