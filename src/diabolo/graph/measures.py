"""Numbers of a whole graph: parameters, multiply-accumulates, receptive field, latent size, compression."""

import math
from dataclasses import dataclass

from diabolo.graph.model_graph import ModelGraph
from diabolo.graph.receptive_field import receptive_fields


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
    """Bits an image that reach the output, where all of it goes through a discrete bottleneck."""
    receptive_field: tuple[int, int]
    """Side of the square of input pixels that one latent value sees at most, and one output value; inside the image."""

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
    fields = receptive_fields(graph)
    return Measures(
        num_trainable=sum(node.num_trainable for node in graph.layers),
        num_non_trainable=sum(node.num_non_trainable for node in graph.layers),
        macs=sum(node.macs for node in graph.layers),
        num_input_values=math.prod(graph.input_shape),
        num_latent_values=math.prod(graph.latent_shape),
        latent_bits=_discrete_bits(graph),
        receptive_field=(fields[graph.latent], fields[graph.output]),
    )


def _discrete_bits(graph: ModelGraph) -> float | None:
    """Bits that reach the output: of the narrowest discrete bottleneck that no path goes around; None without one.

    A layer that no path goes around dominates the output; in a tree of nearest dominators each node's parent is its
    input, or where several inputs meet, their last common dominator.
    """
    parent: dict[str, str] = {}
    depth = {graph.input.name: 0}
    fewest = {graph.input.name: math.inf}
    for node in graph.layers[1:]:
        common = node.inputs[0]
        for other in node.inputs[1:]:
            while common != other:
                if depth[common] >= depth[other]:
                    common = parent[common]
                else:
                    other = parent[other]
        parent[node.name], depth[node.name] = common, depth[common] + 1
        fewest[node.name] = fewest[common] if node.bits is None else min(fewest[common], node.bits)
    bits = fewest[graph.output]
    return None if math.isinf(bits) else bits
