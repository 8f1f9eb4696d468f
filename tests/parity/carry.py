"""Weights from our models to Keras's, and single layers of ours built from a word of the line."""

import keras
import numpy as np
import torch
from numpy.typing import NDArray
from torch import Tensor, nn

from diabolo.graph import ModelGraph, Node
from diabolo.layers import build_layer
from diabolo.model import AutoEncoder
from diabolo.notation import Layer, parse
from diabolo.vocabulary import KINDS, Shape

WEIGHTED = ("conv", "deconv", "dense", "bn", "gn")
"""Kinds of node whose weights Keras has too."""
_AXES = {
    2: (1, 0),
    4: (2, 3, 1, 0),
}  # ours -> Keras's; a transposed convolution has its two channel axes swapped in both


def keras_weights(layer: nn.Module, kernel: tuple[int, ...] | None = None) -> list[NDArray[np.float32]]:
    """What Keras's `set_weights` wants: kernel and bias, or γ, β and the moving mean and variance."""
    axes = _AXES if kernel is None else {len(kernel): kernel}
    tensors = [*layer.parameters(), *layer.buffers()]
    return [tensor.detach().permute(axes.get(tensor.dim(), (0,))).contiguous().numpy() for tensor in tensors]


def carry(ours: AutoEncoder, theirs: "keras.Model") -> list[tuple[str, "keras.Layer"]]:
    """Sets the weights of a Keras model to ours, layer by layer in order; returns (our name, their layer) pairs."""
    names = [node.name for node in ours.graph.layers if node.kind in WEIGHTED]
    layers = [layer for layer in theirs.layers if layer.weights]
    pairs = list(zip(names, layers, strict=True))
    for name, layer in pairs:
        layer.set_weights(keras_weights(ours.layers[name]))
    return pairs


def one_layer(word: str, shape: Shape) -> nn.Module:
    """The module of a single layer, as `conv8[k=5]`, for inputs of one shape, with random weights."""
    item = parse(f"{word} | {word}").encoder[0]
    assert isinstance(item, Layer)
    kind, attributes = KINDS[item.kind], item.attributes()
    start = Node(name="input", kind="input", title="", inputs=(), shape=shape, section="input")
    node = Node(
        name="it",
        kind=item.kind,
        title=kind.title,
        inputs=("input",),
        shape=kind.infer(shape, attributes).shape,
        section="encoder",
        attributes=attributes,
    )
    layer = build_layer(node, ModelGraph(nodes=(start, node), latent="it", output="it"))
    randomise(layer, seed=0)
    return layer


@torch.no_grad()
def randomise(module: nn.Module, seed: int) -> None:
    """Random values in all weights and moving statistics that are at their start: γ and variances in 0.5..1.5."""
    generator = torch.Generator().manual_seed(seed)
    for name, tensor in module.state_dict().items():
        if tensor.dim() == 1:
            centre = 1.0 if name.endswith(("weight", "moving_variance")) else 0.0
            tensor.copy_(centre + torch.rand(tensor.shape, generator=generator) - 0.5)
        else:
            spread = (1 / tensor[0].numel()) ** 0.5
            tensor.copy_(spread * torch.randn(tensor.shape, generator=generator))


def to_keras(images: Tensor) -> NDArray[np.float32]:
    """(batch, channels, height, width) -> (batch, height, width, channels); flat rows stay."""
    return (images.permute(0, 2, 3, 1) if images.dim() == 4 else images).contiguous().detach().numpy()


def to_ours(images: NDArray[np.float32]) -> Tensor:
    """The inverse of `to_keras`."""
    return torch.from_numpy(np.ascontiguousarray(images.transpose(0, 3, 1, 2) if images.ndim == 4 else images))
