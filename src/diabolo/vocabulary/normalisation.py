"""`bn` and `gn`: batch and group normalisation."""

from diabolo.vocabulary.convolution import int_of
from diabolo.vocabulary.kind import Attributes, Count, Effect, LayerKind, Misfit, Setting, Shape


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
)
