"""A torch state dict put onto a line: by names, by a map that the user gives, or by order and shape."""

import json
import re
from collections.abc import Mapping
from pathlib import Path

import numpy as np
import torch
from numpy.typing import NDArray
from safetensors import SafetensorError, safe_open
from torch import Tensor

from diabolo.errors import DataError, DiaboloError, clip
from diabolo.graph import ModelGraph
from diabolo.model import AutoEncoder
from diabolo.vocabulary import Shape

_OURS = {"running_mean": "moving_mean", "running_var": "moving_variance"}
_LARGEST_MAP = 16_000_000  # bytes
_POINTWISE = frozenset({"relu", "leaky", "gelu", "silu", "sigmoid", "tanh", "dropout", "noise"})


def read_state_dict(file: Path) -> dict[str, Tensor]:
    """Tensors by name of a `.safetensors` file, or of a `.pt`, `.pth` or `.bin` file; no code of it is executed.

    Raises:
        DataError: the file is missing or damaged, or holds more than tensors.
    """
    try:
        with file.open("rb"):  # safetensors calls a file without permission missing
            pass
        if file.suffix == ".safetensors":
            from safetensors.torch import load_file

            tensors = load_file(file)
            return {name: tensors[name] for name in sorted(tensors, key=_natural)}
        content = torch.load(file, map_location="cpu", weights_only=True)
    except FileNotFoundError:
        raise DataError(f"there is no file `{file}`") from None
    except PermissionError:
        raise DataError(f"`{file}`: no permission to read it; change its permissions") from None
    except Exception as error:  # torch and safetensors raise many kinds for a damaged file
        first = str(error).strip().splitlines()[0] if str(error).strip() else type(error).__name__
        raise DataError(
            f"`{file}` is no state dict that can be read without running code of it ({clip(first)}); write one with "
            "`torch.save(model.state_dict(), …)`, or as safetensors"
        ) from None
    for name in ("state_dict", "model_state_dict", "model"):
        if isinstance(content, Mapping) and isinstance(content.get(name), Mapping):
            content = content[name]
    if not isinstance(content, Mapping) or not content or not all(isinstance(v, Tensor) for v in content.values()):
        raise DataError(f"`{file}` holds no state dict (names and tensors); save `model.state_dict()`")
    return {str(name): value for name, value in content.items()}


def read_description(file: Path) -> tuple[str | None, Shape | None]:
    """The line and the images' (height, width, channels) that a `.safetensors` file of ours carries; None without.

    Raises:
        DataError: the file cannot be read.
    """
    if file.suffix != ".safetensors":
        return None, None
    try:
        with safe_open(file, framework="pt") as content:
            described = json.loads((content.metadata() or {}).get("diabolo", "{}"))
    except (SafetensorError, OSError, ValueError, RecursionError):  # said better when its tensors are read
        return None, None
    if not isinstance(described, dict):
        return None, None
    line, shape = described.get("line"), described.get("input_shape")
    is_shape = isinstance(shape, list) and len(shape) == 3 and all(type(side) is int and side > 0 for side in shape)
    return line if isinstance(line, str) and line else None, tuple(shape or ()) if is_shape else None


def read_map(file: Path) -> dict[str, str]:
    """A map of names, ours to theirs, as JSON: `{"conv_1.weight": "encoder.0.weight"}`.

    Raises:
        DataError: it is none.
    """
    try:
        if file.stat().st_size > _LARGEST_MAP:
            raise ValueError("it is too large")
        content = json.loads(file.read_text(encoding="utf-8"))
    except OSError as error:
        raise DataError(f"`{file}` cannot be read ({error.strerror})") from None
    except (ValueError, RecursionError) as error:
        raise DataError(f"`{file}` is no map of names in JSON ({clip(str(error))})") from None
    if not isinstance(content, dict) or not all(isinstance(value, str) for value in content.values()):
        raise DataError(f'`{file}` is no map of names; write {{"conv_1.weight": "encoder.0.weight"}}')
    return content


