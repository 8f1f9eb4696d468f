"""Bottlenecks that do more than be narrow: variational, discrete, sparse, contractive."""

import math

from diabolo.vocabulary.convolution import int_of
from diabolo.vocabulary.kind import Attributes, Count, Effect, LayerKind, Misfit, Setting, Shape, Window, describe


def _infer_gaussian(shape: Shape, attributes: Attributes) -> Effect:
    count = int_of(attributes, "channels")
    positions = math.prod(shape[:-1])
    return Effect(
        shape=(*shape[:-1], count),
        num_trainable=(shape[-1] + 1) * 2 * count,
        macs=positions * shape[-1] * 2 * count,
        window=Window(everything=len(shape) == 1),
    )


def _infer_vq(shape: Shape, attributes: Attributes) -> Effect:
    codes = int_of(attributes, "codes")
    # The codebook, its moving sums and its moving counts: kept, learned by averaging, not by gradient.
    return Effect(
        shape=shape,
        num_non_trainable=2 * codes * shape[-1] + codes,
        window=Window(everything=len(shape) == 1),
        bits=math.prod(shape[:-1]) * math.log2(codes),
    )


def _infer_fsq(shape: Shape, attributes: Attributes) -> Effect:
    levels = attributes["levels"]
    assert isinstance(levels, tuple)
    if shape[-1] != len(levels):
        before = f"conv{len(levels)}[k=1]" if len(shape) == 3 else f"dense{len(levels)}"
        raise Misfit(
            f"needs a channel for each of its {len(levels)} levels, but it gets {describe(shape)}; "
            f"write `{before}` before it, or list {shape[-1]:,} levels"
        )
    return Effect(shape=shape, bits=math.prod(shape[:-1]) * sum(math.log2(level) for level in levels))


def _infer_lloyd(shape: Shape, attributes: Attributes) -> Effect:
    bits, channels = int_of(attributes, "bits"), shape[-1]
    if bits > 8 * channels:
        raise Misfit(
            f"`bits` (={bits:,}) is more than {describe(shape)} can take: a channel takes 8 bits at most; "
            f"use `bits={8 * channels}`"
        )
    # Levels and how often each is chosen, for 256 levels a channel, and how many levels each channel has.
    return Effect(
        shape=shape,
        num_non_trainable=channels * (2 * 256 + 1),
        window=Window(everything=len(shape) == 1),
        bits=float(math.prod(shape[:-1]) * bits),
    )


def _infer_same(shape: Shape, attributes: Attributes) -> Effect:
    return Effect(shape=shape)


def _infer_top_k(shape: Shape, attributes: Attributes) -> Effect:
    number, of = int_of(attributes, "k"), attributes["of"]
    among = {"position": shape[-1], "image": math.prod(shape), "channel": math.prod(shape[:-1])}
    if len(shape) == 1 and of == "channel":
        raise Misfit(f"`of=channel` needs positions to choose among, but it gets {describe(shape)}; leave `of` out")
    if number > among[str(of)]:
        raise Misfit(
            f"keeps the {number:,} largest of each {of}, but {describe(shape)} has only {among[str(of)]:,}; "
            f"write a smaller number"
        )
    return Effect(shape=shape, window=Window(everything=of == "image" or of == "channel" or len(shape) == 1))


KINDS = (
    LayerKind(
        name="gaussian",
        title="GaussianBottleneck",
        meaning="mean and variance of N channels, sampled in training; KL to the unit Gaussian joins the loss",
        infer=_infer_gaussian,
        count=Count(name="channels"),
        settings=(
            Setting(name="beta", default=1.0, meaning="weight of the KL term; 1 is the evidence bound", minimum=0.0),
            Setting(
                name="free_bits",
                default=0.0,
                meaning="bits of KL that a value has for nothing, by channel",
                minimum=0.0,
            ),
        ),
        is_random=True,
    ),
    LayerKind(
        name="vq",
        title="VectorQuantizer",
        meaning="each position becomes the nearest of N codes; codebook by moving averages",
        infer=_infer_vq,
        count=Count(name="codes", default=512, minimum=2),
        settings=(
            Setting(name="beta", default=0.25, meaning="weight of the commitment term", minimum=0.0),
            Setting(name="decay", default=0.99, meaning="of the codebook's moving averages", minimum=0.0, maximum=1.0),
        ),
    ),
    LayerKind(
        name="fsq",
        title="FiniteScalarQuantizer",
        meaning="each channel is rounded to a fixed number of levels",
        infer=_infer_fsq,
        settings=(
            Setting(name="levels", default=(8, 5, 5, 5), meaning="levels of each channel", minimum=2, maximum=65536),
        ),
    ),
    LayerKind(
        name="lloyd",
        title="LloydQuantizer",
        meaning="each channel is rounded to levels that follow its values; bits go to the channels that need them",
        infer=_infer_lloyd,
        settings=(
            Setting(
                name="bits", default=64, meaning="bits of a position, all channels together", minimum=1, maximum=65536
            ),
            Setting(
                name="decay",
                default=0.98,
                meaning="of the levels' moving averages; 1: they stay",
                minimum=0.0,
                maximum=1.0,
            ),
        ),
    ),
    LayerKind(
        name="sparse",
        title="SparsePenalty",
        meaning="nothing changes; the sum of absolute values joins the loss, and most values become small",
        infer=_infer_same,
        settings=(Setting(name="l1", default=0.01, meaning="weight of the sum of absolute values", minimum=0.0),),
    ),
    LayerKind(
        name="topk",
        title="TopK",
        meaning="only the N largest values go on, the others become 0",
        infer=_infer_top_k,
        count=Count(name="k"),
        settings=(
            Setting(
                name="of",
                default="position",
                meaning="among which values the largest are kept",
                choices=("position", "image", "channel"),
            ),
        ),
    ),
    LayerKind(
        name="contractive",
        title="ContractivePenalty",
        meaning="nothing changes; how fast the latent changes with the image joins the loss",
        infer=_infer_same,
        settings=(
            Setting(name="weight", default=0.1, meaning="weight of the squared norm of the Jacobian", minimum=0.0),
        ),
        is_random=True,
    ),
)
