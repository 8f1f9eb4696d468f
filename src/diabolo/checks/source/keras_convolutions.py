"""Keras's convolutions, pooling and up-sampling: shapes, parameters and windows."""

import math

from diabolo.checks.source.keras_plan import (
    UNKNOWN,
    Config,
    KerasKind,
    Plan,
    Planner,
    Shapes,
    attribute_of,
    known,
    needs_rank,
    number,
    several,
    shown,
    told,
)
from diabolo.vocabulary import Misfit, Shape, Window

_CONVOLUTION = (
    "filters", "kernel_size", "strides", "padding", "data_format", "dilation_rate", "groups", "activation", "use_bias",
    "kernel_initializer", "bias_initializer", "kernel_regularizer", "bias_regularizer", "activity_regularizer",
)  # fmt: skip
_TRANSPOSED = (
    "filters", "kernel_size", "strides", "padding", "output_padding", "data_format", "dilation_rate", "activation",
    "use_bias",
)  # fmt: skip
_DEPTHWISE = (
    "kernel_size", "strides", "padding", "depth_multiplier", "data_format", "dilation_rate", "activation", "use_bias",
)  # fmt: skip
_SEPARABLE = (
    "filters", "kernel_size", "strides", "padding", "data_format", "dilation_rate", "depth_multiplier", "activation",
    "use_bias",
)  # fmt: skip


def _padding(config: Config) -> object:
    padding = told(config, "padding", "valid")
    return padding.lower() if isinstance(padding, str) else UNKNOWN


def _is_last(config: Config) -> bool:
    return told(config, "data_format", None) in (None, "channels_last")


