"""Keras's layers without weights as words of the line: pooling, activations, shapes, noise."""

from collections.abc import Callable, Mapping
from typing import Any

from diabolo.interop.keras.words import Call, Word, word


def _pool(call: Call) -> list[Word]:
    size, kind = call.number("size"), call.node.kind
    stride = call.node.attributes.get("stride")
    if stride not in (None, size):
        raise call.refuse(f"its windows overlap (`pool_size` {size}, `strides` {stride})")
    uneven = any(side % size for side in call.before[:2])
    if uneven and (call.node.attributes.get("pad") != "same" or kind == "avgpool"):
        raise call.refuse(
            f"{call.before[0]}×{call.before[1]} is not divisible by {size}, and `{kind}` rounds up there; resize the "
            "images"
        )
    return [Word(layer=word(kind, size))]


def _up(call: Call) -> list[Word]:
    mode = call.node.attributes.get("mode")
    if mode not in ("nearest", "bilinear"):
        raise call.refuse(f"`interpolation` is {mode!r}")
    return [Word(layer=word("up", call.number("size"), mode=str(mode)))]


def _leaky(call: Call) -> list[Word]:
    inside = _layer_inside(call)
    slope = call.real("slope") if inside is None else inside.get("negative_slope", inside.get("alpha"))
    if not isinstance(slope, int | float) or isinstance(slope, bool):
        raise call.refuse("its slope is not known")
    return [Word(layer=word("leaky", slope=float(slope)))]


def _relu(call: Call) -> list[Word]:
    inside = _layer_inside(call) or {}
    changed = [name for name in ("max_value", "negative_slope", "threshold") if inside.get(name) not in (None, 0)]
    if changed:
        raise call.refuse(f"the `ReLU` inside of it has `{changed[0]}`")
    return _plain(call)


def _gelu(call: Call) -> list[Word]:
    if call.stored is None or not call.stored.store:
        raise call.refuse("`ops.gelu` is an approximation; use `Activation('gelu')`")
    return _plain(call)


def _layer_inside(call: Call) -> Mapping[str, Any] | None:
    """Settings of an activation that was given to a layer as a layer: `Conv2D(8, 3, activation=LeakyReLU(0.1))`."""
    given = call.get("activation")
    if not isinstance(given, Mapping) or given.get("class_name") == "function":
        return None
    settings = given.get("config")
    return settings if isinstance(settings, Mapping) else {}


def _dropout(call: Call) -> list[Word]:
    if call.node.title != "Dropout":
        raise call.refuse("`dropout` zeroes single values; use `Dropout`")
    return [Word(layer=word("dropout", p=call.real("p")))]


def _noise(call: Call) -> list[Word]:
    return [Word(layer=word("noise", std=call.real("std")))]


def _reshape(call: Call) -> list[Word]:
    """`Reshape`, where it flattens, unflattens or does nothing."""
    if call.node.shape == call.before:
        return []
    if len(call.node.shape) == 1:
        return [Word(layer=word("flatten"))]
    if len(call.before) == 1 and len(call.node.shape) == 3:
        height, width, channels = call.node.shape
        return [Word(layer=word("unflatten", h=height, w=width, c=channels))]
    raise call.refuse("it lays the values of a map out anew, which only `shuffle` and `unshuffle` do on the line")


def _rescale(call: Call) -> list[Word]:
    attributes = call.node.attributes
    scale, offset = attributes.get("scale"), attributes.get("offset")
    by_255 = isinstance(scale, float) and abs(scale * 255 - 1) < 1e-6 and offset == 0.0
    if attributes.get("operator") == "rescale" and by_255 and call.node.inputs and len(call.before) == 3:
        return []  # only at the input, which `line_of` sees to; diabolo's images are in [0, 1] already
    raise call.refuse("it computes something that no layer of the line does")


def _plain(call: Call) -> list[Word]:
    return [Word(layer=word(call.node.kind))]


def _nothing(call: Call) -> list[Word]:
    return []


TO_WORDS: dict[str, Callable[[Call], list[Word]]] = {
    "pool": _pool, "avgpool": _pool, "up": _up, "leaky": _leaky, "dropout": _dropout, "noise": _noise,
    "flatten": _reshape, "unflatten": _reshape, "reshape": _reshape, "linear": _nothing, "relu": _relu,
    "gelu": _gelu, "silu": _plain, "sigmoid": _plain, "tanh": _plain, "arithmetic": _rescale,
}  # fmt: skip
"""What becomes of each kind of Keras layer that has none; an empty list where it does nothing."""
