"""`gaussian`: the variational bottleneck."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from diabolo.layers.bottleneck import Bottleneck
from diabolo.layers.registry import Request, builds


class GaussianBottleneck(Bottleneck):
    """z = μ + σ · n in training, z = μ in evaluation; penalty β · KL(N(μ, σ²) ‖ N(0, 1)) / values of an image.

    KL = ½ Σ (μ² + σ² − ln σ² − 1) nats an image. The division makes β = 1 the evidence lower bound for a loss that is a
    mean over the image's values: a KL summed over the latent beside a loss averaged over pixels is a common mistake
    (it collapses the latent). Maps get μ and ln σ² by a 1×1 convolution, flat tensors by a dense layer.

    Kingma & Welling 2013, https://arxiv.org/abs/1312.6114; β: Higgins et al. 2017.
    """

    def __init__(self, channels: int, out: int, *, beta: float, num_image_values: int) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(2 * out, channels))
        self.bias = nn.Parameter(torch.empty(2 * out))
        self.beta = beta
        self.num_image_values = num_image_values

    def forward(self, x: Tensor) -> Tensor:
        """Float[Tensor, "batch channels ..."] -> Float[Tensor, "batch out ..."]."""
        if not self.training:
            self.penalty = None
            num_means = self.weight.shape[0] // 2
            return _pointwise(x, self.weight[:num_means], self.bias[:num_means])
        both = _pointwise(x, self.weight, self.bias)
        # Under bf16 autocast the KL, a difference of near numbers, still needs float32.
        mean, log_variance = both.to(torch.promote_types(both.dtype, torch.float32)).chunk(2, dim=1)
        log_variance = log_variance.clamp(-30.0, 20.0)
        kl = 0.5 * (mean.square() + log_variance.exp() - log_variance - 1).flatten(1).sum(dim=1).mean()
        self.penalty = self.beta * kl / self.num_image_values
        return (mean + torch.exp(0.5 * log_variance) * torch.randn_like(mean)).to(both.dtype)

    def extra_repr(self) -> str:
        """Sizes, for `print(model)`."""
        return f"{self.weight.shape[1]}, {self.weight.shape[0] // 2}, beta={self.beta}"


def _pointwise(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """A dense layer at each position: Float[Tensor, "batch channels ..."] -> Float[Tensor, "batch out ..."]."""
    return F.conv2d(x, weight[:, :, None, None], bias) if x.dim() == 4 else F.linear(x, weight, bias)


@builds("gaussian")
def _gaussian(request: Request) -> nn.Module:
    return GaussianBottleneck(
        request.channels,
        request.whole("channels"),
        beta=request.number("beta"),
        num_image_values=math.prod(request.graph.input_shape),
    )
