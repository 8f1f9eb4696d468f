"""`vq`: each position becomes the nearest vector of a codebook."""

import torch
import torch.nn.functional as F
from torch import Tensor, nn

from diabolo.layers.bottleneck import channels_to_end, channels_to_front
from diabolo.layers.quantizer import Quantizer, straight_through
from diabolo.layers.registry import Request, builds

_DEAD = 0.01  # of its fair share: a code that is chosen less often is put to use elsewhere
_REVIVED = 0.1  # of its fair share: a revived code counts for so much, and soon follows the vectors that choose it
_START_VECTORS = 64  # for each code: as many as a start looks at
_START_ROUNDS = 5  # of k-means after the first choice


class VectorQuantizer(Quantizer):
    """z → e[argmin ‖z − e‖²], the gradient passed straight through; penalty β · mean (z − sg(e))².

    The codebook is no parameter: it follows the vectors that chose each code by moving averages (van den Oord et al.
    2017, https://arxiv.org/abs/1711.00937, appendix A.1). It starts by k-means++ (Arthur & Vassilvitskii 2007,
    https://theory.stanford.edu/~sergei/papers/kMeansPP-soda.pdf) on the first training batch, or on what `start` gets.
    A code that hardly any vector chooses moves to a vector that its own code stands for badly, chosen as k-means++
    chooses.
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

    @property
    def num_levels(self) -> tuple[int, ...]:
        """The number of codes."""
        return (len(self.codebook),)

    @torch.no_grad()
    def start(self, values: Tensor) -> None:
        """Places the codes on these values.

        Args:
            values: what comes in for some images, Float[Tensor, "batch channels height width"] or "batch channels".
        """
        vectors = self._vectors(values)
        number = min(len(vectors), _START_VECTORS * len(self.codebook))
        chosen = torch.linspace(0, len(vectors) - 1, number, dtype=torch.float64).round().long()
        codebook = _cluster(vectors[chosen.to(vectors.device)], len(self.codebook))
        self.codebook.copy_(codebook)
        self.sums.copy_(codebook)
        self.counts.fill_(1.0)

    def forward(self, x: Tensor) -> Tensor:
        """Float[Tensor, "batch channels ..."] -> the same shape, each vector one of the codebook."""
        z = channels_to_end(x)
        vectors = self._vectors(x.detach())
        if self.training and not self.counts.any():
            self.start(x.detach())
        indices = self.nearest(vectors)
        quantized = self.codebook[indices].reshape(z.shape)
        if not self.training:
            self.penalty = None
            return channels_to_front(quantized).to(x.dtype)
        self.penalty = self.beta * F.mse_loss(z.to(quantized), quantized)
        self._follow(vectors, indices)
        return straight_through(x, channels_to_front(quantized).to(x.dtype))

    @torch.no_grad()
    def nearest(self, vectors: Tensor) -> Tensor:
        """Index of the nearest code: Float[Tensor, "positions channels"] -> Int64[Tensor, "positions"]."""
        return _nearest(vectors, self.codebook)

    def codes(self, x: Tensor) -> Tensor:
        """Float[Tensor, "batch channels ..."] -> Int64[Tensor, "batch 1 ..."]."""
        return self.nearest(self._vectors(x.detach())).reshape(len(x), 1, *x.shape[2:])

    def from_codes(self, codes: Tensor) -> Tensor:
        """Int64[Tensor, "batch 1 ..."] -> Float[Tensor, "batch channels ..."]."""
        return channels_to_front(self.codebook[codes[:, 0]])

    def _vectors(self, x: Tensor) -> Tensor:
        """Float[Tensor, "batch channels ..."] -> Float[Tensor, "positions channels"], as the codebook has them."""
        z = channels_to_end(x)
        return z.reshape(-1, z.shape[-1]).to(self.codebook)

    @torch.no_grad()
    def _follow(self, vectors: Tensor, indices: Tensor) -> None:
        counts = torch.bincount(indices, minlength=len(self.codebook)).to(self.counts)
        sums = torch.zeros_like(self.sums).index_add_(0, indices, vectors)
        self.counts.lerp_(counts, 1 - self.decay)
        self.sums.lerp_(sums, 1 - self.decay)
        total = self.counts.sum()
        dead = self.counts < _DEAD * total / len(self.counts)
        if dead.any():
            self._revive(dead, vectors, indices)
            total = self.counts.sum()
        smoothed = (self.counts + 1e-5) / (total + len(self.counts) * 1e-5) * total
        self.codebook.copy_(self.sums / smoothed[:, None])

    def _revive(self, dead: Tensor, vectors: Tensor, indices: Tensor) -> None:
        """Dead codes go to vectors of this batch, each vector as likely as its squared error is large.

        Not by lot but evenly over the sum of the errors, so that a run that goes on gives the same as one that was
        never interrupted.
        """
        errors = (vectors - self.codebook[indices]).square().sum(dim=1).double().cumsum(0)
        number = int(dead.sum())
        at = (torch.arange(number, device=errors.device, dtype=errors.dtype) + 0.5) / number * errors[-1]
        chosen = torch.searchsorted(errors, at).clamp(max=len(vectors) - 1)
        share = _REVIVED * self.counts.sum() / len(self.counts)
        self.counts[dead] = share
        self.sums[dead] = vectors[chosen] * share

    def extra_repr(self) -> str:
        """Sizes, for `print(model)`."""
        return f"{self.codebook.shape[0]} codes of {self.codebook.shape[1]}, beta={self.beta}, decay={self.decay}"


def _nearest(vectors: Tensor, codebook: Tensor) -> Tensor:
    with torch.autocast(vectors.device.type, enabled=False):  # bf16 distances would choose wrong codes
        return torch.addmm(codebook.square().sum(dim=1), vectors, codebook.T, alpha=-2).argmin(dim=1)


def _cluster(vectors: Tensor, number: int) -> Tensor:
    """k-means++ and a few rounds of k-means, the same for the same vectors: Float[Tensor, "number channels"]."""
    generator = torch.Generator().manual_seed(0)
    uniform = torch.rand(number, generator=generator, dtype=torch.float64).tolist()
    centre = vectors.mean(dim=0)  # distances are taken from here: far from 0 float32 has no digits for them
    vectors = vectors - centre
    codebook = vectors.new_empty(number, vectors.shape[1])
    squares = torch.full((len(vectors),), 1.0, dtype=torch.float64, device=vectors.device)
    for index, lot in enumerate(uniform):
        total = squares.cumsum(0)
        at = (total[-1] * lot).reshape(1)
        codebook[index] = vectors[int(torch.searchsorted(total, at, right=True).clamp(max=len(vectors) - 1))]
        away = (vectors - codebook[index]).square().sum(dim=1).double()
        squares = away if index == 0 else torch.minimum(squares, away)
    for _ in range(_START_ROUNDS):
        indices = _nearest(vectors, codebook)
        counts = torch.bincount(indices, minlength=number).to(vectors)[:, None]
        sums = torch.zeros_like(codebook).index_add_(0, indices, vectors)
        codebook = torch.where(counts > 0, sums / counts.clamp_min(1), codebook)
    return codebook + centre


@builds("vq")
def _vq(request: Request) -> nn.Module:
    return VectorQuantizer(
        request.channels, codes=request.whole("codes"), beta=request.number("beta"), decay=request.number("decay")
    )
