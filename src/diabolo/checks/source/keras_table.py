"""All Keras layer classes by name, and `plan_layer`: what a class and its configuration are."""

from collections.abc import Mapping
from functools import cache
from types import MappingProxyType
from typing import Any

from diabolo.checks.source import keras_activations, keras_convolutions, keras_plain
from diabolo.checks.source.keras_plan import KerasKind, Plan

_OLD_NAMES = {
    "nb_filter": "filters", "border_mode": "padding", "subsample": "strides", "output_dim": "units",
    "p": "rate", "bias": "use_bias", "sigma": "stddev", "dim_ordering": "data_format", "init": "kernel_initializer",
    "mode_": "mode",
}  # fmt: skip
"""Names of Keras 1, which live on in threads."""


@cache
def keras_kinds() -> MappingProxyType[str, KerasKind]:
    """Every layer class by each of its names."""
    kinds: dict[str, KerasKind] = {}
    for family in (keras_convolutions, keras_activations, keras_plain):
        for kind in family.KINDS:
            for name in kind.names:
                assert name not in kinds, f"two layer classes are called {name}"
                kinds[name] = kind
    return MappingProxyType(kinds)


def plan_layer(name: str, config: Mapping[str, Any]) -> Plan | None:
    """What a layer is; None for a class that is not Keras's.

    Args:
        name: of the class: `Conv2D`.
        config: its arguments by name, as `get_config` gives them; lists and tuples both pass; `...` for what is given
            and not known.
    """
    kind = keras_kinds().get(name)
    if kind is None:
        return None
    plan = kind.plan(config)
    if config.get("activity_regularizer") is not None:
        plan.attributes["regularised"] = True
    return plan


def modern_config(name: str, config: dict[str, Any]) -> dict[str, Any]:
    """Arguments of Keras 1 by their present names."""
    kind = keras_kinds()[name]
    result: dict[str, Any] = {}
    for old, value in config.items():
        new = _OLD_NAMES.get(old, old)
        result[new if new in kind.parameters and old not in kind.parameters else old] = value
    return result