def _length(side: int, span: int, stride: int, padding: object) -> int:
    """Positions of a window along one side; 0 where that is not known."""
    if not side or not stride or (not span and padding != "same"):
        return 0
    if padding in ("same", "causal"):
        return -(-side // stride)
    return (side - span) // stride + 1 if padding == "valid" else 0


def _spans(kernel: tuple[int, ...], dilation: tuple[int, ...]) -> tuple[int, ...]:
    return tuple((side - 1) * gap + 1 if side and gap else 0 for side, gap in zip(kernel, dilation, strict=True))


def _window(kernel: tuple[int, ...], stride: tuple[int, ...], transposed: bool = False) -> Window:
    step = max(stride) or 1
    return Window(kernel=max(kernel) or 1, stride=1 / step if transposed else step, transposed=transposed)


def _fits(sides: Shape, spans: tuple[int, ...], padding: object) -> None:
    if padding == "valid":
        for side, span in zip(sides, spans, strict=True):
            if side and span > side:
                raise Misfit(
                    f"a window of {'×'.join(map(str, spans))} does not fit into {'×'.join(map(str, sides))} without "
                    "padding; write `padding='same'`, or pool less before it"
                )


def _convolution(rank: int, kind: str, what: str) -> Planner:
    def plan(config: Config) -> Plan:
        filters = number(config, "filters")
        kernel = several(config, "kernel_size", rank, None)
        stride = several(config, "strides", rank, 1)
        dilation = several(config, "dilation_rate", rank, 1)
        groups = number(config, "groups", 1)
        padding, bias, last = _padding(config), told(config, "use_bias", True), _is_last(config)
        spans = _spans(kernel, dilation)

        def shape(shapes: Shapes) -> Shape:
            before = shapes[0]
            if not last:
                return ()
            needs_rank(before, rank + 1, what)
            if not before:
                return (*(0,) * rank, filters)
            _fits(before[:-1], spans, padding)
            if groups and before[-1] % groups:
                raise Misfit(f"{before[-1]} channels are not divisible by `groups` (={groups}); choose a divisor")
            sides = [_length(*side, padding) for side in zip(before[:-1], spans, stride, strict=True)]
            return (*sides, filters)

        def count(shapes: Shapes) -> tuple[int, int]:
            channels = shapes[0][-1] if last and shapes[0] else 0
            if not channels or not filters or 0 in kernel or not groups:
                return 0, 0
            return math.prod(kernel) * (channels // groups) * filters + (filters if bias is True else 0), 0

        attributes = known(
            channels=filters or None, k=attribute_of(kernel), stride=attribute_of(stride), pad=padding,
            dilation=attribute_of(dilation), groups=groups or None, bias=bias,
        )  # fmt: skip
        return Plan(
            kind=kind, attributes=attributes, shape=shape, count=count, window=_window(spans, stride),
            activation=told(config, "activation", None),
        )  # fmt: skip

    return plan


def _transposed(rank: int, kind: str, what: str) -> Planner:
    def plan(config: Config) -> Plan:
        filters = number(config, "filters")
        kernel = several(config, "kernel_size", rank, None)
        stride = several(config, "strides", rank, 1)
        dilation = several(config, "dilation_rate", rank, 1)
        extra_given = told(config, "output_padding", None)
        extra = None if extra_given is None else _extra(extra_given, rank)
        padding, bias, last = _padding(config), told(config, "use_bias", True), _is_last(config)
        spans = _spans(kernel, dilation)

        def side_after(side: int, span: int, step: int, added: int | None) -> int:
            if not side or not step:
                return 0
            if extra is None:
                if padding == "same":
                    return side * step
                return side * step + max(span - step, 0) if span and padding == "valid" else 0
            if added is None or not span:
                return 0
            cut = span // 2 if padding == "same" else 0
            return (side - 1) * step + span - 2 * cut + added

        def shape(shapes: Shapes) -> Shape:
            before = shapes[0]
            if not last:
                return ()
            needs_rank(before, rank + 1, what)
            if not before:
                return (*(0,) * rank, filters)
            added = extra or (None,) * rank
            sides = [side_after(*side) for side in zip(before[:-1], spans, stride, added, strict=True)]
            return (*sides, filters)

        def count(shapes: Shapes) -> tuple[int, int]:
            channels = shapes[0][-1] if last and shapes[0] else 0
            if not channels or not filters or 0 in kernel:
                return 0, 0
            return math.prod(kernel) * channels * filters + (filters if bias is True else 0), 0

        attributes = known(
            channels=filters or None, k=attribute_of(kernel), stride=attribute_of(stride), pad=padding, bias=bias,
            dilation=None if set(dilation) == {1} else attribute_of(dilation),
            output_padding=None if extra is None or None in extra else (extra[0] if len(set(extra)) == 1 else extra),
        )  # fmt: skip
        return Plan(
            kind=kind, attributes=attributes, shape=shape, count=count, window=_window(spans, stride, True),
            activation=told(config, "activation", None),
        )  # fmt: skip

    return plan


def _extra(value: object, rank: int) -> tuple[int | None, ...]:
    if isinstance(value, int):
        return (value,) * rank
    if isinstance(value, tuple | list) and len(value) == rank:
        return tuple(side if isinstance(side, int) else None for side in value)
    return (None,) * rank


def _depthwise(config: Config) -> Plan:
    kernel, stride = several(config, "kernel_size", 2, None), several(config, "strides", 2, 1)
    dilation, times = several(config, "dilation_rate", 2, 1), number(config, "depth_multiplier", 1)
    padding, bias, last = _padding(config), told(config, "use_bias", True), _is_last(config)
    spans = _spans(kernel, dilation)

    def shape(shapes: Shapes) -> Shape:
        before = shapes[0]
        if not last:
            return ()
        needs_rank(before, 3, "a depthwise convolution")
        if not before:
            return (0, 0, 0)
        _fits(before[:-1], spans, padding)
        sides = [_length(*side, padding) for side in zip(before[:-1], spans, stride, strict=True)]
        return (*sides, before[-1] * times)

    def count(shapes: Shapes) -> tuple[int, int]:
        channels = shapes[0][-1] * times if last and shapes[0] else 0
        return math.prod(kernel) * channels + (channels if bias is True else 0), 0

    attributes = known(
        k=attribute_of(kernel), stride=attribute_of(stride), pad=padding, dilation=attribute_of(dilation), bias=bias
    )
    return Plan(
        kind="depthwise", attributes=attributes, shape=shape, count=count, window=_window(spans, stride),
        activation=told(config, "activation", None),
    )  # fmt: skip


def _separable(rank: int, kind: str) -> Planner:
    ordinary = _convolution(rank, kind, "a separable convolution")

    def plan(config: Config) -> Plan:
        kernel, times = several(config, "kernel_size", rank, None), number(config, "depth_multiplier", 1)
        filters, bias = number(config, "filters"), told(config, "use_bias", True)
        base: Plan = ordinary({**config, "groups": 1})

        def count(shapes: Shapes) -> tuple[int, int]:
            channels = shapes[0][-1] if _is_last(config) and shapes[0] else 0
            if not channels or not filters or 0 in kernel or not times:
                return 0, 0
            between = channels * times
            return math.prod(kernel) * between + between * filters + (filters if bias is True else 0), 0

        attributes = {**base.attributes, "separable": True}
        return Plan(
            kind=kind, attributes=attributes, shape=base.shape, count=count, window=base.window,
            activation=base.activation,
        )  # fmt: skip

    return plan


def _pool(rank: int, kind: str) -> Planner:
    def plan(config: Config) -> Plan:
        size = several(config, "pool_size", rank, 2)
        stride_given = told(config, "strides", None)
        stride = size if stride_given is None else several(config, "strides", rank, 0)
        padding, last = _padding(config), _is_last(config)

        def shape(shapes: Shapes) -> Shape:
            before = shapes[0]
            if not last:
                return ()
            needs_rank(before, rank + 1, "pooling")
            if not before:
                return ()
            _fits(before[:-1], size, padding)
            return (*[_length(*side, padding) for side in zip(before[:-1], size, stride, strict=True)], before[-1])

        other = attribute_of(stride) if stride != size else None
        attributes = known(size=attribute_of(size), stride=other, pad=padding)
        return Plan(kind=kind, attributes=attributes, shape=shape, window=_window(size, stride))

    return plan


def _up(rank: int) -> Planner:
    def plan(config: Config) -> Plan:
        size = several(config, "size", rank, 2)
        mode, last = told(config, "interpolation", "nearest"), _is_last(config)

        def shape(shapes: Shapes) -> Shape:
            before = shapes[0]
            if not last:
                return ()
            needs_rank(before, rank + 1, "up-sampling")
            if not before:
                return ()
            return (*[side * factor for side, factor in zip(before[:-1], size, strict=True)], before[-1])

        factor = max(size) or 1
        span = factor + 2 * (factor // 2) if mode == "bilinear" else factor
        return Plan(
            kind="up", attributes=known(size=attribute_of(size), mode=mode), shape=shape,
            window=Window(kernel=span, stride=1 / factor, transposed=True),
        )  # fmt: skip

    return plan


def _pad(config: Config) -> Plan:
    amounts, last = _amounts(told(config, "padding", 1)), _is_last(config)

    def shape(shapes: Shapes) -> Shape:
        before = shapes[0]
        if not last or not before:
            return ()
        needs_rank(before, 3, "padding")
        if amounts is None:
            return (0, 0, before[-1])
        return (*[side + sum(ends) if side else 0 for side, ends in zip(before[:2], amounts, strict=True)], before[-1])

    return Plan(kind="pad", shape=shape)


def _crop(config: Config) -> Plan:
    amounts, last = _amounts(told(config, "cropping", 0)), _is_last(config)

    def shape(shapes: Shapes) -> Shape:
        before = shapes[0]
        if not last or not before:
            return ()
        needs_rank(before, 3, "cropping")
        if amounts is None:
            return (0, 0, before[-1])
        if any(side and side <= sum(ends) for side, ends in zip(before[:2], amounts, strict=True)):
            raise Misfit(f"cropping takes everything away from {shown(before)}; crop less")
        return (*[side - sum(ends) if side else 0 for side, ends in zip(before[:2], amounts, strict=True)], before[-1])

    return Plan(kind="crop", shape=shape)


def _amounts(value: object) -> tuple[tuple[int, int], tuple[int, int]] | None:
    if isinstance(value, int):
        return (value, value), (value, value)
    if not isinstance(value, tuple | list) or len(value) != 2:
        return None
    pairs: list[tuple[int, int]] = []
    for part in value:
        if isinstance(part, int):
            pairs.append((part, part))
        elif isinstance(part, tuple | list) and len(part) == 2 and all(isinstance(end, int) for end in part):
            pairs.append((part[0], part[1]))
        else:
            return None
    return pairs[0], pairs[1]


def _global(kind: str) -> Planner:
    def plan(config: Config) -> Plan:
        keeps, last = told(config, "keepdims", False), _is_last(config)

        def shape(shapes: Shapes) -> Shape:
            before = shapes[0]
            if not last or not before or keeps is UNKNOWN:
                return ()
            return (*(1 for _ in before[:-1]), before[-1]) if keeps else (before[-1],)

        return Plan(kind=kind, attributes=known(keepdims=keeps or None), shape=shape, window=Window(everything=True))

    return plan


_POOL = ("pool_size", "strides", "padding", "data_format")


def _kind(names: tuple[str, ...], parameters: tuple[str, ...], plan: Planner) -> KerasKind:
    return KerasKind(names=names, parameters=parameters, plan=plan)


_GLOBAL = (
    "GlobalAveragePooling2D", "GlobalAvgPool2D", "GlobalMaxPooling2D", "GlobalMaxPool2D", "GlobalAveragePooling1D",
    "GlobalMaxPooling1D", "GlobalAveragePooling3D", "GlobalMaxPooling3D",
)  # fmt: skip
_TRANSPOSED_NAMES = ("Conv2DTranspose", "Convolution2DTranspose", "Deconvolution2D", "Deconv2D")

KINDS = (
    _kind(("Conv2D", "Convolution2D"), _CONVOLUTION, _convolution(2, "conv", "a convolution")),
    _kind(("Conv1D", "Convolution1D"), _CONVOLUTION, _convolution(1, "conv1d", "`Conv1D`")),
    _kind(("Conv3D", "Convolution3D"), _CONVOLUTION, _convolution(3, "conv3d", "`Conv3D`")),
    _kind(_TRANSPOSED_NAMES, _TRANSPOSED, _transposed(2, "deconv", "a transposed convolution")),
    _kind(("Conv1DTranspose",), _TRANSPOSED, _transposed(1, "conv1d", "`Conv1DTranspose`")),
    _kind(("Conv3DTranspose",), _TRANSPOSED, _transposed(3, "conv3d", "`Conv3DTranspose`")),
    _kind(("DepthwiseConv2D",), _DEPTHWISE, _depthwise),
    _kind(("SeparableConv2D", "SeparableConvolution2D"), _SEPARABLE, _separable(2, "conv")),
    _kind(("SeparableConv1D",), _SEPARABLE, _separable(1, "conv1d")),
    _kind(("MaxPooling2D", "MaxPool2D"), _POOL, _pool(2, "pool")),
    _kind(("AveragePooling2D", "AvgPool2D"), _POOL, _pool(2, "avgpool")),
    _kind(("MaxPooling1D", "MaxPool1D"), _POOL, _pool(1, "pool")),
    _kind(("AveragePooling1D", "AvgPool1D"), _POOL, _pool(1, "avgpool")),
    _kind(("MaxPooling3D", "MaxPool3D"), _POOL, _pool(3, "pool")),
    _kind(("AveragePooling3D", "AvgPool3D"), _POOL, _pool(3, "avgpool")),
    _kind(("UpSampling2D",), ("size", "data_format", "interpolation"), _up(2)),
    _kind(("UpSampling1D",), ("size",), _up(1)),
    _kind(("UpSampling3D",), ("size", "data_format"), _up(3)),
    _kind(("ZeroPadding2D",), ("padding", "data_format"), _pad),
    _kind(("Cropping2D",), ("cropping", "data_format"), _crop),
    _kind(_GLOBAL, ("data_format", "keepdims"), _global("globalpool")),
)
