"""PyTorch's normalisations, activations and dropouts, which leave sizes alone, and classes that are only named."""

from collections.abc import Callable

from diabolo.checks.source.torch_convolutions import check_channels
from diabolo.checks.source.torch_kind import REQUIRED, Dims, Settings, TorchKind, is_on, known, number
from diabolo.vocabulary import Misfit, Value


def _normalised(rank: int | None, name: str = "num_features") -> Callable[[Dims, Settings], Dims]:
    def dims_after(dims: Dims, settings: Settings) -> Dims:
        if rank is None:
            wanted = number(settings, name)
            got = dims[1] if len(dims) > 1 else 0
            if wanted is not None and got > 0 and wanted != got:
                raise Misfit(f"is made for {wanted:,} channels (`{name}`), but it gets {got:,}")
            return dims
        if rank == 1 and len(dims) == 2:  # BatchNorm1d takes rows of values, too
            _check_values(dims, settings, name)
            return dims
        check_channels(dims, settings, name, rank)
        return dims

    return dims_after


def _check_values(dims: Dims, settings: Settings, name: str) -> None:
    wanted, got = number(settings, name), dims[-1]
    if wanted is not None and got > 0 and wanted != got:
        raise Misfit(f"is made for {wanted:,} values (`{name}`), but it gets {got:,}")


def _bn_attributes(settings: Settings) -> dict[str, Value]:
    momentum = settings.get("momentum")
    kept = round(1 - momentum, 12) if isinstance(momentum, (int, float)) and not isinstance(momentum, bool) else None
    return known(momentum=kept, eps=settings.get("eps"), affine=settings.get("affine"))


def _norm_weights(name: str) -> Callable[[Dims, Settings], tuple[int, int]]:
    def count(dims: Dims, settings: Settings) -> tuple[int, int]:
        channels = number(settings, name)
        if channels is None and name not in settings and len(dims) > 1:
            channels = max(dims[1], 0)  # a lazy class
        channels = channels or 0
        kept = 2 * channels if is_on(settings, "track_running_stats") else 0
        return (2 * channels if is_on(settings, "affine") else 0), kept

    return count


def _batch_norm(rank: int | None, *, is_lazy: bool = False) -> TorchKind:
    return TorchKind(
        kind="bn",
        parameters=(
            ("num_features", REQUIRED),
            ("eps", 1e-5),
            ("momentum", 0.1),
            ("affine", True),
            ("track_running_stats", True),
        )[is_lazy:],
        dims=_normalised(rank),
        attributes=_bn_attributes,
        weights=_norm_weights("num_features"),
    )


def _instance_norm(rank: int, *, is_lazy: bool = False) -> TorchKind:
    return TorchKind(
        kind="in",
        parameters=(
            ("num_features", REQUIRED),
            ("eps", 1e-5),
            ("momentum", 0.1),
            ("affine", False),
            ("track_running_stats", False),
        )[is_lazy:],
        dims=_normalised(rank),
        attributes=lambda settings: known(eps=settings.get("eps")),
        weights=_norm_weights("num_features"),
    )


def _group_dims(dims: Dims, settings: Settings) -> Dims:
    groups, channels = number(settings, "num_groups"), number(settings, "num_channels")
    if groups and channels is not None and channels % groups:
        raise Misfit(f"has {channels:,} channels, which are not divisible into {groups} groups (`num_groups`)")
    return _normalised(None, "num_channels")(dims, settings)


def _layer_norm_dims(dims: Dims, settings: Settings) -> Dims:
    shape = settings.get("normalized_shape")
    wanted = (shape,) if isinstance(shape, int) else tuple(shape) if isinstance(shape, (tuple, list)) else ()
    got = dims[-len(wanted) :] if wanted and len(dims) >= len(wanted) else ()
    if got and all(isinstance(side, int) for side in wanted):
        for side, size in zip(wanted, got, strict=True):
            if size > 0 and side != size:
                raise Misfit(f"is made for {_sizes(wanted)} (`normalized_shape`), but it gets {_sizes(got)}")
    return dims


def _sizes(sizes: tuple[object, ...]) -> str:
    return "×".join("?" if size in (0, -1) else str(size) for size in sizes)


def _layer_norm_weights(dims: Dims, settings: Settings) -> tuple[int, int]:
    shape = settings.get("normalized_shape")
    sides = (shape,) if isinstance(shape, int) else shape if isinstance(shape, (tuple, list)) else ()
    count = 1
    for side in sides:
        count *= side if isinstance(side, int) else 0
    if not sides or not is_on(settings, "elementwise_affine"):
        return 0, 0
    return count * (2 if settings.get("bias") is True else 1), 0


