"""Nodes of a graph from operations of the tape: names, sections, parameters counted once a layer."""

from diabolo.checks.source.models import FoundModel
from diabolo.checks.source.tape import LayerRecord, Op
from diabolo.graph import ModelGraph, Node
from diabolo.graph.model_graph import Section
from diabolo.graph.waist import find_waist


def graph_of(
    model: FoundModel, body: dict[Op, None], dead: dict[Op, Op | None], *, finds_waist: bool = True
) -> ModelGraph:
    """The graph of a model.

    Args:
        model: what was found.
        body: the operations that its outputs depend on.
        dead: operations that hang on it and lead nowhere.
        finds_waist: whether the latent is looked for.
    """
    stand_in = {op: op for op in body}
    for op in body:  # what hangs on a model that was called hangs on its copy here
        root = op.copied_from
        while root is not None:
            stand_in.setdefault(root, op)
            root = root.copied_from
    members = _ordered([*body, *dead], stand_in)
    inputs = set(model.inputs)
    names: dict[Op, str] = {}
    counters: dict[str, int] = {}
    counted: set[LayerRecord] = set()
    nodes: list[Node] = []
    for op in _inputs_first(members, model.inputs):
        kind = "input" if op in inputs else op.kind
        counters[kind] = counters.get(kind, 0) + 1
        names[op] = "input" if kind == "input" and counters[kind] == 1 else f"{kind}_{counters[kind]}"
        nodes.append(_node(op, kind, names, stand_in, counted))
    if not nodes or nodes[0].kind != "input":
        nodes.insert(0, _missing_input(model))
    model.node_names = names
    output = names[model.outputs[0]]
    latent = ""
    if model.latent is not None:
        latent = names.get(stand_in.get(model.latent, model.latent), "")
    if not latent and finds_waist:
        latent = find_waist(nodes, output)
    nodes = _with_sections(nodes, latent)
    others = [names[op] for op in dict.fromkeys(model.outputs[1:]) if op in names and names[op] != output]
    return ModelGraph(
        nodes=tuple(nodes),
        latent=latent,
        output=output,
        name=model.name,
        origin=model.origin,
        outputs=tuple(others),
        idle=tuple(idle_node(layer, index) for index, layer in enumerate(model.idle)),
        place=model.place,
    )


def idle_node(layer: LayerRecord, index: int) -> Node:
    """A layer that is never called."""
    return Node(
        name=f"idle_{index + 1}", kind=layer.kind, title=layer.title, inputs=(), shape=(), section="encoder",
        attributes=dict(layer.attributes), place=layer.place, layer=layer.name, variable=layer.variable,
        is_trainable=layer.is_trainable, arguments=dict(layer.arguments), arguments_end=layer.arguments_end,
    )  # fmt: skip


def _ordered(ops: list[Op], stand_in: dict[Op, Op]) -> list[Op]:
    """Operations each after those that it reads: a dead branch of a called model hangs on a later copy."""
    waiting = sorted(dict.fromkeys(ops), key=lambda op: op.index)
    members = set(waiting)
    placed: set[Op] = set()
    ordered: list[Op] = []
    while waiting:
        later: list[Op] = []
        for op in waiting:
            needs = [stand_in.get(source, source) for source in op.inputs]
            if all(source in placed or source not in members or source is op for source in needs):
                placed.add(op)
                ordered.append(op)
            else:
                later.append(op)
        if len(later) == len(waiting):
            return [*ordered, *later]
        waiting = later
    return ordered


def _inputs_first(ops: list[Op], inputs: list[Op]) -> list[Op]:
    first = [op for op in inputs if op in set(ops)]
    first += [op for op in ops if op.kind == "input" and op not in first]
    taken = set(first)
    return [*first, *(op for op in ops if op not in taken)]


def _node(op: Op, kind: str, names: dict[Op, str], stand_in: dict[Op, Op], counted: set[LayerRecord]) -> Node:
    layer = op.layer
    trained, others = op.num_trainable, 0
    if kind == "input":  # what another model gives, perhaps: its layer is not this one's
        layer, trained = None, 0
    if layer is not None and op.owns_parameters and layer not in counted:
        counted.add(layer)
        trained, others = layer.num_trainable, layer.num_non_trainable
        if not layer.is_trainable:
            trained, others = 0, trained + others
    sources = [] if kind == "input" else [stand_in.get(source, source) for source in op.inputs]
    places = list(op.input_places) if len(op.input_places) == len(op.inputs) else [None] * len(op.inputs)
    kept = [(names[source], place) for source, place in zip(sources, places, strict=False) if source in names]
    return Node(
        name=names[op],
        kind=kind,
        title="InputLayer" if kind == "input" and op.kind != "input" else op.title,
        inputs=tuple(name for name, _ in kept),
        shape=op.shape,
        section="encoder",
        attributes={} if kind == "input" else dict(op.attributes),
        num_trainable=trained,
        num_non_trainable=others,
        window=op.window,
        is_random=op.is_random,
        place=op.place,
        input_places=tuple(place for _, place in kept),
        layer="" if layer is None else layer.name,
        variable=op.variable,
        overwritten=op.overwritten,
        is_trainable=layer is None or layer.is_trainable,
        blocks_gradient=op.blocks_gradient,
        arguments={} if layer is None else dict(layer.arguments),
        arguments_end=None if layer is None else layer.arguments_end,
        statement=op.statement,
    )


def _missing_input(model: FoundModel) -> Node:
    return Node(name="input", kind="input", title="InputLayer", inputs=(), shape=(), section="input", place=model.place)


def _with_sections(nodes: list[Node], latent: str) -> list[Node]:
    from dataclasses import replace

    behind = {latent} if latent else set()
    result: list[Node] = []
    for node in nodes:
        section: Section = "encoder"
        if node.kind == "input":
            section = "input"
        elif latent and node.name != latent and any(name in behind for name in node.inputs):
            behind.add(node.name)
            section = "decoder"
        result.append(replace(node, section=section))
    return result
