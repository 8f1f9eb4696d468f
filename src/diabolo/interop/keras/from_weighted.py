"""Keras's layers with weights as words of the line: convolutions, dense layers, normalisation."""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from numpy.typing import NDArray

from diabolo.interop.keras.words import Arrays, Call, Word, word
from diabolo.vocabulary import Value


def _kernel(arrays: Sequence[NDArray[np.float32]]) -> Arrays:
    """Kernel and bias of a convolution or dense layer."""
    kernel = arrays[0].transpose((3, 2, 0, 1) if arrays[0].ndim == 4 else (1, 0))
    return {"weight": kernel, **({"bias": arrays[1]} if len(arrays) > 1 else {})}


def _with_bias(call: Call, kernel: tuple[int, ...], out: int) -> dict[str, Any]:
    has_bias = call.node.attributes.get("bias") is not False
    return {
        "stored": call.stored,
        "names": ("kernel", "bias") if has_bias else ("kernel",),
        "shapes": (kernel, (out,)) if has_bias else (kernel,),
        "take": _kernel,
    }


def _conv(call: Call) -> list[Word]:
    if call.node.attributes.get("separable"):
        raise call.refuse("it is two convolutions in one; write them as `DepthwiseConv2D` and `Conv2D`")
    out, k, groups = call.number("channels"), call.number("k"), call.number("groups")
    pad = call.node.attributes.get("pad")
    if pad not in ("same", "valid"):
        raise call.refuse(f"`padding` is {pad!r}")
    pad = "same" if k == 1 else pad  # the same at 1×1, whatever the stride
    layer = word(
        "conv", out, k=k, stride=call.number("stride"), pad=str(pad), dilation=call.number("dilation"), groups=groups,
        bias=call.node.attributes.get("bias") is not False,
    )  # fmt: skip
    return [Word(layer=layer, **_with_bias(call, (k, k, call.before[-1] // groups, out), out))]


def _depthwise(call: Call) -> list[Word]:
    """`dwconv`; a convolution in groups where a channel becomes several."""
    k, channels = call.number("k"), call.before[-1]
    out = call.node.shape[-1]
    has_bias = call.node.attributes.get("bias") is not False

    def take(arrays: Sequence[NDArray[np.float32]]) -> Arrays:
        kernel = arrays[0].transpose(2, 3, 0, 1).reshape(out, 1, k, k)
        return {"weight": kernel, **({"bias": arrays[1]} if has_bias else {})}

    window: dict[str, Value] = {
        "k": k, "stride": call.number("stride"), "pad": str(call.node.attributes.get("pad")),
        "dilation": call.number("dilation"), "bias": has_bias,
    }  # fmt: skip
    layer = word("dwconv", None, **window) if out == channels else word("conv", out, groups=channels, **window)
    shapes: tuple[tuple[int, ...], ...] = ((k, k, channels, out // channels), (out,))
    names = ("depthwise_kernel", "bias")
    number = 2 if has_bias else 1
    return [Word(layer=layer, stored=call.stored, names=names[:number], shapes=shapes[:number], take=take)]


def _deconv(call: Call) -> list[Word]:
    out, k, stride = call.number("channels"), call.number("k"), call.number("stride")
    if "dilation" in call.node.attributes or "output_padding" in call.node.attributes:
        raise call.refuse("`dilation_rate` and `output_padding` have none; leave them out")
    if call.node.attributes.get("pad") != "same" and k != stride:
        raise call.refuse("`padding='valid'` leaves a border there; use `padding='same'`")
    layer = word("deconv", out, k=k, stride=stride, bias=call.node.attributes.get("bias") is not False)

    return [Word(layer=layer, **_with_bias(call, (k, k, out, call.before[-1]), out))]


def _dense(call: Call) -> list[Word]:
    units, features = call.number("units"), call.before[-1]
    has_bias = call.node.attributes.get("bias") is not False
    found = _with_bias(call, (features, units), units)
    if len(call.before) == 1:
        return [Word(layer=word("dense", units, bias=has_bias), **found)]
    if len(call.before) != 3:
        raise call.refuse(f"it reads {len(call.before)} axes")

    def take(arrays: Sequence[NDArray[np.float32]]) -> Arrays:  # a dense layer at each pixel
        values = _kernel(arrays)
        return {**values, "weight": values["weight"][:, :, None, None]}

    return [Word(layer=word("conv", units, k=1, bias=has_bias), **{**found, "take": take})]


def _affine(call: Call, channels: int) -> tuple[tuple[str, ...], Callable[[Sequence[NDArray[np.float32]]], Arrays]]:
    """Which of γ and β a normalisation has, and ours from them: where it has none, 1 and 0 do the same."""
    has_gamma, has_beta = call.get("scale", True) is not False, call.get("center", True) is not False
    names = (*(("gamma",) if has_gamma else ()), *(("beta",) if has_beta else ()))

    def take(arrays: Sequence[NDArray[np.float32]]) -> Arrays:
        known = dict(zip(names, arrays, strict=False))
        return {
            "weight": known.get("gamma", np.ones(channels, np.float32)),
            "bias": known.get("beta", np.zeros(channels, np.float32)),
        }

    return names, take


def _bn(call: Call) -> list[Word]:
    channels = call.before[-1]
    if call.get("axis", -1) not in (-1, len(call.before), [-1], [len(call.before)]):
        raise call.refuse("`axis` is not the last one")
    if call.get("renorm"):
        raise call.refuse("`renorm` has none")
    names, affine = _affine(call, channels)

    def take(arrays: Sequence[NDArray[np.float32]]) -> Arrays:
        return {**affine(arrays), "moving_mean": arrays[-2], "moving_variance": arrays[-1]}

    names = (*names, "moving_mean", "moving_variance")
    layer = word("bn", momentum=call.real("momentum"), eps=call.real("eps"))
    return [Word(layer=layer, stored=call.stored, names=names, shapes=((channels,),) * len(names), take=take)]


def _gn(call: Call) -> list[Word]:
    channels, groups = call.before[-1], call.node.attributes.get("groups")
    if call.get("axis", -1) not in (-1, len(call.before)) or len(call.before) != 3:
        raise call.refuse("it does not normalise the channels of a map")
    count = groups if isinstance(groups, int) and groups > 0 else channels  # -1: as many as channels
    names, take = _affine(call, channels)
    layer = word("gn", count, eps=call.real("eps"))
    return [Word(layer=layer, stored=call.stored, names=names, shapes=((channels,),) * len(names), take=take)]


def _ln(call: Call) -> list[Word]:
    channels = _normalised(call)
    if call.get("rms_scaling"):
        raise call.refuse("`rms_scaling` has none; use `RMSNormalization`")
    names, take = _affine(call, channels)
    layer = word("ln", eps=call.real("eps"))
    return [Word(layer=layer, stored=call.stored, names=names, shapes=((channels,),) * len(names), take=take)]


def _rms(call: Call) -> list[Word]:
    channels = _normalised(call)
    layer = word("rms", eps=call.real("eps"))
    return [
        Word(
            layer=layer, stored=call.stored, names=("scale",), shapes=((channels,),),
            take=lambda arrays: {"weight": arrays[0]},
        )
    ]  # fmt: skip


def _normalised(call: Call) -> int:
    """How many channels a layer normalises that looks at each position by itself."""
    if call.get("axis", -1) not in (-1, len(call.before), [-1], [len(call.before)]):
        raise call.refuse("it normalises over more than the channels of a position (`axis` is not the last one)")
    return call.before[-1]


TO_WORDS: dict[str, Callable[[Call], list[Word]]] = {
    "conv": _conv, "depthwise": _depthwise, "deconv": _deconv, "dense": _dense, "bn": _bn, "gn": _gn, "ln": _ln,
    "rms": _rms,
}  # fmt: skip
"""What becomes of each kind of Keras layer that has weights."""