def _activation(kind: str, *parameters: tuple[str, object], **names: str) -> TorchKind:
    """An activation whose arguments `names` gives: attribute=parameter."""
    return TorchKind(
        kind=kind,
        parameters=(*parameters, ("inplace", False)),
        attributes=lambda settings: known(**{name: settings.get(source) for name, source in names.items()}),
    )


def _dropout() -> TorchKind:
    return TorchKind(
        kind="dropout",
        parameters=(("p", 0.5), ("inplace", False)),
        attributes=lambda settings: known(p=settings.get("p")),
        is_random=True,
    )


def _prelu_weights(dims: Dims, settings: Settings) -> tuple[int, int]:
    return number(settings, "num_parameters") or 0, 0


LAYERS = {
    **{f"BatchNorm{rank}d": _batch_norm(rank) for rank in (1, 2, 3)},
    **{f"LazyBatchNorm{rank}d": _batch_norm(rank, is_lazy=True) for rank in (1, 2, 3)},
    "SyncBatchNorm": _batch_norm(None),
    **{f"InstanceNorm{rank}d": _instance_norm(rank) for rank in (1, 2, 3)},
    **{f"LazyInstanceNorm{rank}d": _instance_norm(rank, is_lazy=True) for rank in (1, 2, 3)},
    "GroupNorm": TorchKind(
        kind="gn",
        parameters=(("num_groups", REQUIRED), ("num_channels", REQUIRED), ("eps", 1e-5), ("affine", True)),
        dims=_group_dims,
        attributes=lambda settings: known(groups=settings.get("num_groups"), eps=settings.get("eps")),
        weights=_norm_weights("num_channels"),
    ),
    "LayerNorm": TorchKind(
        kind="ln",
        parameters=(("normalized_shape", REQUIRED), ("eps", 1e-5), ("elementwise_affine", True), ("bias", True)),
        dims=_layer_norm_dims,
        attributes=lambda settings: known(eps=settings.get("eps")),
        weights=_layer_norm_weights,
    ),
    "RMSNorm": TorchKind(
        kind="rms",
        parameters=(("normalized_shape", REQUIRED), ("eps", None), ("elementwise_affine", True)),
        dims=_layer_norm_dims,
        weights=_layer_norm_weights,
    ),
    "LocalResponseNorm": TorchKind(
        kind="arithmetic", parameters=(("size", REQUIRED), ("alpha", 1e-4), ("beta", 0.75), ("k", 1.0))
    ),
    "ReLU": _activation("relu"),
    "LeakyReLU": _activation("leaky", ("negative_slope", 0.01), slope="negative_slope"),
    "PReLU": TorchKind(kind="prelu", parameters=(("num_parameters", 1), ("init", 0.25)), weights=_prelu_weights),
    "RReLU": _activation("leaky", ("lower", 0.125), ("upper", 1 / 3)),
    "ELU": _activation("elu", ("alpha", 1.0)),
    "CELU": _activation("elu", ("alpha", 1.0)),
    "SELU": _activation("selu"),
    "GELU": _activation("gelu", ("approximate", "none")),
    "SiLU": _activation("silu"),
    "Mish": _activation("arithmetic"),
    "ReLU6": _activation("arithmetic"),
    "Hardtanh": _activation("arithmetic", ("min_val", -1.0), ("max_val", 1.0)),
    "Hardswish": _activation("arithmetic"),
    "Hardsigmoid": _activation("arithmetic"),
    "Softsign": _activation("arithmetic"),
    "Tanhshrink": _activation("arithmetic"),
    "LogSigmoid": _activation("arithmetic"),
    "Threshold": _activation("arithmetic", ("threshold", REQUIRED), ("value", REQUIRED)),
    "Softplus": _activation("softplus", ("beta", 1.0), ("threshold", 20.0)),
    "Sigmoid": TorchKind(kind="sigmoid"),
    "Tanh": TorchKind(kind="tanh"),
    "Softmax": TorchKind(kind="softmax", parameters=(("dim", None),)),
    "Softmax2d": TorchKind(kind="softmax"),
    "LogSoftmax": TorchKind(kind="arithmetic", parameters=(("dim", None),)),
    "Identity": TorchKind(kind="linear"),
    "Dropout": _dropout(),
    "Dropout1d": _dropout(),
    "Dropout2d": _dropout(),
    "Dropout3d": _dropout(),
    "AlphaDropout": _dropout(),
    "FeatureAlphaDropout": _dropout(),
}
"""Layers that leave sizes alone, by class."""
