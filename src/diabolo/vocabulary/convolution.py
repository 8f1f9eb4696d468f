"""`conv`, `dwconv` and `deconv`: plain, depthwise and transposed convolution, padded as Keras pads."""

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

_FLAT_REMEDY = "write `unflatten` before it"
_LARGEST_SIDE = 99


def _infer_conv(shape: Shape, attributes: Attributes) -> Effect:
    height, width, channels = require_map(shape, _FLAT_REMEDY)
    out, kernel, stride = int_of(attributes, "channels"), int_of(attributes, "k"), int_of(attributes, "stride")
    dilation, groups = int_of(attributes, "dilation"), int_of(attributes, "groups")
    _check_groups(channels, out, groups)
    span = dilation * (kernel - 1) + 1
    if attributes["pad"] == "valid" and min(height, width) < span:
        raise Misfit(f"`pad=valid` needs at least {span}×{span}, but it gets {height}×{width}; use `pad=same`")
    size = [(-(-side // stride) if attributes["pad"] == "same" else (side - span) // stride + 1) for side in shape[:2]]
    weights = kernel * kernel * (channels // groups) * out
    return Effect(
        shape=(*size, out),
        num_trainable=weights + (out if attributes["bias"] else 0),
        macs=size[0] * size[1] * weights,
        window=Window(kernel=span, stride=stride),
    )


def _infer_dwconv(shape: Shape, attributes: Attributes) -> Effect:
    channels = require_map(shape, _FLAT_REMEDY)[2]
    return _infer_conv(shape, {**attributes, "channels": channels, "groups": channels})


def _infer_deconv(shape: Shape, attributes: Attributes) -> Effect:
    height, width, channels = require_map(shape, _FLAT_REMEDY)
    out, kernel, stride = int_of(attributes, "channels"), int_of(attributes, "k"), int_of(attributes, "stride")
    if kernel < stride:
        better = 2 * stride if 2 * stride <= _LARGEST_SIDE else stride
        raise Misfit(f"`k` (={kernel}) is smaller than `stride` (={stride}), which leaves holes; use `k={better}`")
    weights = kernel * kernel * channels * out
    return Effect(
        shape=(height * stride, width * stride, out),
        num_trainable=weights + (out if attributes["bias"] else 0),
        macs=height * width * weights,
        window=Window(kernel=kernel, stride=1 / stride, transposed=True),
    )


def _check_groups(channels: int, out: int, groups: int) -> None:
    for what, count in (("input", channels), ("output", out)):
        if count % groups:
            raise Misfit(f"{count} {what} channels are not divisible by `groups` (={groups}); choose a divisor")


def int_of(attributes: Attributes, name: str) -> int:
    """An attribute that the vocabulary promises to be a whole number."""
    value = attributes[name]
    assert isinstance(value, int)
    return value


_BIAS = Setting(name="bias", default=True, meaning="add a bias to each output channel")

KINDS = (
    LayerKind(
        name="conv",
        title="Conv2D",
        meaning="convolution to N channels",
        infer=_infer_conv,
        count=Count(name="channels"),
        settings=(
            Setting(name="k", default=3, meaning="side of the kernel", minimum=1, maximum=_LARGEST_SIDE),
            Setting(name="stride", default=1, meaning="step of the kernel", minimum=1, maximum=_LARGEST_SIDE),
            Setting(name="pad", default="same", meaning="zero padding, in Keras's sense", choices=("same", "valid")),
            Setting(
                name="dilation", default=1, meaning="spacing of the kernel's taps", minimum=1, maximum=_LARGEST_SIDE
            ),
            Setting(
                name="groups",
                default=1,
                meaning="channel groups; as many as channels: depthwise",
                minimum=1,
                maximum=1_000_000,
            ),
            _BIAS,
        ),
    ),
    LayerKind(
        name="dwconv",
        title="DepthwiseConv2D",
        meaning="convolution of each channel by itself",
        infer=_infer_dwconv,
        settings=(
            Setting(name="k", default=3, meaning="side of the kernel", minimum=1, maximum=_LARGEST_SIDE),
            Setting(name="stride", default=1, meaning="step of the kernel", minimum=1, maximum=_LARGEST_SIDE),
            Setting(name="pad", default="same", meaning="zero padding, in Keras's sense", choices=("same", "valid")),
            Setting(
                name="dilation", default=1, meaning="spacing of the kernel's taps", minimum=1, maximum=_LARGEST_SIDE
            ),
            _BIAS,
        ),
    ),
    LayerKind(
        name="deconv",
        title="Conv2DTranspose",
        meaning="transposed convolution to N channels; grows the image by its stride",
        infer=_infer_deconv,
        count=Count(name="channels"),
        settings=(
            Setting(
                name="k",
                default=4,
                meaning="side of the kernel; a multiple of the stride",
                minimum=1,
                maximum=_LARGEST_SIDE,
            ),
            Setting(
                name="stride", default=2, meaning="factor by which the image grows", minimum=1, maximum=_LARGEST_SIDE
            ),
            _BIAS,
        ),
    ),
)
