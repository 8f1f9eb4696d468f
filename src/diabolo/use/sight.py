"""How far a network looks: which sizes of image it takes, and what a piece of an image needs around it."""

import math
from collections.abc import Sequence
from dataclasses import dataclass
from fractions import Fraction

from diabolo.errors import DiaboloError
from diabolo.graph import ModelGraph, Node
from diabolo.graph.receptive_field import Interval, looks_at
from diabolo.vocabulary import Window

_LOOKS_EVERYWHERE = ("gn", "in", "attention", "topk")
"""Kinds whose every output depends on the whole map, though their window does not say so: through statistics or ranks.
`tests/use/test_use_sight.py` tries every kind of the vocabulary."""
_MOST_PHASES = 65_536  # positions that are followed; a larger unit is larger than any image


@dataclass(frozen=True, kw_only=True)
class Sight:
    """What positions of a target layer see of a source layer, the same along both axes.

    A block of source positions from `a` to `b`, both multiples of `unit`, holds the target positions from `a · scale`
    to `b · scale`; these depend on source positions from `a - before` to `b + after` at most.
    """

    unit: int
    """Sides of the source must be a multiple of this, or sizes and phases of the layers between do not match."""
    before: int
    """Source positions needed above and left of a block."""
    after: int
    """Source positions needed below and right of a block."""
    scale: Fraction
    """Target positions a source position."""

    def rounded(self, side: int) -> int:
        """The smallest multiple of `unit` that is at least `side`."""
        return -(-side // self.unit) * self.unit


def size_is_fixed_by(graph: ModelGraph) -> str | None:
    """The layer because of which a model takes images of one size only, in words; None: it takes any size."""
    for node in graph.layers:
        if len(node.shape) != 3:
            return f"`{node.name}` is flat, so that its weights belong to one size"
        if node.attributes.get("pad") == "valid" and node.window.kernel > node.window.stride:
            return f"`{node.name}` has `pad=valid` and cuts the borders off, so that other sizes do not come back"
    return None


def whole_is_seen_by(graph: ModelGraph, source: str, target: str) -> str | None:
    """The name of a layer between the two that looks at the whole map, so that it cannot be cut; None: none does."""
    for node in _between(graph, source, target):
        if node.window.everything or node.kind in _LOOKS_EVERYWHERE:
            return node.name
    return None


def sight(graph: ModelGraph, source: str, target: str) -> Sight:
    """What a target layer sees of a source layer, for maps of any size that is a multiple of the unit.

    The intervals of all phases of a unit are followed from layer to layer as in `receptive_fields`, here without the
    borders of an image. What layers see through statistics of the whole map is left out: ask `whole_is_seen_by`.

    Args:
        graph: a model that takes any size (`size_is_fixed_by` is None).
        source: the name of a layer, or of the input.
        target: the name of a layer behind it.

    Raises:
        DiaboloError: the layers step so far that no image has sides of a multiple.
    """
    nodes = _between(graph, source, target)
    rates = {source: Fraction(1)}
    for node in nodes:
        rates[node.name] = rates[node.inputs[0]] * _rate(node.window)
    unit = math.lcm(*(rate.numerator for rate in rates.values()))
    if any(unit / rate > _MOST_PHASES for rate in rates.values()):
        raise DiaboloError(f"this model steps {unit:,} pixels at a time; bring images to its size by `fit`")
    seen = {source: [(position, position) for position in range(unit)]}
    for node in nodes:
        count = int(unit / rates[node.name])
        branches = [_through(node, seen[name], unit, count) for name in node.inputs]
        seen[node.name] = [_union(parts) for parts in zip(*branches, strict=True)]
    first, last = _union(seen[target])
    return Sight(unit=unit, before=max(0, -first), after=max(0, last - unit + 1), scale=1 / rates[target])


def _between(graph: ModelGraph, source: str, target: str) -> list[Node]:
    """The nodes that lead from source to target, in order, without the source."""
    needed, waiting = {source}, [target]
    while waiting:
        name = waiting.pop()
        if name not in needed:
            needed.add(name)
            waiting.extend(graph[name].inputs)
    return [node for node in graph.nodes if node.name in needed and node.name != source]


def _union(parts: Sequence[Interval]) -> Interval:
    return min(first for first, _ in parts), max(last for _, last in parts)


def _rate(window: Window) -> Fraction:
    """Input positions from one output position to the next."""
    return Fraction(1, round(1 / window.stride)) if window.transposed else Fraction(round(window.stride))


def _through(node: Node, before: list[Interval], unit: int, count: int) -> list[Interval]:
    """The intervals that `count` positions of a node see, given those of one unit of what it reads."""

    def interval(position: int) -> Interval:
        units, phase = divmod(position, len(before))
        first, last = before[phase]
        return first + units * unit, last + units * unit

    after = []
    for position in range(count):
        first, last = looks_at(node.window, position, len(before), count)
        after.append((interval(first)[0], interval(last)[1]))
    return after
