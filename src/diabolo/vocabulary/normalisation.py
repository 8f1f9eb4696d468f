"""`bn`, `gn`, `ln`, `rms`, `gdn`: batch, group, layer, root-mean-square and divisive normalisation."""

import math

from diabolo.vocabulary.convolution import int_of
from diabolo.vocabulary.kind import Attributes, Count, Effect, LayerKind, Misfit, Setting, Shape, Window


def _infer_bn(shape: Shape, attributes: Attributes) -> Effect:
    return Effect(shape=shape, num_trainable=2 * shape[-1], num_non_trainable=2 * shape[-1])


def _infer_gn(shape: Shape, attributes: Attributes) -> Effect:
    groups = int_of(attributes, "groups")
    if shape[-1] % groups:
        best = next(number for number in range(groups, 0, -1) if shape[-1] % number == 0)
        raise Misfit(
            f"{shape[-1]} channels are not divisible into {groups} groups; write `gn{best}`, or other channels"
        )
    return Effect(shape=shape, num_trainable=2 * shape[-1])


def _infer_ln(shape: Shape, attributes: Attributes) -> Effect:
    return Effect(shape=shape, num_trainable=2 * shape[-1])


def _infer_rms(shape: Shape, attributes: Attributes) -> Effect:
    return Effect(shape=shape, num_trainable=shape[-1])


def _infer_gdn(shape: Shape, attributes: Attributes) -> Effect:
    channels = shape[-1]
    return Effect(
        shape=shape, num_trainable=channels + channels**2, macs=math.prod(shape[:-1]) * channels**2,
        window=Window(everything=len(shape) == 1),
    )  # fmt: skip


KINDS = (
    LayerKind(
        name="bn",
        title="BatchNormalization",
        meaning="batch normalisation; moving averages in evaluation",
        infer=_infer_bn,
        settings=(
            Setting(
                name="momentum",
                default=0.99,
                meaning="share of the old moving average that a step keeps, in Keras's sense",
                minimum=0.0,
                maximum=1.0,
            ),
            Setting(name="eps", default=0.001, meaning="added to the variance", minimum=1e-12, maximum=1.0),
        ),
    ),
    LayerKind(
        name="gn",
        title="GroupNormalization",
        meaning="group normalisation in N groups",
        infer=_infer_gn,
        count=Count(name="groups", default=8),
        settings=(Setting(name="eps", default=0.001, meaning="added to the variance", minimum=1e-12, maximum=1.0),),
    ),
    LayerKind(
        name="ln",
        title="LayerNormalization",
        meaning="layer normalisation: over the channels of each position by itself",
        infer=_infer_ln,
        settings=(Setting(name="eps", default=0.001, meaning="added to the variance", minimum=1e-12, maximum=1.0),),
    ),
    LayerKind(
        name="rms",
        title="RMSNormalization",
        meaning="the channels of each position over their root mean square",
        infer=_infer_rms,
        settings=(Setting(name="eps", default=1e-6, meaning="added to the mean square", minimum=1e-12, maximum=1.0),),
    ),
    LayerKind(
        name="gdn",
        title="GDN",
        meaning="each channel over a learned norm of all channels at its position (generalised divisive normalisation)",
        infer=_infer_gdn,
        settings=(Setting(name="inverse", default=False, meaning="multiply by that norm instead, as decoders do"),),
    ),
)
