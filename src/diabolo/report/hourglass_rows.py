"""A line as rows of a drawing, from the image down to the reconstruction, with brackets around blocks and repeats."""

import math
from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import Literal

from diabolo.graph import ModelGraph, Node, Section
from diabolo.notation import Group, Item, Items, Layer, Side, Spec, print_item
from diabolo.notation.printer import print_items
from diabolo.vocabulary import Shape, activation, normalisation, regularisation

RowKind = Literal["image", "layer", "resize", "add", "side", "waist", "latent", "more"]
"""`layer`: a bar. `resize`: no weights, another shape. `add`: where a skip connection joins. `side`: a dropped branch.
`waist`: the first of two `|`. `latent`: what passes through the waist. `more`: rows that are left out."""

MAX_ROWS_A_SIDE = 160
"""Most rows drawn of the encoder, and of the decoder; the middle of a longer one is left out, and says so."""
_POINTWISE = {
    kind.name for family in (activation, normalisation, regularisation) for kind in family.KINDS
}  # they stand in the row of the layer that they follow


@dataclass(frozen=True, kw_only=True)
class Row:
    """One row of the drawing."""

    kind: RowKind
    """What is drawn."""
    words: tuple[str, ...]
    """What is written beside it: layers as the line has them."""
    before: Shape
    """The shape that comes in."""
    shape: Shape
    """The shape that goes out."""
    section: Section
    """The part of the autoencoder."""


@dataclass(frozen=True, kw_only=True)
class Bracket:
    """Rows that belong together."""

    first: int
    """Index of its first row."""
    last: int
    """Index of its last row."""
    level: int
    """0 for the outermost."""
    times: int
    """How many times the rows stand in a row."""
    is_residual: bool
    """Whether a skip connection leads around them."""


def drawing_rows(spec: Spec, graph: ModelGraph) -> tuple[tuple[Row, ...], tuple[Bracket, ...]]:
    """The rows of a line and their brackets.

    Repeats are drawn once with their number where every one of them has the same shapes; otherwise each is drawn.

    Args:
        spec: what the line says.
        graph: the graph that was built from it.
    """
    builder = _Rows(graph)
    builder.add_section("encoder", spec.encoder)
    if spec.bottleneck:
        builder.add("waist", (), builder.shape)
        builder.add_section("bottleneck", spec.bottleneck)
    builder.add("latent", (), graph.latent_shape)
    builder.add_section("decoder", spec.decoder)
    builder.add("image", ("reconstruction",), graph.input_shape)
    return _shortened(tuple(builder.rows), tuple(builder.brackets))


@dataclass(frozen=True)
class _Leaf:
    """A layer with its node."""

    text: str
    node: Node


@dataclass(frozen=True)
class _Branch:
    """A side branch."""

    text: str


@dataclass(frozen=True)
class _Block:
    """A group, written out once."""

    children: "tuple[_Leaf | _Branch | _Block, ...]"
    times: int
    is_residual: bool
    end: Node | None
    """For a residual block: the addition."""

    def shapes(self) -> Iterator[Shape]:
        """The shapes that its layers put out, in order."""
        for child in self.children:
            if isinstance(child, _Leaf):
                yield child.node.shape
            elif isinstance(child, _Block):
                yield from child.shapes()


