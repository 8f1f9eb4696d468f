"""PyTorch's layers without weights that change sizes: pools, up-sampling, shuffles, padding, flatten and unflatten."""

import math
from collections.abc import Callable
from itertools import pairwise

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


def _pool_dims(rank: int) -> Callable[[Dims, Settings], Dims]:
    def dims_after(dims: Dims, settings: Settings) -> Dims:
        if len(dims) not in (0, rank + 1, rank + 2):
            raise Misfit(f"needs a tensor of {rank + 2} axes, but it gets one of {len(dims)}")
        kernel, padding = numbers(settings, "kernel_size", rank), numbers(settings, "padding", rank)
        stride = kernel if settings.get("stride", 0) is None else numbers(settings, "stride", rank)
        dilation = numbers({"dilation": 1, **settings}, "dilation", rank)
        rounds_up = is_on(settings, "ceil_mode")
        sides = dims[-rank:] if dims else (0,) * rank
        lead = dims[:-rank] if dims else (BATCH, 0)
        if kernel is None or padding is None or stride is None or dilation is None or rounds_up is None:
            return (*lead, *(0,) * rank)
        spans = [step * (side - 1) + 1 for side, step in zip(kernel, dilation, strict=True)]
        return (*lead, *map(_pooled, sides, spans, stride, padding, [rounds_up] * rank))

    return dims_after


