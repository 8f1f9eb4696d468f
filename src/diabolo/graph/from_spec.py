"""Spec -> ModelGraph: repeats written out, shapes and costs filled in, misfits reported with the line and a caret."""

from diabolo.errors import DiaboloError, ShapeError, clip
from diabolo.graph.model_graph import ModelGraph, Node, Place, Section
from diabolo.graph.remedy import remedy
from diabolo.notation import Group, Item, Items, Layer, Side, Span, Spec, parse, print_item
from diabolo.vocabulary import KINDS, Attributes, Effect, LayerKind, Misfit, Shape, Value, describe

MAX_NODES = 20_000
"""Most nodes that a line may write out to."""
MAX_VALUES = 2**31
"""Most values that one layer may put out an image."""
_LARGEST_STRIDE = next(setting.maximum for setting in KINDS["conv"].settings if setting.name == "stride") or 1
CIFAR_SHAPE: Shape = (32, 32, 3)
"""The image shape that is assumed where none is given: CIFAR-10's."""


def build_graph(spec: Spec | str, input_shape: Shape = CIFAR_SHAPE) -> ModelGraph:
    """The graph of a line for images of one shape.

    Args:
        spec: a spec, or a line.
        input_shape: (height, width, channels) of the images.

    Raises:
        LineError: the line cannot be read.
        ShapeError: a layer does not fit the shape that reaches it, or the decoder does not return to the image's.
        DiaboloError: `input_shape` is not three whole numbers from 1.
    """
    if len(input_shape) != 3 or not all(isinstance(side, int) and side >= 1 for side in input_shape):
        raise DiaboloError(
            f"`input_shape` must be (height, width, channels), whole numbers from 1, as in (32, 32, 3), "
            f"not {clip(repr(input_shape))}"
        )
    spec = parse(spec) if isinstance(spec, str) else spec.located()
    return _Builder(spec, input_shape).build()


