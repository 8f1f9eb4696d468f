"""From the tape to graphs: which operations make a model, which hang on it and lead nowhere, which belong to none."""

from collections.abc import Iterable
from dataclasses import replace

from diabolo.checks.source.interpreter import Interpreter
from diabolo.checks.source.loss_terms import is_kl
from diabolo.checks.source.models import FoundModel, body_of
from diabolo.checks.source.nodes import graph_of, idle_node
from diabolo.checks.source.tape import Op
from diabolo.checks.subject import LossTerm, Subject, Training
from diabolo.graph import ModelGraph


def assemble(run: Interpreter) -> Subject:
    """Everything that was read, as a subject."""
    models = [model for model in run.models.found if model.outputs]
    _name(models)
    bodies = {id(model): body_of(model) for model in models}
    kept = _whole(models, bodies)
    for model in kept:
        model.latent = model.latent or _written_split(model, models, bodies)
    useful = _useful(run, models, bodies)
    unused = _unused_losses(run, useful)
    dead = _dead_branches(run, kept, models, bodies, useful)
    graphs: list[ModelGraph] = []
    for model in kept:
        graphs.append(graph_of(model, bodies[id(model)], dead[id(model)]))
    in_models = {op for body in bodies.values() for op in body}
    hanging = {op for ops in dead.values() for op in ops}
    loose = _loose(run, in_models | hanging)
    attached = {layer for model in kept for layer in model.idle}
    idle = [layer for layer in run.tape.layers if not layer.num_calls and not layer.is_used and layer not in attached]
    names = {id(model): model.name for model in models}
    entries = [entry(lambda model: names.get(id(model), "")) if callable(entry) else entry for entry in run.trainings]
    trainings = _with_unused([training for training in entries if training is not None], unused, kept, bodies)
    return Subject(
        source=run.source.name,
        text=None if run.source.cells else run.source.text,
        cells=run.source.cells,
        graphs=tuple(graphs),
        trainings=tuple(trainings),
        idle=tuple(idle_node(layer, index) for index, layer in enumerate(idle)),
        loose=tuple(loose),
        problems=tuple(run.problems),
    )


def _name(models: list[FoundModel]) -> None:
    """Names that are all different: the second `model` is called `model#2`."""
    seen: dict[str, int] = {}
    for model in models:
        owner = model.owner
        name = model.name or getattr(owner, "variable", "") or getattr(owner, "text", "") or "model"
        seen[name] = seen.get(name, 0) + 1
        model.name = name if seen[name] == 1 else f"{name}#{seen[name]}"


def _marks(body: Iterable[Op]) -> frozenset[object]:
    """What a model is made of, copies counted as what they are copies of."""
    found: set[object] = set()
    for op in body:
        root = op
        while root.copied_from is not None:
            root = root.copied_from
        if op.layer is not None:
            found.add(op.layer)
        elif root.kind not in ("input", "constant", "sample"):
            found.add(root)
    return frozenset(found)


def _whole(models: list[FoundModel], bodies: dict[int, dict[Op, None]]) -> list[FoundModel]:
    """Models without those whose every layer belongs to a larger one."""
    marks = {id(model): _marks(op for op in bodies[id(model)] if op not in model.inputs) for model in models}
    kept: list[FoundModel] = []
    for index, model in enumerate(models):
        own = marks[id(model)]
        larger = False
        for other_index, other in enumerate(models):
            if other is model:
                continue
            theirs = marks[id(other)]
            if own < theirs or (own == theirs and _is_preferred(other, other_index, model, index)):
                larger = True
                break
        if not larger:
            kept.append(model)
    return kept


def _written_split(model: FoundModel, models: list[FoundModel], bodies: dict[int, dict[Op, None]]) -> Op | None:
    """What an encoder that the writer made of the same input gives: `Model(inputs, latent)` beside the whole."""
    body = bodies[id(model)]
    found = [
        other.outputs[-1]
        for other in models
        if other is not model
        and other.inputs == model.inputs
        and other.outputs[-1] in body
        and other.outputs[-1] not in model.outputs
    ]
    return found[0] if len(set(found)) == 1 else None


def _is_preferred(other: FoundModel, other_index: int, model: FoundModel, index: int) -> bool:
    """Of two models of the same layers: the trained one, else the first."""
    if other.is_trained != model.is_trained:
        return other.is_trained
    return other_index < index


def _useful(run: Interpreter, models: list[FoundModel], bodies: dict[int, dict[Op, None]]) -> set[Op]:
    """Operations that a model's output, a loss, or something that was not followed depends on."""
    useful: set[Op] = set()
    for model in models:
        useful.update(bodies[id(model)])
    waiting = [op for op in run.tape.ops if op.kind == "loss" or op.is_escape or op in run.tape.escaped]
    waiting += list(run.tape.returned)
    while waiting:
        op = waiting.pop()
        if op not in useful or op.kind == "loss":
            useful.add(op)
        for source in op.inputs:
            if source not in useful:
                useful.add(source)
                waiting.append(source)
    return useful


