"""The words of the line: one file a family, gathered here; no torch."""

from types import MappingProxyType

from diabolo.vocabulary import (
    activation,
    attention,
    bottleneck,
    convolution,
    dense,
    normalisation,
    regularisation,
    sampling,
)
from diabolo.vocabulary.kind import (
    Attributes,
    Count,
    Effect,
    LayerKind,
    Misfit,
    Setting,
    Shape,
    Value,
    Window,
    describe,
)

__all__ = [
    "KINDS", "SYNONYMS", "Attributes", "Count", "Effect", "LayerKind", "Misfit", "Setting", "Shape", "Value",
    "Window", "describe",
]  # fmt: skip

_FAMILIES = (convolution, normalisation, activation, attention, sampling, regularisation, dense, bottleneck)


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
    "convolution": "conv", "convtranspose": "deconv", "convt": "deconv", "transposedconv": "deconv",
    "batchnorm": "bn", "batchnormalization": "bn", "norm": "bn", "groupnorm": "gn", "groupnormalization": "gn",
    "layernorm": "ln", "layernormalization": "ln", "rmsnorm": "rms", "rmsnormalization": "rms",
    "depthwise": "dwconv", "depthwiseconv": "dwconv", "igdn": "gdn", "mha": "attention",
    "multiheadattention": "attention",
    "maxpool": "pool", "maxpooling": "pool", "averagepool": "avgpool", "averagepooling": "avgpool",
    "meanpool": "avgpool", "upsample": "up", "upsampling": "up", "interpolate": "up",
    "pixelshuffle": "shuffle", "depthtospace": "shuffle", "pixelunshuffle": "unshuffle", "spacetodepth": "unshuffle",
    "linear": "dense", "fc": "dense", "reshape": "unflatten", "swish": "silu", "leakyrelu": "leaky", "lrelu": "leaky",
    "gaussiannoise": "noise", "drop": "dropout", "vae": "gaussian", "kl": "gaussian", "vqvae": "vq",
    "residual": "res", "resblock": "res",
})  # fmt: skip
"""Names of other tools, lower case, without `_` and a final `2d`, for 'did you mean'."""
