"""A Keras model's graph as a line: a chain of layers with residual blocks, cut at its waist."""

from collections.abc import Mapping
from dataclasses import dataclass

from diabolo.errors import DiaboloError, clip
from diabolo.graph import ModelGraph, Node
from diabolo.interop.keras import from_plain, from_weighted
from diabolo.interop.keras.layer_list import StoredLayer
from diabolo.interop.keras.source import LATENT
from diabolo.interop.keras.together import divisive_kind, several
from diabolo.interop.keras.words import Call, Word
from diabolo.notation import Group, Item, Layer, Spec

_TO_WORDS = {**from_plain.TO_WORDS, **from_weighted.TO_WORDS}
_KNOWN = frozenset({*_TO_WORDS, "attention", "permute"})
_WEIGHTED = frozenset({*from_weighted.TO_WORDS, "attention"})


@dataclass(frozen=True, kw_only=True)
class KerasLine:
    """A line and where the weights of its layers come from."""

    spec: Spec
    """The line."""
    words: tuple[Word | None, ...]
    """For each node of the line's graph after the input, in order, its word; None for the sum of a residual block."""
    notes: tuple[str, ...] = ()
    """What a user must know."""


def keras_line(graph: ModelGraph, stored: Mapping[str, StoredLayer], *, waist: str | None = None) -> KerasLine:
    """Writes a Keras model as a line.

    Args:
        graph: as read from its configuration.
        stored: its layers by path.
        waist: name of the layer that gives the latent; None: the one that is called `latent`, or where the graph says.

    Raises:
        DiaboloError: a layer has no counterpart, the wiring is no chain with residual blocks, or no waist is known.
    """
    if graph.outputs:
        raise DiaboloError(f"the model has {1 + len(graph.outputs)} outputs; an autoencoder's line has one")
    inputs = [node for node in graph.layers if node.kind == "input"]
    if len(inputs) != 1:
        raise DiaboloError(f"the model has {len(inputs)} inputs; an autoencoder's line has one")
    for node in graph.layers:
        _check_layer(graph, node, stored.get(node.layer))
    return _Writer(graph, stored, _waist(graph, waist)).line()


def _check_layer(graph: ModelGraph, node: Node, stored: StoredLayer | None) -> None:
    """Refuses what no line can hold, before a waist is looked for, which it would hide."""
    if node.kind in ("input", "add"):
        return
    call = Call(node=node, before=graph[node.inputs[0]].shape if node.inputs else (), stored=stored)
    if node.kind not in _KNOWN and divisive_kind(graph, node) is None:
        raise call.refuse("the line has no such layer" if len(node.inputs) < 2 else "the line joins by sums alone")
    if call.get("data_format") == "channels_first":
        raise call.refuse("its channels come first; build the model with channels last")
    if not all(shape and min(shape) > 0 for shape in (call.before, node.shape)):
        remedy = (
            "save the model with an `Input` of one size"
            if stored is not None and stored.store
            else "use a layer, not an operation"
        )
        raise call.refuse(f"what it reads or gives has no known shape; {remedy}")


def _waist(graph: ModelGraph, named: str | None) -> str:
    if named is None and any(node.layer.split("/")[-1] == LATENT for node in graph.layers):
        named = LATENT  # as our own export calls it
    if named is None:
        if not graph.latent:
            raise DiaboloError("it cannot be seen where the encoder ends; name the layer with `--waist NAME`")
        return graph.latent
    nodes = [node for node in graph.layers if node.layer.split("/")[-1] == named or named in (node.layer, node.name)]
    if not nodes:
        raise DiaboloError(f"`--waist {clip(named)}`: the model has no such layer")
    return nodes[-1].name


