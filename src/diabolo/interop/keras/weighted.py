"""Layers with weights as Keras source: convolutions, dense layers, normalisation."""

import numpy as np
from numpy.typing import NDArray

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