class _Builder:
    def __init__(self, spec: Spec, input_shape: Shape) -> None:
        assert spec.source is not None
        self.spec = spec
        self.line = spec.source
        self.section: Section = "input"
        self.nodes: list[Node] = []
        self.counters: dict[str, int] = {}
        self.shapes: dict[str, Shape] = {}
        self.flattened: Shape | None = None
        self.start = self._add_node("input", "InputLayer", (), Effect(shape=tuple(input_shape)), None)

    def build(self) -> ModelGraph:
        latent = self._section("encoder", self.spec.encoder, self.start)
        latent = self._section("bottleneck", self.spec.bottleneck, latent)
        output = self._section("decoder", self.spec.decoder, latent)
        graph = ModelGraph(nodes=tuple(self.nodes), latent=latent, output=output, line=str(self.spec))
        self._check_output(graph)
        return graph

    def _section(self, section: Section, items: Items, current: str) -> str:
        self.section = section
        return self._items(items, current)

    def _items(self, items: Items, current: str) -> str:
        for item in items:
            current = self._item(item, current)
        return current

    def _item(self, item: Item, current: str) -> str:
        if isinstance(item, Layer):
            return self._layer(item, current)
        if isinstance(item, Side):
            kept = self.flattened
            self._items(item.items, current)
            self.flattened = kept
            return current
        for _ in range(item.repeat):
            current = self._group(item, current)
        return current

    def _group(self, group: Group, current: str) -> str:
        end = self._items(group.items, current)
        if group.kind != "res":
            return end
        skip = current
        if group.skip == "conv":
            skip = self._skip_convolution(group, current, self.shapes[end])
        if self.shapes[skip] != self.shapes[end]:
            before, after = self.shapes[skip], self.shapes[end]
            other = ", or write `res[skip=conv]{…}`" if len(before) == len(after) == 3 else ""
            raise self._misfit(
                f"`res`: the branch turns {describe(before)} into {describe(after)}, so the two cannot be added; "
                f"let it keep the shape{other}",
                group.span,
            )
        return self._add_node("add", "Add", (skip, end), Effect(shape=self.shapes[end]), group.span)

    def _skip_convolution(self, group: Group, current: str, target: Shape) -> str:
        shape = self.shapes[current]
        stride = _stride_between(shape, target) if len(shape) == len(target) == 3 else None
        if stride is None:
            raise self._misfit(
                f"`res[skip=conv]`: no convolution with a stride leads from {describe(shape)} to "
                f"{describe(target)}; let the branch keep the size, or divide both sides by the same number",
                group.span,
            )
        layer = Layer(
            kind="conv", count=target[2], settings=(("k", group.skip_kernel), ("stride", stride)), span=group.span
        )
        return self._layer(layer, current)

    def _layer(self, layer: Layer, current: str) -> str:
        kind = KINDS[layer.kind]
        shape = self.shapes[current]
        attributes = self._complete(layer, layer.attributes())
        try:
            effect = kind.infer(shape, attributes)
        except Misfit as misfit:
            raise self._misfit(f"{_written(layer)}: {misfit}", layer.span) from None
        if layer.kind == "flatten" and len(shape) == 3:
            self.flattened = shape
        size = 1
        for side in effect.shape:
            size *= side
        if size > MAX_VALUES:
            raise self._misfit(
                f"{_written(layer)}: puts out {describe(effect.shape)}, more than {MAX_VALUES:,} values an image; "
                "write smaller numbers",
                layer.span,
            )
        return self._add_node(layer.kind, kind.title, (current,), effect, layer.span, attributes, kind)

    def _complete(self, layer: Layer, attributes: Attributes) -> Attributes:
        """Fills in what `unflatten` takes from the last `flatten`."""
        if layer.kind != "unflatten":
            return attributes
        if self.flattened is None:
            if not all(attributes[side] for side in "hwc"):
                raise self._misfit(
                    "`unflatten`: no `flatten` of a map before it; write `unflatten[h=8 w=8 c=16]`", layer.span
                )
            return attributes
        remembered = zip("hwc", self.flattened, strict=True)
        filled: dict[str, Value] = {side: attributes[side] or length for side, length in remembered}
        return filled

    def _add_node(
        self,
        kind: str,
        title: str,
        inputs: tuple[str, ...],
        effect: Effect,
        span: Span | None,
        attributes: Attributes | None = None,
        layer_kind: LayerKind | None = None,
    ) -> str:
        if len(self.nodes) >= MAX_NODES:
            raise self._misfit(f"the line writes out to more than {MAX_NODES:,} layers; repeat less", span)
        self.counters[kind] = self.counters.get(kind, 0) + 1
        name = "input" if kind == "input" else f"{kind}_{self.counters[kind]}"
        node = Node(
            name=name,
            kind=kind,
            title=title,
            inputs=inputs,
            shape=effect.shape,
            section=self.section,
            attributes=dict(attributes or {}),
            num_trainable=effect.num_trainable,
            num_non_trainable=effect.num_non_trainable,
            macs=effect.macs,
            window=effect.window,
            bits=effect.bits,
            is_random=layer_kind is not None and layer_kind.is_random,
            place=None if span is None else Place(source=self.line, start=span.start, end=span.end),
        )
        self.nodes.append(node)
        self.shapes[name] = effect.shape
        return name

    def _check_output(self, graph: ModelGraph) -> None:
        wanted, got = graph.input_shape, graph[graph.output].shape
        if wanted == got:
            return
        last = self.spec.decoder[-1].span
        raise self._misfit(
            f"the decoder ends with {describe(got)}, but the image is {describe(wanted)}; {remedy(graph)}", last
        )

    def _misfit(self, problem: str, span: Span | None) -> ShapeError:
        span = span or Span(start=0, end=len(self.line))
        return ShapeError(problem, line=self.line, start=span.start, end=span.end)


def _written(layer: Layer) -> str:
    return f"`{clip(print_item(layer))}`"


def _stride_between(shape: Shape, target: Shape) -> int | None:
    """The stride by which a padded convolution leads from one map size to another; None where there is none."""
    stride = max(-(-side // wanted) for side, wanted in zip(shape[:2], target[:2], strict=True))
    reached = tuple(-(-side // stride) for side in shape[:2])
    return stride if reached == target[:2] and stride <= _LARGEST_STRIDE else None
