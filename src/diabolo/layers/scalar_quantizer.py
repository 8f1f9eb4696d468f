"""`fsq`: each channel is bounded and rounded to a fixed number of levels."""

import torch
from torch import Tensor, nn

from diabolo.layers.bottleneck import channels_to_end, channels_to_front
from diabolo.layers.registry import Request, builds


class FiniteScalarQuantizer(nn.Module):
    """z → round(bound(z)) / ⌊L/2⌋ by channel, the gradient passed straight through; no codebook, no penalty.

    bound(z) = h · tanh(z + shift) − offset with h = (L − 1)(1 + 10⁻³)/2, offset ½ for an even number L of levels and 0
    for an odd one, and bound(0) = 0. Mentzer et al. 2023, https://arxiv.org/abs/2309.15505. From L = 502 on, the margin
    of 10⁻³ is held at ¼ (the paper's own would pass ½ and reach more than L integers).
    """

    levels: Tensor

    def __init__(self, levels: tuple[int, ...]) -> None:
        super().__init__()
        self.register_buffer("levels", torch.tensor(levels), persistent=False)  # whole: `.bfloat16()` leaves it alone

    def forward(self, x: Tensor) -> Tensor:
        """Float[Tensor, "batch channels ..."] -> the same shape, in [-1, 1]."""
        z = channels_to_end(x)
        half = (self.levels - 1) / 2
        half = half + (half * 1e-3).clamp(max=0.25)
        offset = torch.where(self.levels % 2 == 0, 0.5, 0.0)
        bounded = torch.tanh(z + torch.atanh(offset / half)) * half - offset
        rounded = bounded + (bounded.round() - bounded).detach()
        return channels_to_front(rounded / (self.levels // 2)).to(x.dtype)

    def extra_repr(self) -> str:
        """Levels, for `print(model)`."""
        return ",".join(str(int(level)) for level in self.levels)


@builds("fsq")
def _fsq(request: Request) -> nn.Module:
    levels = request.attributes["levels"]
    assert isinstance(levels, tuple)
    return FiniteScalarQuantizer(levels)
