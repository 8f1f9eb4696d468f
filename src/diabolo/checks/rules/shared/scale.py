"""How much layers shrink and grow maps."""

from fractions import Fraction

from diabolo.checks.rules.shared.kinds import ACTIVATIONS, NORMALISATIONS, POOLS
from diabolo.checks.rules.shared.walk import main_path
from diabolo.graph import ModelGraph, Node

_KEEPING = frozenset({
    "input", "conv", "depthwise", "dwconv", "deconv", "up", "shuffle", "unshuffle", "dropout", "noise", "add",
    "subtract",
    "multiply", "average", "concat", "linear", "arithmetic", "attention", "pad", "crop", "vq", "fsq", "gaussian",
    "sample", "gdn", *POOLS, *NORMALISATIONS, *ACTIVATIONS,
})  # fmt: skip
"""Kinds whose effect on the size is known; pads and crops count as borders."""


def step_of(node: Node) -> int:
    """By how much a layer divides height and width; 1 where it does not, or not by one known number."""
    if node.kind in ("conv", "depthwise", "dwconv"):
        value = node.attributes.get("stride", 1)
    elif node.kind in POOLS:
        value = node.attributes.get("stride", node.attributes.get("size", 1))
    elif node.kind == "unshuffle":
        value = node.attributes.get("size", 1)
    else:
        return 1
    return value if isinstance(value, int) and not isinstance(value, bool) else 1


def growth_of(node: Node) -> int:
    """By how much a layer multiplies height and width; 1 where it does not, or not by one known number."""
    if node.kind not in ("deconv", "up", "shuffle"):
        return 1
    value = node.attributes.get("stride" if node.kind == "deconv" else "size", 1)
    return value if isinstance(value, int) and not isinstance(value, bool) else 1


def scales(graph: ModelGraph) -> tuple[int, int] | None:
    """Products of all steps and of all growths from input to output; None where a layer's effect is not known."""
    path = main_path(graph)
    if path is None or any(node.kind not in _KEEPING or _is_uneven(node) for node in path):
        return None
    down, up = 1, 1
    for node in path:
        down, up = down * step_of(node), up * growth_of(node)
    return down, up


def _is_uneven(node: Node) -> bool:
    """Whether its step or growth is not one known number."""
    names = {"deconv": ("stride",), "up": ("size",), "shuffle": ("size",), "unshuffle": ("size",), "conv": ("stride",)}
    needed = names.get(node.kind, ())
    if node.kind in POOLS and "stride" not in node.attributes:
        needed = ("size",)
    return any(not isinstance(node.attributes.get(name), int) for name in needed)


def reduction(graph: ModelGraph) -> int:
    """By how much the narrowest map is smaller than the image, along the path from input to output."""
    scale, smallest = Fraction(1), Fraction(1)
    for node in main_path(graph) or ():
        scale *= Fraction(growth_of(node), step_of(node))
        smallest = min(smallest, scale)
    return int(1 / smallest)
