"""What a Keras model was compiled with, from its plain configuration."""

from collections.abc import Iterator, Mapping
from typing import Any

from diabolo.checks.subject import LossKind, LossTerm, Metric, Reduction, Training

_LOSSES: dict[str, LossKind] = {
    "binary_crossentropy": "bce", "bce": "bce", "binarycrossentropy": "bce", "binary_focal_crossentropy": "bce",
    "mse": "mse", "mean_squared_error": "mse", "meansquarederror": "mse", "mae": "mae", "mean_absolute_error": "mae",
    "meanabsoluteerror": "mae", "huber": "huber", "huber_loss": "huber", "kl_divergence": "kl", "kld": "kl",
    "kldivergence": "kl", "categorical_crossentropy": "cross-entropy", "categoricalcrossentropy": "cross-entropy",
    "sparse_categorical_crossentropy": "cross-entropy", "sparsecategoricalcrossentropy": "cross-entropy",
}  # fmt: skip
"""By Keras's name in lower case, as a function's and as a class's."""


def read_training(config: Mapping[str, Any], graph: str) -> tuple[Training, ...]:
    """A compilation as a training; nothing where there was none.

    Args:
        config: `model.get_compile_config()`, or `compile_config` of a file.
        graph: name of the model.
    """
    losses = tuple(_loss(value, graph) for value in _leaves(config.get("loss")))
    metrics = tuple(Metric(name=_name(value)) for value in _leaves(config.get("metrics")) if _name(value))
    optimiser = config.get("optimizer") or config.get("optimizer_config")
    if not (losses or metrics or optimiser):
        return ()
    inner = optimiser.get("config") if isinstance(optimiser, Mapping) else None
    rate = inner.get("learning_rate") if isinstance(inner, Mapping) else None
    return (
        Training(
            graph=graph,
            losses=losses,
            metrics=metrics,
            optimiser=_name(optimiser).lower(),
            learning_rate=float(rate) if isinstance(rate, int | float) and not isinstance(rate, bool) else None,
        ),
    )


def _leaves(value: Any) -> Iterator[Any]:
    if value is None:
        return
    if isinstance(value, list | tuple):
        for item in value:
            yield from _leaves(item)
    elif isinstance(value, Mapping) and "class_name" not in value:
        for item in value.values():
            yield from _leaves(item)
    else:
        yield value


def _name(value: Any) -> str:
    """`mse` of "mse", of a serialised function or of a serialised object."""
    if isinstance(value, Mapping):
        inner = value.get("config")
        if value.get("class_name") == "function" and isinstance(inner, str):
            return inner
        return str(value.get("class_name", ""))
    if isinstance(value, str):
        return value
    return "" if value is None else str(getattr(value, "__name__", type(value).__name__))


def _loss(value: Any, graph: str) -> LossTerm:
    name = _name(value)
    inner = value.get("config") if isinstance(value, Mapping) else None
    settings = inner if isinstance(inner, Mapping) else {}
    kind = _LOSSES.get(name.lower(), "other")
    if kind == "bce" and settings.get("from_logits"):
        kind = "bce-logits"
    return LossTerm(kind=kind, text=name, graph=graph, reduction=_reduction(settings.get("reduction"), kind))


def _reduction(value: Any, kind: LossKind) -> Reduction:
    if kind == "other":
        return "unknown"
    if value in (None, "mean", "sum_over_batch_size", "auto", "mean_with_sample_weight"):
        return "mean"
    return value if value in ("none", "sum") else "unknown"
