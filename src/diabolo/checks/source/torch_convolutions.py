"""PyTorch's convolutions, transposed convolutions and linear layers: sizes, weights, attributes."""

import math
from collections.abc import Callable

from diabolo.checks.source.torch_kind import (
    BATCH,
    REQUIRED,
    Dims,
    Settings,
    TorchKind,
    is_on,
    known,
    number,
    numbers,
)
from diabolo.vocabulary import Misfit, Value, Window


def _padding(settings: Settings, rank: int) -> tuple[int, ...] | None:
    """Pixels at each border of each axis; half of it may be on the other side for `padding='same'` and even kernels."""
    word = settings.get("padding")
    if word == "valid":
        return (0,) * rank
    if word == "same":
        kernel, dilation = numbers(settings, "kernel_size", rank), numbers(settings, "dilation", rank)
        if kernel is None or dilation is None:
            return None
        return tuple(step * (side - 1) // 2 for side, step in zip(kernel, dilation, strict=True))
    return numbers(settings, "padding", rank)


def _keeps_size(settings: Settings, rank: int) -> bool:
    """Whether the padding brings back exactly what the kernel takes away, at stride 1."""
    if settings.get("padding") == "same":
        return True
    kernel, dilation = numbers(settings, "kernel_size", rank), numbers(settings, "dilation", rank)
    stride, padding = numbers(settings, "stride", rank), _padding(settings, rank)
    if kernel is None or dilation is None or padding is None or stride is None or set(stride) != {1}:
        return False
    return all(2 * pad == step * (side - 1) for side, step, pad in zip(kernel, dilation, padding, strict=True))


def check_channels(dims: Dims, settings: Settings, name: str, rank: int) -> None:
    """Raises `Misfit` where a layer is made for another number of channels, or of axes, than it gets."""
    if not dims:
        return
    if len(dims) not in (rank + 1, rank + 2):
        raise Misfit(f"needs a tensor of {rank + 2} axes ({_axes(rank)}), but it gets one of {len(dims)}")
    wanted, got = number(settings, name), dims[-rank - 1]
    if wanted is not None and got > 0 and wanted != got:
        raise Misfit(f"is made for {wanted:,} channels (`{name}`), but it gets {got:,}")


def _axes(rank: int) -> str:
    return ", ".join(("batch", "channels", *("depth", "height", "width")[3 - rank :]))


def _conv_dims(rank: int) -> Callable[[Dims, Settings], Dims]:
    def dims_after(dims: Dims, settings: Settings) -> Dims:
        check_channels(dims, settings, "in_channels", rank)
        _check_groups(settings)
        out = number(settings, "out_channels") or 0
        kernel, stride = numbers(settings, "kernel_size", rank), numbers(settings, "stride", rank)
        dilation, padding = numbers(settings, "dilation", rank), _padding(settings, rank)
        lead = dims[: -rank - 1] if dims else (BATCH,)
        sides = dims[-rank:] if dims else (0,) * rank
        if _keeps_size(settings, rank):
            return (*lead, out, *sides)
        if kernel is None or stride is None or dilation is None or padding is None:
            return (*lead, out, *(0,) * rank)
        after = [
            _shrink(side, step * (width - 1) + 1, pace, pad)
            for side, width, pace, pad, step in zip(sides, kernel, stride, padding, dilation, strict=True)
        ]
        return (*lead, out, *after)

    return dims_after


def _shrink(side: int, span: int, stride: int, padding: int) -> int:
    if side <= 0 or stride <= 0:
        return 0
    after = (side + 2 * padding - span) // stride + 1
    if after < 1:
        raise Misfit(
            f"has a kernel of {span} pixels, but its padded input is only {side + 2 * padding} pixels long; "
            "take a smaller kernel, more padding, or fewer steps down before it"
        )
    return after


def _check_groups(settings: Settings) -> None:
    groups = number(settings, "groups")
    if not groups or groups < 1:
        return
    for name in ("in_channels", "out_channels"):
        channels = number(settings, name)
        if channels is not None and channels % groups:
            raise Misfit(f"has `{name}` (={channels}), which is not divisible by `groups` (={groups})")


def _deconv_dims(rank: int) -> Callable[[Dims, Settings], Dims]:
    def dims_after(dims: Dims, settings: Settings) -> Dims:
        check_channels(dims, settings, "in_channels", rank)
        _check_groups(settings)
        out = number(settings, "out_channels") or 0
        names = ("kernel_size", "stride", "padding", "output_padding", "dilation")
        found = [numbers(settings, name, rank) for name in names]
        lead = dims[: -rank - 1] if dims else (BATCH,)
        sides = dims[-rank:] if dims else (0,) * rank
        if any(value is None for value in found):
            return (*lead, out, *(0,) * rank)
        kernel, stride, padding, extra, dilation = (value or () for value in found)
        after = []
        for axis, side in enumerate(sides):
            if extra[axis] and extra[axis] >= max(stride[axis], dilation[axis]):
                raise Misfit(
                    f"has `output_padding` (={extra[axis]}), which must be smaller than `stride` (={stride[axis]}) "
                    f"or `dilation` (={dilation[axis]})"
                )
            span = dilation[axis] * (kernel[axis] - 1) + 1
            after.append((side - 1) * stride[axis] - 2 * padding[axis] + span + extra[axis] if side > 0 else 0)
        return (*lead, out, *(max(side, 0) for side in after))

    return dims_after


def _weights(is_transposed: bool, rank: int) -> Callable[[Dims, Settings], tuple[int, int]]:
    def count(dims: Dims, settings: Settings) -> tuple[int, int]:
        into = number(settings, "in_channels")
        if into is None and len(dims) > rank and "in_channels" not in settings:
            into = dims[-rank - 1]  # a lazy class takes what it gets
        out, groups, kernel = (
            number(settings, "out_channels"),
            number(settings, "groups"),
            numbers(settings, "kernel_size", rank),
        )
        if not into or not out or not groups or kernel is None or into < 0:
            return 0, 0
        each = math.prod(kernel) * (into * out // groups)
        return each + (out if is_on(settings, "bias") else 0), 0

    return count


def _macs(is_transposed: bool, rank: int) -> Callable[[Dims, Settings], int]:
    def count(dims: Dims, settings: Settings) -> int:
        trained, _ = _weights(is_transposed, rank)((), settings)
        out = number(settings, "out_channels") or 0
        positions = math.prod(dims[-rank:]) if len(dims) > rank and min(dims[-rank:]) > 0 else 0
        if is_transposed:  # every input position is spread: the map before it was smaller by the stride
            stride = numbers(settings, "stride", rank)
            positions = positions // math.prod(stride) if stride and min(stride) > 0 else 0
        return (trained - (out if is_on(settings, "bias") else 0)) * positions if trained else 0

    return count


def _conv_attributes(rank: int) -> Callable[[Settings], dict[str, Value]]:
    def attributes(settings: Settings) -> dict[str, Value]:
        pad = "same" if _keeps_size(settings, rank) else _padding(settings, rank)
        return known(
            channels=settings.get("out_channels"), k=settings.get("kernel_size"), stride=settings.get("stride"),
            pad=pad, dilation=settings.get("dilation"), groups=settings.get("groups"), bias=settings.get("bias"),
        )  # fmt: skip

    return attributes


def _deconv_attributes(settings: Settings) -> dict[str, Value]:
    return known(
        channels=settings.get("out_channels"), k=settings.get("kernel_size"), stride=settings.get("stride"),
        pad=settings.get("padding"), output_padding=settings.get("output_padding"),
        dilation=settings.get("dilation"), groups=settings.get("groups"), bias=settings.get("bias"),
    )  # fmt: skip


def _conv_window(settings: Settings) -> Window:
    kernel, dilation, stride = number(settings, "kernel_size"), number(settings, "dilation"), number(settings, "stride")
    if kernel is None or dilation is None or stride is None:
        return Window()
    return Window(kernel=dilation * (kernel - 1) + 1, stride=stride)


def _deconv_window(settings: Settings) -> Window:
    kernel, stride = number(settings, "kernel_size"), number(settings, "stride")
    if kernel is None or not stride or kernel < stride:
        return Window()
    return Window(kernel=kernel, stride=1 / stride, transposed=True)


_CONV = (
    ("in_channels", REQUIRED), ("out_channels", REQUIRED), ("kernel_size", REQUIRED), ("stride", 1), ("padding", 0),
    ("dilation", 1), ("groups", 1), ("bias", True), ("padding_mode", "zeros"),
)  # fmt: skip
_DECONV = (
    ("in_channels", REQUIRED), ("out_channels", REQUIRED), ("kernel_size", REQUIRED), ("stride", 1), ("padding", 0),
    ("output_padding", 0), ("groups", 1), ("bias", True), ("dilation", 1), ("padding_mode", "zeros"),
)  # fmt: skip


def _conv(rank: int, kind: str, *, is_lazy: bool = False) -> TorchKind:
    return TorchKind(
        kind=kind,
        parameters=_CONV[is_lazy:],
        dims=_conv_dims(rank),
        attributes=_conv_attributes(rank),
        weights=_weights(False, rank),
        window=_conv_window,
        macs=_macs(False, rank),
    )


def _deconv(rank: int, kind: str, *, is_lazy: bool = False) -> TorchKind:
    return TorchKind(
        kind=kind,
        parameters=_DECONV[is_lazy:],
        dims=_deconv_dims(rank),
        attributes=_deconv_attributes,
        weights=_weights(True, rank),
        window=_deconv_window,
        macs=_macs(True, rank),
    )


def _linear_dims(dims: Dims, settings: Settings) -> Dims:
    out = number(settings, "out_features") or 0
    if not dims:
        return ()
    wanted, got = number(settings, "in_features"), dims[-1]
    if wanted is not None and got > 0 and wanted != got:
        raise Misfit(f"is made for {wanted:,} values (`in_features`), but it gets {got:,}")
    return (*dims[:-1], out)


def _linear_weights(dims: Dims, settings: Settings) -> tuple[int, int]:
    into, out = number(settings, "in_features"), number(settings, "out_features")
    if into is None and dims and "in_features" not in settings:
        into = dims[-1]
    if not into or not out or into < 0:
        return 0, 0
    return into * out + (out if is_on(settings, "bias") else 0), 0


def _linear_macs(dims: Dims, settings: Settings) -> int:
    into, out = number(settings, "in_features") or 0, number(settings, "out_features") or 0
    return into * out * math.prod(size for size in dims[1:-1] if size > 0)


def _linear(*, is_lazy: bool = False) -> TorchKind:
    return TorchKind(
        kind="dense",
        parameters=(("in_features", REQUIRED), ("out_features", REQUIRED), ("bias", True))[is_lazy:],
        dims=_linear_dims,
        attributes=lambda settings: known(units=settings.get("out_features"), bias=settings.get("bias")),
        weights=_linear_weights,
        window=lambda settings: Window(everything=True),
        macs=_linear_macs,
    )


LAYERS = {
    "Conv1d": _conv(1, "conv1d"), "Conv2d": _conv(2, "conv"), "Conv3d": _conv(3, "conv3d"),
    "LazyConv1d": _conv(1, "conv1d", is_lazy=True), "LazyConv2d": _conv(2, "conv", is_lazy=True),
    "LazyConv3d": _conv(3, "conv3d", is_lazy=True),
    "ConvTranspose1d": _deconv(1, "conv1d"), "ConvTranspose2d": _deconv(2, "deconv"),
    "ConvTranspose3d": _deconv(3, "conv3d"),
    "LazyConvTranspose1d": _deconv(1, "conv1d", is_lazy=True),
    "LazyConvTranspose2d": _deconv(2, "deconv", is_lazy=True),
    "LazyConvTranspose3d": _deconv(3, "conv3d", is_lazy=True),
    "Linear": _linear(), "LazyLinear": _linear(is_lazy=True),
}  # fmt: skip
