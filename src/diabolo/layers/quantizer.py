"""What the discrete bottlenecks share: codes, values of codes, bytes of codes, and how much of the codes is used."""

import math
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor

from diabolo.errors import DiaboloError
from diabolo.layers.bottleneck import Bottleneck
from diabolo.layers.mixed_radix import pack, unpack

_MOST_JOINT = 65_536  # codes of a position that are counted as they are; of more, each digit by itself


class Quantizer(Bottleneck):
    """A bottleneck that lets through one of finitely many values at each position.

    The code of a position is one or more digits, each with its own number of levels: one digit for a codebook, one for
    each channel where channels are quantised by themselves.
    """

    @property
    def num_levels(self) -> tuple[int, ...]:
        """Levels of each digit; their product is the number of codes of a position."""
        raise NotImplementedError

    @property
    def num_bytes(self) -> int:
        """Bytes that the code of one position takes in `pack`."""
        return -(-(math.prod(self.num_levels) - 1).bit_length() // 8)

    def codes(self, x: Tensor) -> Tensor:
        """What comes in -> codes.

        Float[Tensor, "batch channels height width"] -> Int64[Tensor, "batch digits height width"], and
        Float[Tensor, "batch channels"] -> Int64[Tensor, "batch digits"].
        """
        raise NotImplementedError

    def codes_of(self, quantized: Tensor) -> Tensor:
        """Codes of what came out: the inverse of `from_codes`, shapes as of `codes`."""
        return self.codes(quantized)

    def from_codes(self, codes: Tensor) -> Tensor:
        """Codes, as `codes` gives them -> the values that the decoder takes, as `forward` gives them in evaluation."""
        raise NotImplementedError

    def pack(self, codes: Tensor) -> NDArray[np.uint8]:
        """Codes as `codes` gives them -> uint8 (batch, height, width, num_bytes), or (batch, num_bytes)."""
        digits = codes.movedim(1, -1).cpu().numpy()
        return pack(digits, self.num_levels, self.num_bytes)

    def unpack(self, packed: NDArray[np.uint8]) -> Tensor:
        """The inverse of `pack`, on the processor.

        Raises:
            DiaboloError: the bytes are no codes of this bottleneck.
        """
        if packed.dtype != np.uint8 or packed.ndim < 2 or packed.shape[-1] != self.num_bytes:
            raise DiaboloError(
                f"packed codes have type {packed.dtype} and shape {packed.shape}; this bottleneck's are uint8 with "
                f"{self.num_bytes} bytes a position on the last axis"
            )
        try:
            digits = unpack(packed, self.num_levels)
        except ValueError:
            raise DiaboloError(
                "the packed codes are none of this bottleneck's; they are damaged, or another model wrote them"
            ) from None
        return torch.from_numpy(digits).movedim(-1, 1).contiguous()

    def diagnostics(self, x: Tensor) -> dict[str, float]:
        """`code_use`: share of all codes that the inputs use; `perplexity`: e^entropy of the codes.

        Perplexity as van den Oord et al. 2017 report it: the number of codes that would be used if they were used
        equally often. Of a position with more than 65,536 codes both are taken digit by digit, over those with more
        than one level: the share of all their levels, and the mean perplexity.
        """
        digits = self.codes(x).movedim(1, 0).flatten(1).cpu()
        levels = self.num_levels
        if math.prod(levels) <= _MOST_JOINT:
            code = torch.zeros_like(digits[0])
            for digit, number in zip(digits, levels, strict=True):
                code = code * number + digit
            digits, levels = code[None], (math.prod(levels),)
        counts = [
            torch.bincount(digit, minlength=number).double()
            for digit, number in zip(digits, levels, strict=True)
            if number > 1
        ]
        if not counts:
            return {"code_use": 1.0, "perplexity": 1.0}
        used = sum(int((count > 0).sum()) for count in counts)
        entropies = [torch.special.entr(count / count.sum()).sum().item() for count in counts]
        return {
            "code_use": used / sum(len(count) for count in counts),
            "perplexity": sum(map(math.exp, entropies)) / len(entropies),
        }


class _StraightThrough(torch.autograd.Function):
    """Gives the quantised values to the last bit; the gradient goes to what they were made of."""

    @staticmethod
    def forward(ctx: Any, x: Tensor, quantized: Tensor, passes: Tensor | None) -> Tensor:
        ctx.dtype = x.dtype
        ctx.save_for_backward(passes)
        return quantized.view_as(quantized)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, None, None]:
        (passes,) = ctx.saved_tensors
        gradient = gradients[0] if passes is None else gradients[0] * passes
        return gradient.to(ctx.dtype), None, None


def straight_through(x: Tensor, quantized: Tensor, passes: Tensor | None = None) -> Tensor:
    """`quantized`, with its gradient handed on to `x` (Bengio et al. 2013, https://arxiv.org/abs/1308.3432).

    Args:
        x: what was quantised.
        quantized: of the same shape, without a gradient of its own.
        passes: factor of the gradient that broadcasts to the shape; None passes all.
    """
    result: Tensor = _StraightThrough.apply(x, quantized, passes)
    return result
