"""Numbers of a whole graph: parameters, multiply-accumulates, receptive field, latent size, compression."""

import math
from dataclasses import dataclass

from diabolo.graph.model_graph import ModelGraph, Node


@dataclass(frozen=True, kw_only=True)
class Measures:
    """What a graph costs and how narrow its waist is; unconnected layers do not count."""

    num_trainable: int
    """Trainable parameters."""
    num_non_trainable: int
    """Parameters kept and not trained."""
    macs: int
    """Multiply-accumulates an image, forward, of convolutions and dense layers."""
    num_input_values: int
    """Values of one image."""
    num_latent_values: int
    """Values of one latent."""
    latent_bits: float | None
    """Bits of one latent where the bottleneck is discrete."""
    receptive_field: tuple[int, int]
    """Side of the square of input pixels that one latent value sees, and one output value."""

    @property
    def num_parameters(self) -> int:
        """Trainable and non-trainable parameters."""
        return self.num_trainable + self.num_non_trainable

    @property
    def compression_ratio(self) -> float:
        """Values of an image over values of its latent."""
        return self.num_input_values / self.num_latent_values


def measure(graph: ModelGraph) -> Measures:
    """Adds up the connected layers of a graph."""
    fields = _receptive_fields(graph)
    bits = [node.bits for node in graph.layers if node.bits is not None]
    return Measures(
        num_trainable=sum(node.num_trainable for node in graph.layers),
        num_non_trainable=sum(node.num_non_trainable for node in graph.layers),
        macs=sum(node.macs for node in graph.layers),
        num_input_values=math.prod(graph.input_shape),
        num_latent_values=math.prod(graph.latent_shape),
        latent_bits=bits[-1] if bits else None,
        receptive_field=(fields[graph.latent], fields[graph.output]),
    )


def _receptive_fields(graph: ModelGraph) -> dict[str, int]:
    """Side in input pixels that one value of each node sees; the whole image's longer side at most where it is dense.

    Araujo, Norris & Sim, Computing receptive fields of convolutional neural networks, Distill 2019.
    """
    whole = max(graph.input_shape[:2])
    field: dict[str, float] = {graph.input.name: 1.0}
    step: dict[str, float] = {graph.input.name: 1.0}
    for node in graph.nodes[1:]:
        field[node.name], step[node.name] = _through(node, field, step, whole)
    return {name: math.ceil(side) for name, side in field.items()}


def _through(node: Node, field: dict[str, float], step: dict[str, float], whole: int) -> tuple[float, float]:
    widest = max(node.inputs, key=lambda name: field[name])
    if node.window.everything:
        return float(whole), 0.0
    side = field[widest] + (node.window.kernel - 1) * step[widest]
    return side, step[widest] * node.window.stride
