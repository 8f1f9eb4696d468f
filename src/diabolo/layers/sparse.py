"""`sparse`: a penalty on the size of the latent values, which sends most of them to 0."""

import math

from torch import Tensor, nn

from diabolo.layers.bottleneck import Bottleneck
from diabolo.layers.registry import Request, builds

_SMALL = 0.01  # of a channel's own root mean square: a value below it counts as zero


class SparsePenalty(Bottleneck):
    """z → z; penalty λ · Σ |z| / values of an image, the mean over the batch.

    The division by the number of image values makes λ the weight against a loss that is a mean over them, whatever the
    size of the latent. Behind a `relu` values become exactly 0. An encoder can pay less by making all values small and
    the decoder's weights large: that stops where the decoder's weights are held down (`weight_decay`), or its output.

    Sparse coding by an L1 penalty: Olshausen & Field 1996, https://doi.org/10.1038/381607a0.
    """

    def __init__(self, *, l1: float, num_image_values: int) -> None:
        super().__init__()
        self.l1 = l1
        self.num_image_values = num_image_values

    def forward(self, x: Tensor) -> Tensor:
        """Float[Tensor, "batch ..."] -> the same."""
        self.penalty = self.l1 * x.float().abs().sum() / (len(x) * self.num_image_values) if self.training else None
        return x

    def diagnostics(self, x: Tensor) -> dict[str, float]:
        """`active`: values of an image that are not zero, mean; a hundredth of their channel's deviation is zero."""
        return {"active": count_active(x), "values": math.prod(x.shape[1:])}

    def extra_repr(self) -> str:
        """Weight, for `print(model)`."""
        return f"l1={self.l1}"


def count_active(x: Tensor) -> float:
    """Values of an image beyond a hundredth of their channel's root mean square, mean over images.

    Args:
        x: Float[Tensor, "batch channels ..."].
    """
    others = [axis for axis in range(x.dim()) if axis != 1]
    scale = x.float().square().mean(dim=others, keepdim=True).sqrt()
    return (x.float().abs() > _SMALL * scale).sum().item() / len(x)


@builds("sparse")
def _sparse(request: Request) -> nn.Module:
    return SparsePenalty(l1=request.number("l1"), num_image_values=math.prod(request.graph.input_shape))
