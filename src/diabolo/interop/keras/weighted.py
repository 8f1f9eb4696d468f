"""Layers with weights as Keras source: convolutions, dense layers, normalisation."""

import numpy as np
from numpy.typing import NDArray

from diabolo.interop.constants import divisive_constants
from diabolo.interop.keras.registry import KERAS, SourceWriter, kernel


def _with_bias(writer: SourceWriter, array: NDArray[np.float32]) -> list[NDArray[np.float32]]:
    return [array, writer.weight("bias")] if writer.part.has_weight(writer.node, "bias") else [array]


def _bias(writer: SourceWriter) -> str:
    return "" if writer.part.has_weight(writer.node, "bias") else ", use_bias=False"


@KERAS.of("conv")
def _conv(writer: SourceWriter) -> None:
    stride, dilation, groups = writer.whole("stride"), writer.whole("dilation"), writer.whole("groups")
    if stride > 1 and dilation > 1:
        raise writer.refuse("Keras takes a stride or a dilation, not both")
    more = "".join(
        f", {name}={value}"
        for name, value in (("strides", stride), ("dilation_rate", dilation), ("groups", groups))
        if value != 1
    )
    call = f'layers.Conv2D({writer.whole("channels")}, {writer.whole("k")}, padding="{writer.setting("pad")}"{more}'
    writer.layer(f"{call}{_bias(writer)})", *_with_bias(writer, kernel(writer.weight("weight"))))


@KERAS.of("dwconv")
def _dwconv(writer: SourceWriter) -> None:
    stride, dilation = writer.whole("stride"), writer.whole("dilation")
    if stride > 1 and dilation > 1:
        raise writer.refuse("Keras takes a stride or a dilation, not both")
    settings = (("strides", stride), ("dilation_rate", dilation))
    more = "".join(f", {name}={value}" for name, value in settings if value != 1)
    call = f'layers.DepthwiseConv2D({writer.whole("k")}, padding="{writer.setting("pad")}"{more}{_bias(writer)})'
    writer.layer(call, *_with_bias(writer, writer.weight("weight").transpose(2, 3, 0, 1)))


@KERAS.of("deconv")
def _deconv(writer: SourceWriter) -> None:
    call = (
        f"layers.Conv2DTranspose({writer.whole('channels')}, {writer.whole('k')}, "
        f'strides={writer.whole("stride")}, padding="same"{_bias(writer)})'
    )
    writer.layer(call, *_with_bias(writer, kernel(writer.weight("weight"))))


@KERAS.of("dense")
def _dense(writer: SourceWriter) -> None:
    call = f"layers.Dense({writer.whole('units')}{_bias(writer)})"
    writer.layer(call, *_with_bias(writer, kernel(writer.weight("weight"))))


@KERAS.of("bn")
def _bn(writer: SourceWriter) -> None:
    call = f"layers.BatchNormalization(momentum={writer.setting('momentum')}, epsilon={writer.setting('eps')})"
    names = ("weight", "bias", "moving_mean", "moving_variance")
    writer.layer(call, *[writer.weight(name) for name in names])


@KERAS.of("gn")
def _gn(writer: SourceWriter) -> None:
    if not writer.is_map:
        raise writer.refuse("Keras takes each value for a group of its own where there is no height and width")
    call = f"layers.GroupNormalization({writer.whole('groups')}, epsilon={writer.setting('eps')})"
    writer.layer(call, writer.weight("weight"), writer.weight("bias"))


@KERAS.of("ln")
def _ln(writer: SourceWriter) -> None:
    call = f"layers.LayerNormalization(epsilon={writer.setting('eps')})"
    writer.layer(call, writer.weight("weight"), writer.weight("bias"))


@KERAS.of("rms")
def _rms(writer: SourceWriter) -> None:
    writer.layer(f"layers.RMSNormalization(epsilon={writer.setting('eps')})", writer.weight("weight"))


@KERAS.of("gdn")
def _gdn(writer: SourceWriter) -> None:
    """x / √(β + γ x²) by a 1×1 convolution of the squares."""
    gamma, beta = divisive_constants(writer.part, writer.node)
    came, name = writer.current, writer.node.name
    kept = f"{name}_input"
    writer.rows.append(f"{kept} = {came}")
    writer.expression("ops.square({x})", last=False)
    array = kernel(gamma[:, :, None, None] if writer.is_map else gamma)
    call = f"layers.Conv2D({len(beta)}, 1)" if writer.is_map else f"layers.Dense({len(beta)})"
    writer.layer(call, array, beta, last=False)
    writer.expression(f"{kept} {'*' if writer.setting('inverse') else '/'} ops.sqrt({{x}})")


@KERAS.of("attention")
def _attention(writer: SourceWriter) -> None:
    height, width, channels = writer.shape
    heads, name = writer.whole("heads"), writer.node.name
    by_head = (channels, heads, channels // heads)
    biases = writer.weight("biases").reshape(3, *by_head[1:])
    weights = []
    for index, part in enumerate(("query", "key", "value")):
        weights += [writer.weight(part).T.reshape(by_head), biases[index]]
    weights += [writer.weight("weight").T.reshape(*by_head[1:], channels), writer.weight("bias")]
    writer.layer(f"layers.Reshape({(height * width, channels)})", name=f"{name}_rows", last=False)
    writer.current = "x, x"
    writer.layer(f"layers.MultiHeadAttention({heads}, {channels // heads})", *weights, name=f"{name}_heads", last=False)
    writer.layer(f"layers.Reshape({(height, width, channels)})")
