"""`vq`: each position becomes the nearest vector of a codebook."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from diabolo.layers.bottleneck import Bottleneck, channels_to_end, channels_to_front
from diabolo.layers.registry import Request, builds


class VectorQuantizer(Bottleneck):
    """z → e[argmin ‖z − e‖²], the gradient passed straight through; penalty β · mean (z − sg(e))².

    The codebook is no parameter: it follows the vectors that chose each code by moving averages (van den Oord et al.
    2017, https://arxiv.org/abs/1711.00937, appendix A.1), and starts as vectors of the first training batch, evenly
    spaced, so that no code is out of reach.
    """

    codebook: Tensor
    sums: Tensor
    counts: Tensor

    def __init__(self, channels: int, *, codes: int, beta: float, decay: float) -> None:
        super().__init__()
        self.register_buffer("codebook", torch.zeros(codes, channels))
        self.register_buffer("sums", torch.zeros(codes, channels))
        self.register_buffer("counts", torch.zeros(codes))
        self.beta = beta
        self.decay = decay

    def forward(self, x: Tensor) -> Tensor:
        """Float[Tensor, "batch channels ..."] -> the same shape, each vector one of the codebook."""
        z = channels_to_end(x)
        vectors = z.detach().reshape(-1, z.shape[-1]).to(self.codebook)
        if self.training and not self.counts.any():
            self._start(vectors)
        indices = self.nearest(vectors)
        quantized = self.codebook[indices].reshape(z.shape)
        if not self.training:
            self.penalty = None
            return channels_to_front(quantized).to(x.dtype)
        self.penalty = self.beta * F.mse_loss(z.to(quantized), quantized)
        self._follow(vectors, indices)
        return channels_to_front(z + (quantized.to(x.dtype) - z).detach())

    @torch.no_grad()
    def nearest(self, vectors: Tensor) -> Tensor:
        """Index of the nearest code: Float[Tensor, "positions channels"] -> Int64[Tensor, "positions"]."""
        with torch.autocast(vectors.device.type, enabled=False):  # bf16 distances would choose wrong codes
            return torch.addmm(self.codebook.square().sum(dim=1), vectors, self.codebook.T, alpha=-2).argmin(dim=1)

    @torch.no_grad()
    def _start(self, vectors: Tensor) -> None:
        chosen = torch.linspace(0, len(vectors) - 1, len(self.codebook), device=vectors.device).round().long()
        self.codebook.copy_(vectors[chosen])
        self.sums.copy_(self.codebook)
        self.counts.fill_(1.0)

    @torch.no_grad()
    def _follow(self, vectors: Tensor, indices: Tensor) -> None:
        counts = torch.bincount(indices, minlength=len(self.codebook)).to(self.counts)
        sums = torch.zeros_like(self.sums).index_add_(0, indices, vectors.to(self.sums))
        self.counts.lerp_(counts, 1 - self.decay)
        self.sums.lerp_(sums, 1 - self.decay)
        total = self.counts.sum()
        smoothed = (self.counts + 1e-5) / (total + len(self.counts) * 1e-5) * total
        self.codebook.copy_(self.sums / smoothed[:, None])

    def extra_repr(self) -> str:
        """Sizes, for `print(model)`."""
        return f"{self.codebook.shape[0]} codes of {self.codebook.shape[1]}, beta={self.beta}, decay={self.decay}"


@builds("vq")
def _vq(request: Request) -> nn.Module:
    return VectorQuantizer(
        request.channels, codes=request.whole("codes"), beta=request.number("beta"), decay=request.number("decay")
    )
