"""The layers of a Keras configuration by their path, and where a `.keras` file keeps the weights of each."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass
from typing import Any

MODELS = ("Functional", "Model", "Sequential")
_DEEPEST = 30


@dataclass(frozen=True, kw_only=True)
class StoredLayer:
    """One layer as its configuration has it."""

    path: str
    """Names of the models around it and its own: `encoder/conv2d`; as `Node.layer`."""
    class_name: str
    """`Conv2D`."""
    config: Mapping[str, Any]
    """What it was built with."""
    store: str
    """Where a weights file of Keras 3 keeps it: `layers/functional/layers/conv2d_1`; empty for a function of
    `keras.ops`, which has no weights."""
    constant: tuple[float, ...] = ()
    """Of a function: the numbers that it was called with beside a tensor."""


def stored_layers(description: Mapping[str, Any]) -> dict[str, StoredLayer]:
    """All layers of a model's description by path; what is not as Keras writes it is left out."""
    layers = _walk(description.get("config"), str(description.get("class_name", "")), "", "", 0)
    return {layer.path: layer for layer in layers}


def _walk(config: Any, class_name: str, path: str, store: str, depth: int) -> Iterator[StoredLayer]:
    layers = config.get("layers") if isinstance(config, Mapping) else config
    if not isinstance(layers, list) or depth > _DEEPEST:
        return
    used: dict[str, int] = {}
    for layer in layers:
        if not isinstance(layer, Mapping) or not isinstance(layer.get("class_name"), str):
            continue
        kind, inner = layer["class_name"], layer.get("config")
        if class_name == "Sequential" and kind == "InputLayer":
            continue  # Keras counts neither these nor functions among the layers of its weights files
        named = inner.get("name") if isinstance(inner, Mapping) else ""
        name = str(layer.get("name") or named or kind)
        content = inner if isinstance(inner, Mapping) else {}
        if "ops" in str(layer.get("module") or "").split("."):
            constant = _constant(layer.get("inbound_nodes"))
            yield StoredLayer(path=f"{path}{name}", class_name=kind, config=content, store="", constant=constant)
            continue
        unique = _unique(snake_case("Functional" if kind == "Model" else kind), used)
        place = f"{store}layers/{unique}"
        if kind in MODELS:
            yield from _walk(inner, kind, f"{path}{name}/", f"{place}/", depth + 1)
        else:
            yield StoredLayer(path=f"{path}{name}", class_name=kind, config=content, store=place)


def _constant(calls: Any) -> tuple[float, ...]:
    """The array that a function's only call was given behind its tensor; empty where that is not so."""
    call = calls[0] if isinstance(calls, list) and len(calls) == 1 else None
    given = call.get("args") if isinstance(call, Mapping) else None
    array = given[1] if isinstance(given, list) and len(given) == 2 else None
    if not isinstance(array, Mapping) or array.get("class_name") != "__numpy__":
        return ()
    inner = array.get("config")
    values = inner.get("value") if isinstance(inner, Mapping) else None
    is_numbers = isinstance(values, list) and all(isinstance(one, int | float) for one in values)
    return tuple(values) if is_numbers and values is not None else ()


def _unique(name: str, used: dict[str, int]) -> str:
    """`conv2d`, then `conv2d_1`, as Keras counts."""
    number = used.get(name, -1) + 1
    used[name] = number
    return f"{name}_{number}" if number else name


def snake_case(name: str) -> str:
    """`Conv2DTranspose` -> `conv2d_transpose`, by Keras's own rule."""
    name = re.sub(r"\W+", "", name)
    name = re.sub("(.)([A-Z][a-z]+)", r"\1_\2", name)
    return re.sub("([a-z])([A-Z])", r"\1_\2", name).lower()
