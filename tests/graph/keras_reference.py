"""The Keras model that a graph describes, layer by layer: the independent reference for shapes and counts."""

import math
from collections.abc import Callable
from typing import Any

import keras
from keras import layers

from diabolo.graph import ModelGraph, Node

MAKERS: dict[str, Callable[[dict[str, Any]], keras.Layer]] = {
    "conv": lambda a: layers.Conv2D(
        a["channels"], a["k"], strides=a["stride"], padding=a["pad"], dilation_rate=a["dilation"],
        groups=a["groups"], use_bias=a["bias"],
    ),
    "deconv": lambda a: layers.Conv2DTranspose(
        a["channels"], a["k"], strides=a["stride"], padding="same", use_bias=a["bias"]
    ),
    "dwconv": lambda a: layers.DepthwiseConv2D(
        a["k"], strides=a["stride"], padding=a["pad"], dilation_rate=a["dilation"], use_bias=a["bias"]
    ),
    "ln": lambda a: layers.LayerNormalization(epsilon=a["eps"]),
    "rms": lambda a: layers.RMSNormalization(epsilon=a["eps"]),
    "bn": lambda a: layers.BatchNormalization(momentum=a["momentum"], epsilon=a["eps"]),
    "gn": lambda a: layers.GroupNormalization(a["groups"], epsilon=a["eps"]),
    "relu": lambda a: layers.ReLU(),
    "leaky": lambda a: layers.LeakyReLU(negative_slope=a["slope"]),
    "gelu": lambda a: layers.Activation("gelu"),
    "silu": lambda a: layers.Activation("silu"),
    "sigmoid": lambda a: layers.Activation("sigmoid"),
    "tanh": lambda a: layers.Activation("tanh"),
    "pool": lambda a: layers.MaxPooling2D(a["size"], padding="same"),
    "avgpool": lambda a: layers.AveragePooling2D(a["size"], padding="same"),
    "up": lambda a: layers.UpSampling2D(a["size"], interpolation=a["mode"]),
    "dropout": lambda a: layers.Dropout(a["p"]),
    "noise": lambda a: layers.GaussianNoise(a["std"]),
    "flatten": lambda a: layers.Flatten(),
    "dense": lambda a: layers.Dense(a["units"], use_bias=a["bias"]),
    "unflatten": lambda a: layers.Reshape((a["h"], a["w"], a["c"])),
    "add": lambda a: layers.Add(),
}  # fmt: skip
"""Every layer of the line that Keras has. It lacks shuffle, unshuffle, GDN and the bottlenecks, and its
attention takes rows."""


def keras_layers(graph: ModelGraph) -> tuple[keras.Model, dict[str, keras.Layer]]:
    """The functional model of the connected layers, and each node's layer, side branches included."""
    tensors = {graph.input.name: keras.Input(graph.input_shape)}
    made: dict[str, keras.Layer] = {}
    for node in graph.nodes[1:]:
        made[node.name] = MAKERS[node.kind](dict(node.attributes))
        inputs = [tensors[name] for name in node.inputs]
        tensors[node.name] = made[node.name](inputs if len(inputs) > 1 else inputs[0])
    return keras.Model(tensors[graph.input.name], tensors[graph.output]), made


def count(weights: list[Any]) -> int:
    return sum(math.prod(weight.shape) for weight in weights)


def macs(node: Node, layer: keras.Layer, before: tuple[int, ...]) -> int:
    """Products of one image by definition: each weight of the kernel at each position of the strided side."""
    kernel = getattr(layer, "kernel", None)
    if kernel is None:
        return 0
    positions = {"conv": node.shape[:2], "dwconv": node.shape[:2], "deconv": before[:2], "dense": ()}[node.kind]
    total = math.prod(kernel.shape)
    for side in positions:
        total *= side
    return total
