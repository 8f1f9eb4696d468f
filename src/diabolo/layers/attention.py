"""`attention`: multi-head self-attention over the positions of a map."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from diabolo.layers.registry import Request, builds


class Attention(nn.Module):
    """softmax(Q Kᵀ / √d) V in each head, then a linear map; Q, K and V are linear maps of each position.

    The skip connection is left to `res{…}`. Takes and gives Float[Tensor, "batch channels height width"]; memory grows
    with the number of positions, and time with its square. Vaswani et al. 2017, https://arxiv.org/abs/1706.03762.

    Attributes:
        weight, bias: of the last map, Float[Tensor, "channels channels"] and "channels".
        query, key, value: the other maps, of the same shape; `biases` are theirs, Float[Tensor, "3 channels"].
    """

    kernels = ("weight", "query", "key", "value")
    """What `initialise` draws."""

    def __init__(self, channels: int, *, heads: int) -> None:
        super().__init__()
        self.query, self.key, self.value, self.weight = (
            nn.Parameter(torch.empty(channels, channels)) for _ in self.kernels
        )
        self.bias = nn.Parameter(torch.zeros(channels))
        self.biases = nn.Parameter(torch.zeros(3, channels))
        self.heads = heads

    def forward(self, x: Tensor) -> Tensor:
        """Float[Tensor, "batch channels height width"] -> the same shape."""
        batch, channels, height, width = x.shape
        rows = x.permute(0, 2, 3, 1).reshape(batch, height * width, channels)
        maps = torch.cat([self.query, self.key, self.value])
        parts = F.linear(rows, maps, self.biases.flatten())
        split = parts.reshape(batch, height * width, 3, self.heads, channels // self.heads).permute(2, 0, 3, 1, 4)
        attended = F.scaled_dot_product_attention(split[0], split[1], split[2])
        joined = attended.transpose(1, 2).reshape(batch, height, width, channels)
        return F.linear(joined, self.weight, self.bias).permute(0, 3, 1, 2)

    def extra_repr(self) -> str:
        """Sizes, for `print(model)`."""
        return f"{self.weight.shape[0]}, heads={self.heads}"


@builds("attention")
def _attention(request: Request) -> nn.Module:
    return Attention(request.channels, heads=request.whole("heads"))
