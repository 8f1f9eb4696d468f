"""Keras's layers as words of the line: one entry a kind, with the weights that each keeps."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from typing import Any

import numpy as np
from numpy.typing import NDArray

from diabolo.errors import DiaboloError, clip
from diabolo.graph import Node
from diabolo.interop.keras.layer_list import StoredLayer
from diabolo.notation import Layer
from diabolo.vocabulary import Shape, Value

Arrays = dict[str, NDArray[np.float32]]


@dataclass(frozen=True, kw_only=True)
class Word:
    """One layer of the line and where its weights come from."""

    layer: Layer
    """The layer."""
    stored: StoredLayer | None = None
    """The Keras layer whose weights it takes; None where it has none."""
    names: tuple[str, ...] = ()
    """Keras's names of those, in the order that they are kept."""
    shapes: tuple[tuple[int, ...], ...] = ()
    """Their shapes."""
    take: Callable[[Sequence[NDArray[np.float32]]], Arrays] = field(default=lambda arrays: {}, repr=False)
    """Keras's arrays -> ours by name, in torch's layout."""


@dataclass(frozen=True, kw_only=True)
class Call:
    """A node of the Keras model with all that is known of its layer."""

    node: Node
    """The node."""
    before: Shape
    """Shape that reaches it."""
    stored: StoredLayer | None
    """Its layer in the file."""

    def get(self, name: str, default: Any = None) -> Any:
        """An argument of the layer as the file has it."""
        return default if self.stored is None else self.stored.config.get(name, default)

    def number(self, name: str) -> int:
        """A whole-number attribute that is the same for height and width."""
        value = self.node.attributes.get(name)
        if not isinstance(value, int) or isinstance(value, bool):
            raise self.refuse(f"`{name}` is not one number for height and width (it is {value!r})")
        return value

    def real(self, name: str) -> float:
        """A numeric attribute."""
        value = self.node.attributes.get(name)
        if not isinstance(value, int | float) or isinstance(value, bool):
            raise self.refuse(f"`{name}` is not known")
        return float(value)

    def refuse(self, reason: str) -> DiaboloError:
        """The error for a layer without a counterpart."""
        path = self.node.name if self.stored is None else self.stored.path
        return DiaboloError(f"`{clip(path)}` ({clip(self.node.title)}) has no counterpart on the line: {reason}")


def word(kind: str, count: int | None = None, **settings: Value) -> Layer:
    """A layer of the line."""
    return Layer(kind=kind, count=count, settings=tuple(settings.items()))


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
    if call.get("data_format") == "channels_first":
        raise call.refuse("its channels come first; build the model with channels last")
    out, k, groups = call.number("channels"), call.number("k"), call.number("groups")
    pad = call.node.attributes.get("pad")
    if pad not in ("same", "valid"):
        raise call.refuse(f"`padding` is {pad!r}")
    pad = "same" if k == 1 and call.number("stride") == 1 else pad  # the same at 1×1
    layer = word(
        "conv", out, k=k, stride=call.number("stride"), pad=str(pad), dilation=call.number("dilation"), groups=groups,
        bias=call.node.attributes.get("bias") is not False,
    )  # fmt: skip
    return [Word(layer=layer, **_with_bias(call, (k, k, call.before[-1] // groups, out), out))]


def _depthwise(call: Call) -> list[Word]:
    k, channels = call.number("k"), call.before[-1]
    out = call.node.shape[-1]
    has_bias = call.node.attributes.get("bias") is not False

    def take(arrays: Sequence[NDArray[np.float32]]) -> Arrays:
        kernel = arrays[0].transpose(2, 3, 0, 1).reshape(out, 1, k, k)
        return {"weight": kernel, **({"bias": arrays[1]} if has_bias else {})}

    layer = word(
        "conv", out, k=k, stride=call.number("stride"), pad=str(call.node.attributes.get("pad")),
        dilation=call.number("dilation"), groups=channels, bias=has_bias,
    )  # fmt: skip
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
    return [Word(layer=word("leaky", slope=call.real("slope")))]


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
    "conv": _conv, "depthwise": _depthwise, "deconv": _deconv, "dense": _dense, "bn": _bn, "gn": _gn, "pool": _pool,
    "avgpool": _pool, "up": _up, "leaky": _leaky, "dropout": _dropout, "noise": _noise, "flatten": _reshape,
    "unflatten": _reshape, "reshape": _reshape, "linear": _nothing, "relu": _plain, "gelu": _plain, "silu": _plain,
    "sigmoid": _plain, "tanh": _plain, "arithmetic": _rescale,
}  # fmt: skip
"""What becomes of each kind of Keras layer; an empty list where it does nothing."""