class _Rows:
    def __init__(self, graph: ModelGraph) -> None:
        self.nodes = iter(graph.nodes[1:])
        self.section: Section = "input"
        self.shape: Shape = graph.input_shape
        self.rows: list[Row] = []
        self.brackets: list[Bracket] = []
        self.attachable = False  # whether a pointwise layer may stand in the last row
        self.add("image", ("image",), graph.input_shape)

    def add_section(self, section: Section, items: Items) -> None:
        """Adds the rows of one part of the line."""
        self.section, self.attachable = section, False
        for item in items:
            for part in self._read(item):
                self._write(part, 0)

    def add(self, kind: RowKind, words: tuple[str, ...], shape: Shape) -> None:
        """Adds one row."""
        self.rows.append(Row(kind=kind, words=words, before=self.shape, shape=shape, section=self.section))
        self.shape = shape
        self.attachable = kind in ("layer", "resize", "add")

    def _read(self, item: Item) -> Iterator["_Leaf | _Branch | _Block"]:
        """An item with the nodes that were made of it, in the order in which the graph made them."""
        if isinstance(item, Layer):
            yield _Leaf(print_item(item), next(self.nodes))
        elif isinstance(item, Side):
            for inner in item.items:
                for _ in self._read(inner):
                    pass  # their nodes are passed over
            yield _Branch(print_items(item.items))
        else:
            yield from self._read_group(item)

    def _read_group(self, group: Group) -> Iterator["_Block"]:
        blocks = []
        for _ in range(group.repeat):
            children = tuple(part for inner in group.items for part in self._read(inner))
            end = None
            if group.kind == "res":
                if group.skip == "conv":
                    next(self.nodes)
                end = next(self.nodes)
            blocks.append(_Block(children, 1, group.kind == "res", end))
        first = tuple(blocks[0].shapes())
        if len(blocks) > 1 and all(tuple(block.shapes()) == first for block in blocks[1:]):
            yield replace(blocks[0], times=len(blocks))
        else:
            yield from blocks

    def _write(self, part: "_Leaf | _Branch | _Block", level: int) -> None:
        if isinstance(part, _Branch):
            self.add("side", (part.text,), self.shape)
        elif isinstance(part, _Leaf):
            self._write_layer(part)
        else:
            self._write_block(part, level)

    def _write_layer(self, leaf: _Leaf) -> None:
        node = leaf.node
        if node.kind in _POINTWISE and self.attachable:
            last = self.rows[-1]
            self.rows[-1] = replace(last, words=(*last.words, leaf.text))
            return
        resizes = node.shape != self.shape and node.num_trainable + node.num_non_trainable == 0
        self.add("resize" if resizes else "layer", (leaf.text,), node.shape)

    def _write_block(self, block: _Block, level: int) -> None:
        bracketed = block.is_residual or block.times > 1
        first, self.attachable = len(self.rows), False
        for child in block.children:
            self._write(child, level + bracketed)
        if block.end is not None:
            self.add("add", (), block.end.shape)
        if bracketed and len(self.rows) > first:
            self.brackets.append(
                Bracket(
                    first=first,
                    last=len(self.rows) - 1,
                    level=level,
                    times=block.times,
                    is_residual=block.is_residual,
                )
            )
        self.attachable = self.attachable and block.end is not None and block.times == 1


def _shortened(rows: tuple[Row, ...], brackets: tuple[Bracket, ...]) -> tuple[tuple[Row, ...], tuple[Bracket, ...]]:
    """Without the middle of a long encoder or decoder; brackets end at the nearest row that is left."""
    waist = next(index for index, row in enumerate(rows) if row.kind in ("waist", "latent"))
    latent = next(index for index, row in enumerate(rows) if row.kind == "latent")
    kept: list[Row] = []
    place: dict[int, int] = {}
    for low, high in ((0, waist), (waist, latent + 1), (latent + 1, len(rows))):
        cut = range(low + MAX_ROWS_A_SIDE // 2, high - MAX_ROWS_A_SIDE // 2)
        for index in range(low, high):
            if index not in cut:
                kept.append(rows[index])
            elif index == cut.start:
                count = f"… {len(cut):,} more {'row' if len(cut) == 1 else 'rows'}"
                kept.append(replace(rows[index], kind="more", words=(count,), shape=rows[cut[-1]].shape))
            place[index] = len(kept) - 1
    moved = (replace(bracket, first=place[bracket.first], last=place[bracket.last]) for bracket in brackets)
    return tuple(kept), tuple(moved)


def side_of(shape: Shape) -> float:
    """The side of a map in pixels, the geometric mean of height and width; 1 for a flat row of values."""
    return math.sqrt(shape[0] * shape[1]) if len(shape) == 3 else 1.0
