"""Initial weights, a function of (seed, layer name) alone: two models share them wherever they share a layer."""

import hashlib
import math

import torch
from torch import Tensor, nn

from diabolo.errors import RecipeError

INITIALISATIONS = ("glorot-uniform", "he-normal", "torch-uniform")
"""Names that a recipe may give."""


@torch.no_grad()
def initialise(layers: nn.ModuleDict, seed: int, initialisation: str = "glorot-uniform") -> None:
    """Draws the kernels of all layers and zeroes their biases; normalisation layers start at γ = 1, β = 0.

    Args:
        layers: modules by layer name; their kernel is `weight`, or what they list as `kernels`.
        seed: any whole number.
        initialisation: `glorot-uniform` (Keras's default: uniform in ±√(6 / (fan in + fan out)); Glorot & Bengio 2010),
            `he-normal` (normal with deviation √(2 / fan in); He et al. 2015) or `torch-uniform` (torch's default:
            uniform in ±√(1 / fan in), deviations 2.4 times smaller than those of `he-normal`).

    Raises:
        RecipeError: the initialisation is unknown.
    """
    if initialisation == "pca":
        raise RecipeError(
            "`initialisation` (=pca) is computed from train images, and there are none here; give it to `fit` or "
            "`train`, or call `initialise_closed_form` with images"
        )
    if initialisation not in INITIALISATIONS:
        raise RecipeError(f"`initialisation` (={initialisation!r}) must be one of {', '.join(INITIALISATIONS)}")
    for name, layer in layers.items():
        for attribute in getattr(layer, "kernels", ("weight",)):
            kernel = getattr(layer, attribute, None)
            if isinstance(kernel, Tensor) and kernel.dim() >= 2:
                parts = (seed, name) if attribute == "weight" else (seed, name, attribute)
                _draw(kernel, derive_seed(*parts), initialisation)
                bias = getattr(layer, "bias", None)
                if isinstance(bias, Tensor):
                    bias.zero_()


def _draw(kernel: Tensor, seed: int, initialisation: str) -> None:
    generator = torch.Generator().manual_seed(seed)
    fan_in, fan_out = _fans(kernel)
    drawn = torch.empty(kernel.shape)
    if initialisation == "glorot-uniform":
        limit = math.sqrt(6 / (fan_in + fan_out))
        drawn.uniform_(-limit, limit, generator=generator)
    elif initialisation == "torch-uniform":
        limit = math.sqrt(1 / fan_in)
        drawn.uniform_(-limit, limit, generator=generator)
    else:
        drawn.normal_(0.0, math.sqrt(2 / fan_in), generator=generator)
    kernel.copy_(drawn)


def derive_seed(*parts: int | str) -> int:
    """A 63-bit seed from numbers and names, the same on every machine and in every version."""
    digest = hashlib.sha256("/".join(map(str, parts)).encode()).digest()
    return int.from_bytes(digest[:8], "big") >> 1


def _fans(kernel: Tensor) -> tuple[int, int]:
    """(fan in, fan out), as Keras counts them: a transposed convolution's are those of the convolution it inverts."""
    window = math.prod(kernel.shape[2:])
    return kernel.shape[1] * window, kernel.shape[0] * window
