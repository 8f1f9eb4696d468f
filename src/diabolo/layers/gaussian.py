"""`gaussian`: the variational bottleneck."""

import math

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from diabolo.layers.bottleneck import Bottleneck
from diabolo.layers.registry import Request, builds

_ACTIVE = 0.01  # variance of a mean over images


class GaussianBottleneck(Bottleneck):
    """z = μ + σ · n in training, z = μ in evaluation; penalty β · KL(N(μ, σ²) ‖ N(0, 1)) / values of an image.

    KL = ½ Σ (μ² + σ² − ln σ² − 1) nats an image. The division makes β = 1 the evidence lower bound for a loss that is a
    mean over the image's values: a KL summed over the latent beside a loss averaged over pixels is a common mistake
    (it collapses the latent). Maps get μ and ln σ² by a 1×1 convolution, flat tensors by a dense layer.

    With free bits λ the penalty is β · Σ max(KL of a channel, λ ln 2 · positions): a channel that tells less than λ
    bits a value costs no less for telling nothing, so that it is not driven to nothing (Kingma et al. 2016,
    https://arxiv.org/abs/1606.04934, section C.8; the KL of a channel is the batch's mean, as there).

    Kingma & Welling 2013, https://arxiv.org/abs/1312.6114; β: Higgins et al. 2017,
    https://openreview.net/forum?id=Sy2fzU9gl.
    """

    def __init__(self, channels: int, out: int, *, beta: float, num_image_values: int, free_bits: float = 0.0) -> None:
        super().__init__()
        self.weight = nn.Parameter(torch.empty(2 * out, channels))
        self.bias = nn.Parameter(torch.empty(2 * out))
        self.beta = beta
        self.free_bits = free_bits
        self.num_image_values = num_image_values

    def forward(self, x: Tensor) -> Tensor:
        """Float[Tensor, "batch channels ..."] -> Float[Tensor, "batch out ..."]."""
        if not self.training:
            self.penalty = None
            num_means = self.weight.shape[0] // 2
            return _pointwise(x, self.weight[:num_means], self.bias[:num_means])
        both = _pointwise(x, self.weight, self.bias)
        # Under bf16 autocast the KL, a difference of near numbers, still needs float32.
        mean, log_variance = _halves(both.to(torch.promote_types(both.dtype, torch.float32)))
        of_channels = _divergence(mean, log_variance).transpose(0, 1).flatten(1).sum(dim=1) / len(x)
        if self.free_bits:
            of_channels = of_channels.clamp_min(self.free_bits * math.log(2) * math.prod(x.shape[2:]))
        self.penalty = self.beta * of_channels.sum() / self.num_image_values
        return (mean + torch.exp(0.5 * log_variance) * torch.randn_like(mean)).to(both.dtype)

    @torch.no_grad()
    def posterior(self, x: Tensor) -> tuple[Tensor, Tensor]:
        """Mean and variance of the latent: Float64[Tensor, "batch out ..."] each."""
        mean, log_variance = _halves(_pointwise(x.double(), self.weight.double(), self.bias.double()))
        return mean, log_variance.exp()

    @torch.no_grad()
    def divergences(self, x: Tensor) -> Tensor:
        """KL of each channel in nats, summed over positions, mean over images: Float64[Tensor, "out"]."""
        mean, log_variance = _halves(_pointwise(x.double(), self.weight.double(), self.bias.double()))
        return _divergence(mean, log_variance).transpose(0, 1).flatten(1).sum(dim=1) / len(x)

    @torch.no_grad()
    def is_active(self, x: Tensor) -> Tensor:
        """Whether a value's mean tells images apart: its variance over them is above 0.01. Bool[Tensor, "out ..."].

        Burda et al. 2015, https://arxiv.org/abs/1509.00519, section 5. None active: the posterior has collapsed onto
        the prior.
        """
        mean, _ = self.posterior(x)
        return mean.var(dim=0, correction=0) > _ACTIVE

    def diagnostics(self, x: Tensor) -> dict[str, float]:
        """`kl` in nats an image; `active`: latent values whose mean tells images apart, of all `values`."""
        active = self.is_active(x)
        return {
            "kl": self.divergences(x).sum().item(),
            "active": int(active.sum()),
            "values": active.numel(),
        }

    def extra_repr(self) -> str:
        """Sizes, for `print(model)`."""
        free = f", free_bits={self.free_bits}" if self.free_bits else ""
        return f"{self.weight.shape[1]}, {self.weight.shape[0] // 2}, beta={self.beta}{free}"


def _halves(both: Tensor) -> tuple[Tensor, Tensor]:
    """μ and ln σ², the latter where σ² is a number."""
    mean, log_variance = both.chunk(2, dim=1)
    return mean, log_variance.clamp(-30.0, 20.0)


def _divergence(mean: Tensor, log_variance: Tensor) -> Tensor:
    """KL(N(μ, σ²) ‖ N(0, 1)) of each value in nats."""
    return 0.5 * (mean.square() + log_variance.exp() - log_variance - 1)


def _pointwise(x: Tensor, weight: Tensor, bias: Tensor) -> Tensor:
    """A dense layer at each position: Float[Tensor, "batch channels ..."] -> Float[Tensor, "batch out ..."]."""
    return F.conv2d(x, weight[:, :, None, None], bias) if x.dim() == 4 else F.linear(x, weight, bias)


@builds("gaussian")
def _gaussian(request: Request) -> nn.Module:
    return GaussianBottleneck(
        request.channels,
        request.whole("channels"),
        beta=request.number("beta"),
        free_bits=request.number("free_bits"),
        num_image_values=math.prod(request.graph.input_shape),
    )