class _Writer:
    def __init__(self, graph: ModelGraph, stored: Mapping[str, StoredLayer], waist: str) -> None:
        self.graph, self.stored, self.waist = graph, stored, waist
        self.dominator = _dominators(graph)
        self.words: list[Word | None] = []
        self.notes: list[str] = []
        self._check_shared()

    def line(self) -> KerasLine:
        encoder = self._chain(self.graph.input.name, self.waist)
        decoder = self._chain(self.waist, self.graph.output)
        for name, items in (("encoder", encoder), ("decoder", decoder)):
            if not items:
                raise DiaboloError(f"the model has no {name} that a line could hold; name another layer with `--waist`")
        quantises = len(encoder) > 1 and isinstance(encoder[-1], Layer) and encoder[-1].kind in ("vq", "fsq")
        bottleneck = (encoder.pop(),) if quantises else ()
        spec = Spec(encoder=tuple(encoder), bottleneck=bottleneck, decoder=tuple(decoder))
        return KerasLine(spec=spec, words=tuple(self.words), notes=tuple(self.notes))

    def _chain(self, start: str, end: str) -> list[Item]:
        """What leads from one value to another."""
        nodes: list[Node] = []
        current = end
        while current != start:
            node = self.graph[current]
            if node.kind == "input":
                raise DiaboloError(
                    f"`{clip(self._name(end))}` does not come from `{clip(self._name(start))}` alone: something leads "
                    "around it, which no line can say; name another layer with `--waist`"
                )
            nodes.append(node)
            current = self.dominator[current] if node.kind == "add" else node.inputs[0]
        nodes.reverse()
        items: list[Item] = []
        index = 0
        while index < len(nodes):
            found = several(nodes[index:], self.graph, self.stored)
            if found is not None:
                items.append(self._keep(found[0]))
                index += found[1]
            else:
                items += self._node(nodes[index])
                index += 1
        return items

    def _node(self, node: Node) -> list[Item]:
        if node.kind == "add":
            return [self._residual(node)]
        stored = self.stored.get(node.layer)
        call = Call(node=node, before=self.graph[node.inputs[0]].shape, stored=stored)
        if len(node.inputs) > 1 or node.kind not in _TO_WORDS:
            raise call.refuse("the line has no such layer" if len(node.inputs) < 2 else "the line joins by sums alone")
        words = _TO_WORDS[node.kind](call)
        if node.kind == "arithmetic":
            if self.graph[node.inputs[0]].kind != "input":
                raise call.refuse("the line rescales nowhere")
            self.notes.append(
                f"`{clip(self._name(node.name))}` divides by 255, which diabolo does when it reads images"
            )
        return [self._keep(one) for one in words]

    def _residual(self, node: Node) -> Group:
        start = self.dominator[node.name]
        if len(node.inputs) != 2:
            raise DiaboloError(f"`{clip(self._name(node.name))}` adds {len(node.inputs)} values; a line adds two")
        for skip, branch in (node.inputs, node.inputs[::-1]):
            if skip == start and branch != start:
                items = self._chain(start, branch)
                self.words.append(None)
                return Group(kind="res", items=tuple(items))
        for skip, branch in (node.inputs, node.inputs[::-1]):
            projection = self._projection(skip, start)
            if projection is not None and branch != start:
                items = self._chain(start, branch)
                self.words += [projection, None]
                kernel = self.graph[skip].attributes["k"]
                assert isinstance(kernel, int)
                return Group(kind="res", skip="conv", skip_kernel=kernel, items=tuple(items))
        raise DiaboloError(
            f"`{clip(self._name(node.name))}` adds two branches that both hold layers; a line adds a branch to what it "
            "started from, or to one convolution of that (`padding='same'`, with a bias, without dilation or groups)"
        )

    def _projection(self, skip: str, start: str) -> Word | None:
        """The convolution of a skip connection, where a line's `res[skip=conv]` has such a one."""
        node = self.graph[skip]
        if node.kind != "conv" or node.inputs != (start,) or node.attributes.get("separable"):
            return None
        call = Call(node=node, before=self.graph[start].shape, stored=self.stored.get(node.layer))
        wanted = {"dilation": 1, "groups": 1, "bias": True}
        if any(node.attributes.get(name) != value for name, value in wanted.items()):
            return None
        projection = _TO_WORDS["conv"](call)[0]
        return projection if projection.layer.attributes()["pad"] == "same" else None

    def _keep(self, one: Word) -> Layer:
        self.words.append(one)
        if one.note and one.stored is not None:
            self.notes.append(f"`{clip(one.stored.path)}`: {one.note}")
        return one.layer

    def _check_shared(self) -> None:
        """Refuses layers that are called twice: each layer of a line has weights of its own."""
        called: dict[str, list[str]] = {}
        for node in self.graph.layers:
            if node.layer and node.kind in _WEIGHTED:
                called.setdefault(node.layer, []).append(node.name)
        shared = [layer for layer, names in called.items() if len(names) > 1]
        if shared:
            raise DiaboloError(
                f"`{clip(shared[0])}` is called {len(called[shared[0]])} times with the same weights; on a line every "
                "layer has its own"
            )

    def _name(self, name: str) -> str:
        node = self.graph[name]
        return node.layer or node.name


def _dominators(graph: ModelGraph) -> dict[str, str]:
    """For each connected node the last one that every path to it goes through."""
    parent: dict[str, str] = {}
    depth = {graph.input.name: 0}
    for node in graph.layers:
        if not node.inputs:
            continue
        common = node.inputs[0]
        strange = [name for name in node.inputs if name not in depth]
        if strange:
            raise DiaboloError(f"`{clip(node.layer or node.name)}` reads `{clip(strange[0])}`, which no image leads to")
        for other in node.inputs[1:]:
            while common != other:
                if depth[common] >= depth[other]:
                    common = parent[common]
                else:
                    other = parent[other]
        parent[node.name], depth[node.name] = common, depth[common] + 1
    return parent
