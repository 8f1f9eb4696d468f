"""`fsq`: each channel is bounded and rounded to a fixed number of levels."""

import torch
from torch import Tensor, nn

from diabolo.layers.bottleneck import channels_to_end, channels_to_front
from diabolo.layers.registry import Request, builds


class FiniteScalarQuantizer(nn.Module):
    """z → round(bound(z)) / ⌊L/2⌋ by channel, the gradient passed straight through; no codebook, no penalty.

    bound(z) = (L − 1)(1 + 10⁻³)/2 · tanh(z + shift) − offset, with offset ½ for an even number L of levels, so that exactly
    L integers are reached. Mentzer et al. 2023, https://arxiv.org/abs/2309.15505.
    """

    levels: Tensor

    def __init__(self, levels: tuple[int, ...]) -> None:
        super().__init__()
        self.register_buffer("levels", torch.tensor(levels, dtype=torch.float32), persistent=False)

    def forward(self, x: Tensor) -> Tensor:
        """Float[Tensor, "batch channels ..."] -> the same shape, in [-1, 1]."""
        z = channels_to_end(x)
        half = (self.levels - 1) * (1 + 1e-3) / 2
        offset = torch.where(self.levels % 2 == 0, 0.5, 0.0)
        bounded = torch.tanh(z + torch.atanh(offset / half)) * half - offset
        rounded = bounded + (bounded.round() - bounded).detach()
        return channels_to_front(rounded / (self.levels // 2))

    def extra_repr(self) -> str:
        """Levels, for `print(model)`."""
        return ",".join(str(int(level)) for level in self.levels)


@builds("fsq")
def _fsq(request: Request) -> nn.Module:
    levels = request.attributes["levels"]
    assert isinstance(levels, tuple)
    return FiniteScalarQuantizer(levels)