def _unused_losses(run: Interpreter, useful: set[Op]) -> list[Op]:
    """Losses that are worked out and read by nothing; what they read belongs to them and is no dead branch."""
    found: list[Op] = []
    for op in run.tape.ops:
        if op in useful or op.num_readers or op in run.tape.escaped or op.copied_from is not None:
            continue
        if is_kl(op):
            found.append(op)
            waiting = [op]
            while waiting:
                current = waiting.pop()
                if current not in useful:
                    useful.add(current)
                    waiting.extend(current.inputs)
    return found


def _with_unused(
    trainings: list[Training], unused: list[Op], kept: list[FoundModel], bodies: dict[int, dict[Op, None]]
) -> list[Training]:
    """Trainings with the losses of their models that are never used."""
    result = list(trainings)
    for op in unused:
        below: set[Op] = set()
        waiting = [op]
        while waiting:
            current = waiting.pop()
            if current not in below:
                below.add(current)
                waiting.extend(current.inputs)
        model = max(kept, key=lambda model: len(below & set(bodies[id(model)])), default=None)
        if model is None or not below & set(bodies[id(model)]):
            continue
        term = LossTerm(
            kind="kl", text=op.variable or "the KL divergence", graph=model.name, is_used=False, weight=None,
            place=op.place,
        )  # fmt: skip
        for index, training in enumerate(result):
            if training.graph == model.name:
                result[index] = replace(training, losses=(*training.losses, term))
                break
    return result


def _dead_branches(
    run: Interpreter,
    kept: list[FoundModel],
    models: list[FoundModel],
    bodies: dict[int, dict[Op, None]],
    useful: set[Op],
) -> dict[int, dict[Op, Op | None]]:
    """For each model that is kept: the operations that hang on it and lead nowhere, in order."""
    home: dict[Op, FoundModel] = {}
    for model in sorted(kept, key=lambda model: len(bodies[id(model)])):
        for op in bodies[id(model)]:  # the largest comes last and stays
            root: Op | None = op
            while root is not None:
                home[root] = model
                root = root.copied_from
    dead: dict[int, dict[Op, Op | None]] = {id(model): {} for model in kept}
    for op in run.tape.ops:
        if op in useful or op in run.tape.set_aside:
            continue
        if op.kind in ("loss", "input", "constant") or op.copied_from is not None:
            continue
        owner = next((home[source] for source in op.inputs if source in home), None)
        if owner is not None:
            home[op] = owner
            dead[id(owner)][op] = None
    return dead


def _loose(run: Interpreter, placed: set[Op]) -> list[ModelGraph]:
    """Layer calls that belong to no model, as far as they hang together."""
    rest = [op for op in run.tape.ops if op not in placed and op.kind != "loss" and op.copied_from is None]
    rest = [op for op in rest if op not in run.tape.set_aside]
    groups = _components(rest)
    found: list[ModelGraph] = []
    for group in groups:
        members = set(group)
        if not any(op.layer is not None for op in group):
            continue
        read = {source for op in run.tape.ops for source in op.inputs if op in members}
        ends = [op for op in group if op in run.tape.returned]
        used = [op for op in group if op in run.tape.escaped and op not in ends]
        outside = {source for op in run.tape.ops if op not in members for source in op.inputs if source in members}
        used += [op for op in group if op in outside and op not in used and op not in ends]
        open_ends = [op for op in group if op not in read and op.kind != "input"]
        main = ends[-1] if ends else open_ends[-1] if open_ends else group[-1]
        others = [op for op in (*ends, *used) if op is not main]
        inputs = [op for op in group if op.kind == "input"]
        model = FoundModel(
            name=main.variable, inputs=inputs, outputs=[main, *others], place=main.place, origin=main.origin
        )
        body = {op: None for op in body_of(model) if op in members}
        hanging: dict[Op, Op | None] = {op: None for op in group if op not in body}
        found.append(graph_of(model, body, hanging, finds_waist=False))
    return found


def _components(ops: list[Op]) -> list[list[Op]]:
    """Operations grouped by what reads what, each group in the order of the tape."""
    leader: dict[Op, Op] = {op: op for op in ops}

    def find(op: Op) -> Op:
        while leader[op] is not op:
            leader[op] = leader[leader[op]]
            op = leader[op]
        return op

    for op in ops:
        for source in op.inputs:
            if source in leader:
                leader[find(source)] = find(op)
    groups: dict[Op, list[Op]] = {}
    for op in ops:
        groups.setdefault(find(op), []).append(op)
    return list(groups.values())