def _pooled(side: int, span: int, stride: int, padding: int, rounds_up: bool) -> int:
    if side <= 0 or stride <= 0:
        return 0
    room = side + 2 * padding - span
    after = (-(-room // stride) if rounds_up else room // stride) + 1
    if rounds_up and (after - 1) * stride >= side + padding:
        after -= 1  # a window that would start in the right padding is left out
    if after < 1:
        raise Misfit(f"has a window of {span} pixels, but its input is only {side} pixels long; leave a pool out")
    return after


def _pool_attributes(settings: Settings) -> dict[str, Value]:
    size = settings.get("kernel_size")
    stride = size if settings.get("stride", 0) is None else settings.get("stride")
    found = known(size=size)
    if "size" in found and known(stride=stride).get("stride", found["size"]) != found["size"]:
        found |= known(stride=stride)
    if settings.get("padding"):
        found |= known(pad=settings.get("padding"))
    return found


def _pool_window(settings: Settings) -> Window:
    kernel = number(settings, "kernel_size")
    stride = kernel if settings.get("stride", 0) is None else number(settings, "stride")
    return Window(kernel=kernel, stride=stride) if kernel and stride else Window()


def _pool(kind: str, rank: int, *, takes_dilation: bool) -> TorchKind:
    more = (("dilation", 1), ("return_indices", False)) if takes_dilation else ()
    return TorchKind(
        kind=kind,
        parameters=(("kernel_size", REQUIRED), ("stride", None), ("padding", 0), *more, ("ceil_mode", False)),
        dims=_pool_dims(rank),
        attributes=_pool_attributes,
        window=_pool_window,
    )


def _adaptive(rank: int, kind: str) -> TorchKind:
    def dims_after(dims: Dims, settings: Settings) -> Dims:
        size = settings.get("output_size", 0)
        sizes = tuple(size) if isinstance(size, (tuple, list)) else (size,) * rank
        before = dims[-rank:] if len(dims) > rank else (0,) * rank
        lead = dims[:-rank] if len(dims) > rank else (BATCH, 0)
        return (*lead, *(side if item is None else item if isinstance(item, int) else 0 for item, side in zip(sizes, before, strict=False)))  # fmt: skip  # noqa: E501

    def attributes(settings: Settings) -> dict[str, Value]:
        return known(output=settings.get("output_size"))

    return TorchKind(kind=kind, parameters=(("output_size", REQUIRED),), dims=dims_after, attributes=attributes)


def _upsampled(dims: Dims, settings: Settings) -> Dims:
    rank = max(len(dims) - 2, 0)
    size, factor = settings.get("size", 0), settings.get("scale_factor", 0)
    if size is not None:
        sizes = numbers(settings, "size", rank)
        return (*dims[:2], *(sizes or (0,) * rank))
    factors = tuple(factor) if isinstance(factor, (tuple, list)) else (factor,) * rank
    growth = [item for item in factors if isinstance(item, (int, float)) and item > 0]
    if len(growth) != rank or len(factors) != rank:
        return (*dims[:2], *(0,) * rank)
    return (*dims[:2], *map(_scaled, dims[2:], growth))


def _scaled(side: int, factor: float) -> int:
    return math.floor(side * factor) if side > 0 else 0


def upsample_attributes(settings: Settings) -> dict[str, Value]:
    """Of an up-sampling by a whole factor; of another its mode alone."""
    factor = settings.get("scale_factor")
    if isinstance(factor, (tuple, list)) and factor and all(item == factor[0] for item in factor):
        factor = factor[0]
    if isinstance(factor, float) and factor.is_integer():
        factor = int(factor)
    return known(size=factor, mode=settings.get("mode"))


def _upsample_window(settings: Settings) -> Window:
    size, mode = upsample_attributes(settings).get("size"), settings.get("mode")
    if not isinstance(size, int) or size < 1:
        return Window()
    kernel = size if mode in ("nearest", "nearest-exact") else size + 2 * (size // 2)
    return Window(kernel=kernel, stride=1 / size, transposed=True)


def upsampling(mode: str | None = None) -> TorchKind:
    """`Upsample`, or one of its older names with a fixed mode."""
    modes = (("mode", "nearest"), ("align_corners", None)) if mode is None else ()

    def with_mode(settings: Settings) -> Settings:
        return settings if mode is None else {**settings, "mode": mode}

    return TorchKind(
        kind="up",
        parameters=(("size", None), ("scale_factor", None), *modes),
        dims=lambda dims, settings: _upsampled(dims, settings) if dims else (),
        attributes=lambda settings: upsample_attributes(with_mode(settings)),
        window=lambda settings: _upsample_window(with_mode(settings)),
    )


def _shuffled(dims: Dims, settings: Settings) -> Dims:
    factor = number(settings, "upscale_factor")
    if len(dims) != 4 or not factor:
        return (*dims[:1], 0, 0, 0) if dims else ()
    batch, channels, height, width = dims
    if channels > 0 and channels % factor**2:
        raise Misfit(
            f"turns {factor}²={factor**2} channels into {times(factor)} pixels, but it gets {channels:,} channels, "
            f"which is not divisible by {factor**2}"
        )
    return batch, channels // factor**2, height * factor, width * factor


def _unshuffled(dims: Dims, settings: Settings) -> Dims:
    factor = number(settings, "downscale_factor")
    if len(dims) != 4 or not factor:
        return (*dims[:1], 0, 0, 0) if dims else ()
    batch, channels, height, width = dims
    if height % factor or width % factor:
        raise Misfit(f"needs sides that are divisible by {factor}, but it gets {height}×{width}")
    return batch, channels * factor**2, height // factor, width // factor


def times(side: int) -> str:
    """A square as users read it: `2×2`."""
    return f"{side}×{side}"


def flattened(dims: Dims, first: int = 1, last: int = -1) -> Dims:
    """Sizes with the axes from `first` to `last` made one; its size is 0 where one of them is unknown."""
    if not dims:
        return ()
    first, last = first % len(dims), last % len(dims)
    middle = dims[first : last + 1]
    if not middle:
        return dims
    if BATCH in middle and len(middle) > 1:
        return (*dims[:first], 0, *dims[last + 1 :])
    size = middle[0] if len(middle) == 1 else math.prod(middle)
    return (*dims[:first], size, *dims[last + 1 :])


def _flatten_dims(dims: Dims, settings: Settings) -> Dims:
    first, last = number(settings, "start_dim"), number(settings, "end_dim")
    if not dims:
        return (BATCH, 0) if (first, last) == (1, -1) else ()
    return flattened(dims, first, last) if first is not None and last is not None else ()


def _unflatten_dims(dims: Dims, settings: Settings) -> Dims:
    axis, sizes = number(settings, "dim"), settings.get("unflattened_size")
    if not isinstance(sizes, (tuple, list)) or not all(isinstance(size, int) for size in sizes):
        return ()
    if not dims:
        return (BATCH, *sizes) if axis == 1 else ()
    if axis is None or not -len(dims) <= axis < len(dims):
        return ()
    axis %= len(dims)
    return (*dims[:axis], *fitted(dims[axis], tuple(sizes)), *dims[axis + 1 :])


def fitted(size: int, sizes: Dims) -> Dims:
    """Sizes that `size` values are folded into, with at most one -1 among them filled in; raises `Misfit`."""
    rest = math.prod(side for side in sizes if side != -1)
    if sizes.count(-1) == 1 and size > 0 and rest > 0:
        if size % rest:
            raise Misfit(f"cannot fold {size:,} values into {_sizes(sizes)}: {size:,} is not divisible by {rest:,}")
        return tuple(size // rest if side == -1 else side for side in sizes)
    if -1 in sizes:
        return tuple(0 if side == -1 else side for side in sizes)
    if size > 0 and 0 not in sizes and rest != size:
        raise Misfit(f"folds {rest:,} values into {_sizes(sizes)}, but it gets {size:,}")
    return sizes


def _sizes(sizes: Dims) -> str:
    return "×".join(map(str, sizes))


def _pad(rank: int, kind: str = "pad") -> TorchKind:
    def dims_after(dims: Dims, settings: Settings) -> Dims:
        width = settings.get("padding")
        widths = (width,) * (2 * rank) if isinstance(width, int) else tuple(width) if isinstance(width, (tuple, list)) else ()  # fmt: skip  # noqa: E501
        return padded(dims, widths)

    return TorchKind(
        kind=kind,
        parameters=(("padding", REQUIRED), ("value", 0)),
        dims=dims_after,
        attributes=lambda settings: known(pad=settings.get("padding")),
    )


def padded(dims: Dims, widths: tuple[object, ...]) -> Dims:
    """Sizes after padding, the last axis first as in `F.pad`; all unknown where a width is."""
    if not dims or len(widths) % 2 or len(widths) > 2 * len(dims):
        return ()
    after = list(dims)
    for index, pair in enumerate(pairwise(widths)):
        if index % 2 == 0:
            axis = -1 - index // 2
            whole = [item for item in pair if isinstance(item, int)]
            after[axis] = after[axis] + sum(whole) if len(whole) == 2 and after[axis] > 0 else 0
    return tuple(after)


_UNPOOL = TorchKind(
    kind="up",
    parameters=(("kernel_size", REQUIRED), ("stride", None), ("padding", 0)),
    dims=lambda dims, settings: (*dims[:2], *(side * (number(settings, "kernel_size") or 0) for side in dims[2:])),
    attributes=lambda settings: known(size=settings.get("kernel_size"), mode="unpool"),
)

LAYERS = {
    **{f"MaxPool{rank}d": _pool("pool", rank, takes_dilation=True) for rank in (1, 2, 3)},
    **{f"AvgPool{rank}d": _pool("avgpool", rank, takes_dilation=False) for rank in (1, 2, 3)},
    **{f"AdaptiveAvgPool{rank}d": _adaptive(rank, "globalpool") for rank in (1, 2, 3)},
    **{f"AdaptiveMaxPool{rank}d": _adaptive(rank, "globalpool") for rank in (1, 2, 3)},
    **{f"MaxUnpool{rank}d": _UNPOOL for rank in (1, 2, 3)},
    **{
        f"{how}Pad{rank}d": _pad(rank)
        for how in ("Zero", "Reflection", "Replication", "Constant", "Circular")
        for rank in (1, 2, 3)
    },
    "Upsample": upsampling(),
    "UpsamplingNearest2d": upsampling("nearest"),
    "UpsamplingBilinear2d": upsampling("bilinear"),
    "PixelShuffle": TorchKind(
        kind="shuffle",
        parameters=(("upscale_factor", REQUIRED),),
        dims=_shuffled,
        attributes=lambda settings: known(size=settings.get("upscale_factor")),
    ),
    "PixelUnshuffle": TorchKind(
        kind="unshuffle",
        parameters=(("downscale_factor", REQUIRED),),
        dims=_unshuffled,
        attributes=lambda settings: known(size=settings.get("downscale_factor")),
    ),
    "Flatten": TorchKind(kind="flatten", parameters=(("start_dim", 1), ("end_dim", -1)), dims=_flatten_dims),
    "Unflatten": TorchKind(
        kind="reshape", parameters=(("dim", REQUIRED), ("unflattened_size", REQUIRED)), dims=_unflatten_dims
    ),
}
