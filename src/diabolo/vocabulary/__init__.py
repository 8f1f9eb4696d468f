"""The words of the line: one file a family, gathered here; no torch."""

from types import MappingProxyType

from diabolo.vocabulary import activation, bottleneck, convolution, dense, normalisation, regularisation, sampling
from diabolo.vocabulary.kind import Attributes, Count, Effect, LayerKind, Misfit, Setting, Shape, Value, Window, describe

__all__ = [
    "KINDS", "SYNONYMS", "Attributes", "Count", "Effect", "LayerKind", "Misfit", "Setting", "Shape", "Value",
    "Window", "describe",
]  # fmt: skip

_FAMILIES = (convolution, normalisation, activation, sampling, regularisation, dense, bottleneck)


def _gather() -> dict[str, LayerKind]:
    kinds: dict[str, LayerKind] = {}
    for family in _FAMILIES:
        for kind in family.KINDS:
            assert kind.name not in kinds, f"two layer kinds are called {kind.name}"
            kinds[kind.name] = kind
    return kinds


KINDS = MappingProxyType(_gather())
"""Every layer kind by its name on the line."""

SYNONYMS = MappingProxyType({
    "conv2d": "conv", "convolution": "conv", "conv2dtranspose": "deconv", "convtranspose": "deconv",
    "transposedconv": "deconv", "batchnorm": "bn", "batchnormalization": "bn", "norm": "bn", "groupnorm": "gn",
    "maxpool": "pool", "maxpooling": "pool", "maxpooling2d": "pool", "averagepool": "avgpool", "meanpool": "avgpool",
    "upsample": "up", "upsampling": "up", "upsampling2d": "up", "pixelshuffle": "shuffle", "pixelunshuffle": "unshuffle",
    "linear": "dense", "fc": "dense", "reshape": "unflatten", "swish": "silu", "leakyrelu": "leaky", "lrelu": "leaky",
    "gaussiannoise": "noise", "vae": "gaussian", "kl": "gaussian", "vqvae": "vq", "drop": "dropout",
})  # fmt: skip
"""Names of other tools, for 'did you mean'."""