def fit_state_dict(
    model: AutoEncoder, tensors: Mapping[str, Tensor], names: Mapping[str, str] | None = None
) -> tuple[dict[str, NDArray[np.float32]], dict[str, str]]:
    """Puts tensors onto a model's layers.

    Dense layers at a `flatten` or `unflatten` are turned from torch's order of values (channels first) to the line's,
    unless the names are the line's own.

    Args:
        model: what the line builds.
        tensors: theirs, in the order of their layers.
        names: our names -> theirs; None: their names are ours, or both are taken in order.

    Returns:
        Arrays by our names, and which of theirs each was.

    Raises:
        DiaboloError: something is missing, left over, or of another shape; the message names the first.
    """
    wanted = {name.removeprefix("layers."): tuple(value.shape) for name, value in model.state_dict().items()}
    connected = {name: shape for name, shape in wanted.items() if name.split(".")[0] in model.graph.connected}
    theirs = {name: value for name, value in tensors.items() if not name.endswith("num_batches_tracked")}
    own = {name: f"layers.{name}" for name in wanted if f"layers.{name}" in theirs}
    if names is None and len(own) == len(wanted) == len(theirs):
        chosen, is_own = own, True
    else:
        chosen, is_own = dict(names) if names is not None else _in_order(connected, theirs), False
    arrays: dict[str, NDArray[np.float32]] = {}
    for name, other in chosen.items():
        if name not in wanted:
            raise DiaboloError(f"the line has no `{clip(name)}`; it has {', '.join(list(wanted)[:6])}…")
        if other not in theirs:
            raise DiaboloError(f"the state dict has no `{clip(other)}`, which is to become `{name}`")
        if tuple(theirs[other].shape) != wanted[name]:
            raise DiaboloError(
                f"`{clip(other)}` has the shape {tuple(theirs[other].shape)}, and `{name}` of the line "
                f"{wanted[name]}; is it the line of these weights? (`--map FILE` names which belongs to which)"
            )
        value = theirs[other].detach().to(torch.float32).numpy()
        if not np.isfinite(value).all():
            raise DiaboloError(f"`{clip(other)}` is not finite: the training had diverged")
        arrays[name] = value if is_own else _turned(model.graph, name, value)
    missing = [name for name in connected if name not in arrays]
    if missing:
        raise DiaboloError(f"nothing in the state dict is for `{missing[0]}` ({len(missing)} in all are missing)")
    return arrays, chosen


def _in_order(wanted: Mapping[str, tuple[int, ...]], theirs: Mapping[str, Tensor]) -> dict[str, str]:
    """Layer by layer in order, within a layer by name."""
    ours, others = _by_layer(wanted), _by_layer(theirs)
    if len(ours) != len(others):
        raise DiaboloError(
            f"the line has {len(ours)} layers with weights, and the state dict {len(others)} "
            f"({', '.join(map(clip, list(others)[:4]))}…); write the line of these weights, or name which belongs to "
            "which with `--map FILE`"
        )
    chosen: dict[str, str] = {}
    for (layer, names), (other, parts) in zip(ours.items(), others.items(), strict=True):
        renamed = {_OURS.get(part, part): part for part in parts}
        if set(names) != set(renamed):
            raise DiaboloError(
                f"`{layer}` of the line has {', '.join(names)}, and `{clip(other)}`, which comes at its place, has "
                f"{', '.join(map(clip, parts))}; write the line of these weights, or use `--map FILE`"
            )
        chosen.update({f"{layer}.{name}": f"{other}.{renamed[name]}" if other else renamed[name] for name in names})
    return chosen


def _by_layer(names: Mapping[str, object]) -> dict[str, list[str]]:
    layers: dict[str, list[str]] = {}
    for name in names:
        layer, _, part = name.rpartition(".")
        layers.setdefault(layer, []).append(part)
    return layers


def _natural(name: str) -> list[tuple[int, str]]:
    """`encoder.2` before `encoder.10`: safetensors files do not keep the order of layers."""
    return [(int(part), "") if part.isdecimal() else (-1, part) for part in re.split(r"(\d+)", name)]


def _turned(graph: ModelGraph, name: str, value: NDArray[np.float32]) -> NDArray[np.float32]:
    """A dense layer's values between (channels, height, width), as torch flattens, and the line's channels last."""
    layer, _, part = name.partition(".")
    node = graph[layer]
    if node.kind != "dense":
        return value
    source = graph[node.inputs[0]]
    while source.kind in _POINTWISE:
        source = graph[source.inputs[0]]
    if source.kind == "flatten" and part == "weight":
        height, width, channels = graph[source.inputs[0]].shape
        value = value.reshape(-1, channels, height, width).transpose(0, 2, 3, 1).reshape(len(value), -1)
    readers = graph.consumers(layer)
    while len(readers) == 1 and readers[0].kind in _POINTWISE:
        readers = graph.consumers(readers[0].name)
    if len(readers) == 1 and readers[0].kind == "unflatten":
        height, width, channels = readers[0].shape
        rows = value.reshape(channels, height, width, -1).transpose(1, 2, 0, 3)
        value = rows.reshape(value.shape)
    return np.ascontiguousarray(value)
