"""Torch modules of the line's layers, one family a file; importing this registers them all."""

from diabolo.layers import (  # noqa: F401  (each registers its builders)
    activation,
    attention,
    channel_norm,
    contractive,
    convolution,
    dense,
    divisive,
    gaussian,
    lloyd,
    normalisation,
    regularisation,
    sampling,
    scalar_quantizer,
    sparse,
    top_k,
    vector_quantizer,
)
from diabolo.layers.bottleneck import Bottleneck
from diabolo.layers.registry import build_layer, known_kinds

__all__ = ["Bottleneck", "build_layer", "known_kinds"]
