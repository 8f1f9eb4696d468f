"""`fsq`: each channel is bounded and rounded to a fixed number of levels."""

import torch
from torch import Tensor, nn

from diabolo.layers.bottleneck import channels_to_end, channels_to_front
from diabolo.layers.quantizer import Quantizer, straight_through
from diabolo.layers.registry import Request, builds


class FiniteScalarQuantizer(Quantizer):
    """z → round(bound(z)) / ⌊L/2⌋ by channel, the gradient passed straight through; no codebook, no penalty.

    bound(z) = h · tanh(z + shift) − offset with h = (L − 1)(1 + 10⁻³)/2, offset ½ for an even number L of levels and 0
    for an odd one, and bound(0) = 0. Mentzer et al. 2023, https://arxiv.org/abs/2309.15505. From L = 502 on, the margin
    of 10⁻³ is held at ¼ (the paper's own would pass ½ and reach more than L integers).
    """

    levels: Tensor

    def __init__(self, levels: tuple[int, ...]) -> None:
        super().__init__()
        self.register_buffer("levels", torch.tensor(levels), persistent=False)  # whole: `.bfloat16()` leaves it alone

    @property
    def num_levels(self) -> tuple[int, ...]:
        """Levels of each channel."""
        return tuple(self.levels.tolist())

    def forward(self, x: Tensor) -> Tensor:
        """Float[Tensor, "batch channels ..."] -> the same shape, in [-1, 1]."""
        bounded = self._bounded(x)
        rounded = straight_through(bounded, bounded.detach().round())
        return channels_to_front(rounded / (self.levels // 2)).to(x.dtype)

    @torch.no_grad()
    def codes(self, x: Tensor) -> Tensor:
        """Float[Tensor, "batch channels ..."] -> Int64 of the same shape."""
        return channels_to_front(self._bounded(x).round().long() + self.levels // 2)

    def codes_of(self, quantized: Tensor) -> Tensor:
        """Values from -1 to 1 that came out -> their codes, Int64 of the same shape."""
        half = self.levels // 2
        return channels_to_front((channels_to_end(quantized) * half).round().long() + half)

    def from_codes(self, codes: Tensor) -> Tensor:
        """Int64[Tensor, "batch channels ..."] -> Float of the same shape, in [-1, 1]."""
        half = self.levels // 2
        return channels_to_front((channels_to_end(codes) - half) / half)

    def _bounded(self, x: Tensor) -> Tensor:
        """Float[Tensor, "batch ... channels"], within ½ of the whole numbers from −⌊L/2⌋ on."""
        half = (self.levels - 1) / 2
        half = half + (half * 1e-3).clamp(max=0.25)
        offset = torch.where(self.levels % 2 == 0, 0.5, 0.0)
        return torch.tanh(channels_to_end(x) + torch.atanh(offset / half)) * half - offset

    def extra_repr(self) -> str:
        """Levels, for `print(model)`."""
        return ",".join(map(str, self.num_levels))


@builds("fsq")
def _fsq(request: Request) -> nn.Module:
    levels = request.attributes["levels"]
    assert isinstance(levels, tuple)
    return FiniteScalarQuantizer(levels)
