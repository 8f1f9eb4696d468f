"""`pool`, `avgpool`, `up`, `shuffle`, `unshuffle`: change of resolution without weights."""

from diabolo.vocabulary.convolution import int_of
from diabolo.vocabulary.kind import (
    Attributes,
    Count,
    Effect,
    LayerKind,
    Misfit,
    Setting,
    Shape,
    Window,
    require_map,
)

_FLAT_REMEDY = "write it before `flatten` or after `unflatten`"
_SIZE = Count(name="size", default=2, minimum=2, maximum=64)


def _infer_pool(shape: Shape, attributes: Attributes) -> Effect:
    height, width, channels = require_map(shape, _FLAT_REMEDY)
    size = int_of(attributes, "size")
    return Effect(shape=(-(-height // size), -(-width // size), channels), window=Window(kernel=size, stride=size))


def _infer_up(shape: Shape, attributes: Attributes) -> Effect:
    height, width, channels = require_map(shape, _FLAT_REMEDY)
    size = int_of(attributes, "size")
    # Bilinear weights are a triangle of 2N positions (2N-1 where N is odd: the two ends are zero).
    kernel = size + 2 * (size // 2) if attributes["mode"] == "bilinear" else size
    return Effect(
        shape=(height * size, width * size, channels), window=Window(kernel=kernel, stride=1 / size, transposed=True)
    )


def _infer_shuffle(shape: Shape, attributes: Attributes) -> Effect:
    height, width, channels = require_map(shape, _FLAT_REMEDY)
    size = int_of(attributes, "size")
    if channels % size**2:
        raise Misfit(
            f"{channels} channels are not divisible by {size}² = {size**2}; make the layer before it a multiple"
        )
    return Effect(
        shape=(height * size, width * size, channels // size**2),
        window=Window(kernel=size, stride=1 / size, transposed=True),
    )


def _infer_unshuffle(shape: Shape, attributes: Attributes) -> Effect:
    height, width, channels = require_map(shape, _FLAT_REMEDY)
    size = int_of(attributes, "size")
    if height % size or width % size:
        raise Misfit(f"{height}×{width} is not divisible by {size}; choose a divisor, or other image sizes")
    return Effect(shape=(height // size, width // size, channels * size**2), window=Window(kernel=size, stride=size))


KINDS = (
    LayerKind(
        name="pool",
        title="MaxPooling2D",
        meaning="maximum of N×N, padded as Keras's 'same' at odd sizes",
        infer=_infer_pool,
        count=_SIZE,
    ),
    LayerKind(
        name="avgpool",
        title="AveragePooling2D",
        meaning="mean of N×N; padding does not count at odd sizes",
        infer=_infer_pool,
        count=_SIZE,
    ),
    LayerKind(
        name="up",
        title="UpSampling2D",
        meaning="N times the size",
        infer=_infer_up,
        count=_SIZE,
        settings=(
            Setting(
                name="mode", default="nearest", meaning="how values are filled in", choices=("nearest", "bilinear")
            ),
        ),
    ),
    LayerKind(
        name="shuffle",
        title="PixelShuffle",
        meaning="N² channels become N×N pixels (depth to space)",
        infer=_infer_shuffle,
        count=_SIZE,
    ),
    LayerKind(
        name="unshuffle",
        title="PixelUnshuffle",
        meaning="N×N pixels become N² channels (space to depth)",
        infer=_infer_unshuffle,
        count=_SIZE,
    ),
)
