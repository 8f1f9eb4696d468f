"""`attention`: every position looks at every other."""

import math

from diabolo.vocabulary.convolution import int_of
from diabolo.vocabulary.kind import Attributes, Effect, LayerKind, Misfit, Setting, Shape, Window, require_map


def _infer(shape: Shape, attributes: Attributes) -> Effect:
    height, width, channels = require_map(shape, "write it before `flatten` or after `unflatten`")
    heads, positions = int_of(attributes, "heads"), height * width
    if channels % heads:
        best = math.gcd(channels, heads)
        raise Misfit(f"{channels} channels are not divisible by `heads` (={heads}); use `heads={best}`")
    return Effect(
        shape=shape,
        num_trainable=4 * channels * (channels + 1),
        macs=positions * 4 * channels**2 + 2 * positions**2 * channels,
        window=Window(everything=True),
    )


KINDS = (
    LayerKind(
        name="attention",
        title="MultiHeadAttention",
        meaning="self-attention over positions; stands in a `res{…}`",
        infer=_infer,
        settings=(
            Setting(name="heads", default=4, meaning="groups of channels that attend apart", minimum=1, maximum=4096),
        ),
    ),
)
