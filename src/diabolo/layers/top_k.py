"""`topk`: only the k largest values go on."""

import math

import torch
from torch import Tensor, nn

from diabolo.layers.bottleneck import Bottleneck
from diabolo.layers.registry import Request, builds
from diabolo.layers.sparse import count_active


class TopK(Bottleneck):
    """z → z where z is one of the k largest, 0 elsewhere; the gradient reaches what was kept. No penalty.

    The k largest of each position (all channels compete), of the whole latent of an image, or of each channel (all
    positions of an image compete). In evaluation as in training.

    k-sparse autoencoders: Makhzani & Frey 2013, https://arxiv.org/abs/1312.5663.
    """

    def __init__(self, k: int, *, of: str) -> None:
        super().__init__()
        self.k = k
        self.of = of

    def forward(self, x: Tensor) -> Tensor:
        """Float[Tensor, "batch channels ..."] -> the same shape."""
        if x.dim() == 2 or self.of == "position":
            return _keep(x, self.k, 1)
        first = 1 if self.of == "image" else 2
        return _keep(x.flatten(first), self.k, first).reshape(x.shape)

    def diagnostics(self, x: Tensor) -> dict[str, float]:
        """`active`: values of an image that go on and are not zero, mean; `channels_used`: share of all channels."""
        kept = self(x)
        used = (kept != 0).transpose(0, 1).flatten(1).any(dim=1)
        return {
            "active": count_active(kept),
            "values": math.prod(x.shape[1:]),
            "channels_used": used.double().mean().item(),
        }

    def extra_repr(self) -> str:
        """Number, for `print(model)`."""
        return f"{self.k}, of={self.of}"


def _keep(x: Tensor, k: int, axis: int) -> Tensor:
    """The k largest along the axis, exactly k of them where values are equal."""
    chosen = x.detach().topk(k, dim=axis, sorted=False).indices
    return x * torch.zeros_like(x).scatter(axis, chosen, 1.0)


@builds("topk")
def _top_k(request: Request) -> nn.Module:
    return TopK(request.whole("k"), of=str(request.attributes["of"]))
