"""Muon: the updates of whole weight matrices, made orthogonal."""

import math
from collections.abc import Iterable

import torch
from torch import Tensor, nn

from diabolo.train.adam import Adam

MOMENTUM = 0.95
COEFFICIENTS = (3.4445, -4.7750, 2.0315)
"""Of the odd polynomial that is put upon the singular values five times; it drives each to between 0.7 and 1.2."""
NUM_ITERATIONS = 5
RMS = 0.2
"""Root mean square of an update over the learning rate, about that of Adam's; so both can share a rate."""


class Muon(Adam):
    """Muon for matrices, AdamW for the other parameters.

    With b ← μ · b + (1 − μ) · g, the update of a matrix of m rows and n columns is

        w ← w − η · decay · w − η · 0.2 · √max(m, n) · orthogonal((1 − μ) · g + μ · b)

    where orthogonal(U Σ Vᵀ) = U Vᵀ, nearly: all directions that the gradient has get an equal step, also those that a
    few strong ones would drown. A convolution's weight is the matrix of its outputs by its taps.

    Jordan et al. 2024, https://kellerjordan.github.io/posts/muon/; the size of the step: Liu et al. 2025,
    https://arxiv.org/abs/2502.16982.

    Args:
        parameters: what to train.
        rate: η, for both.
        weight_decay: the decay, decoupled, for both.
        matrices: those of the parameters that are updated as matrices.
        dtype: of the products that orthogonalise; bfloat16 is enough.
    """

    def __init__(
        self,
        parameters: Iterable[nn.Parameter],
        rate: float,
        weight_decay: float = 0.0,
        *,
        matrices: Iterable[nn.Parameter],
        dtype: torch.dtype = torch.float32,
    ) -> None:
        super().__init__(parameters, rate, weight_decay, decoupled=True)
        self.matrices: set[Tensor] = set(matrices)
        self.dtype = dtype

    def _update(self, parameters: list[Tensor], gradients: list[Tensor], rate: float, skip: Tensor | None) -> None:
        pairs = list(zip(parameters, gradients, strict=True))
        others = [pair for pair in pairs if pair[0] not in self.matrices]
        if others:
            super()._update([parameter for parameter, _ in others], [gradient for _, gradient in others], rate, skip)
        alike: dict[tuple[int, int], list[tuple[Tensor, Tensor]]] = {}
        for parameter, gradient in pairs:
            if parameter in self.matrices:
                alike.setdefault((len(parameter), parameter[0].numel()), []).append((parameter, gradient))
        for shape, group in alike.items():
            self._update_alike(shape, group, rate, skip)

    def _update_alike(
        self, shape: tuple[int, int], group: list[tuple[Tensor, Tensor]], rate: float, skip: Tensor | None
    ) -> None:
        """Matrices of one shape, in one product each."""
        directions = []
        for parameter, gradient in group:
            if parameter not in self.state:
                self.state[parameter] = {"momentum_buffer": torch.zeros_like(gradient)}
            before = self.state[parameter]["momentum_buffer"]
            momentum = before.lerp(gradient, 1 - MOMENTUM)
            directions.append(gradient.lerp(momentum, MOMENTUM).flatten(1))
            before.copy_(momentum if skip is None else torch.where(skip.bool(), before, momentum))
        updates = orthogonal(torch.stack(directions).to(self.dtype))
        step = rate * RMS * math.sqrt(max(shape))
        for (parameter, _), update in zip(group, updates, strict=True):
            changed = parameter * (1 - rate * self.weight_decay) - step * update.view(parameter.shape).to(parameter)
            parameter.copy_(changed if skip is None else torch.where(skip.bool(), parameter, changed))


def orthogonal(matrices: Tensor) -> Tensor:
    """The nearest matrix with orthogonal rows or columns to each, roughly: singular values from 0.7 to 1.2.

    By five Newton-Schulz iterations, which need products only. A matrix of zeros stays one.

    Args:
        matrices: Float[Tensor, "count rows columns"], any scale.
    """
    x = matrices / (matrices.norm(dim=(1, 2), keepdim=True) + 1e-7)
    is_high = x.shape[1] > x.shape[2]
    if is_high:
        x = x.mT
    a, b, c = COEFFICIENTS
    for _ in range(NUM_ITERATIONS):
        squares = x @ x.mT
        x = a * x + (b * squares + c * squares @ squares) @ x
    return x.mT if is_high else x
