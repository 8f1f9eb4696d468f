"""Which calls of models become graphs: the best call of each, and wholes that a loop puts together of several."""

from typing import TYPE_CHECKING

from diabolo.checks.source.classes import Instance
from diabolo.checks.source.models import FoundModel
from diabolo.checks.source.tape import Op
from diabolo.checks.source.torch_containers import Container, is_module, modules_of
from diabolo.checks.source.torch_idle import find_idle, find_idle_weights, find_unused_terms
from diabolo.checks.source.torch_state import Span, Step, TorchState, state_of
from diabolo.checks.source.torch_tensor import dims_of_op
from diabolo.checks.source.torch_terms import Term, behind
from diabolo.checks.source.torch_training import main_term, spans_behind, step_terms, training_of
from diabolo.checks.source.values import Value
from diabolo.graph import Place

if TYPE_CHECKING:
    from diabolo.checks.source.interpreter import Interpreter

_LOSS_WORDS = ("loss", "criterion", "perceptual", "lpips", "ssim", "vgg")


def collect(run: "Interpreter") -> None:
    """Adds models and trainings to what was found."""
    state = state_of(run)
    steps = _steps(state)
    terms = {id(step): step_terms(step) for step in steps}
    models: list[FoundModel] = []
    chosen: list[Span] = []
    for step in steps:
        _add_whole(run, state, terms[id(step)], models, chosen)
    features = _features(state, steps, terms, chosen)
    for span in _best_spans(state):
        if any(span.model is other.model for other in features):
            continue
        if not any(span.model is other.model for other in chosen):
            models.append(_model_of(run, [span], None))
            chosen.append(span)
    for model in models:
        run.models.add(model)
    _set_aside(run, state, chosen)
    _rename(chosen, run)
    find_idle(run, models)
    weights = find_idle_weights(run)
    for step in steps:
        run.trainings.append(training_of(run, step, terms[id(step)], lambda op: _owner(models, op), weights))
        weights = ()
    find_unused_terms(run, steps, terms)


def _features(state: TorchState, steps: list[Step], terms: dict[int, list[Term]], chosen: list[Span]) -> list[Span]:
    """Calls of networks that only measure an error, as a perceptual loss does."""
    found: list[Span] = []
    for step in steps:
        for term in terms[id(step)]:
            for op in (term.read, term.target):
                if term.measure == "perceptual" and op is not None:
                    found += [span for span in spans_behind(state, op) if span not in chosen]
    return [span for span in found if not any(span.model is other.model for other in chosen)]


def _steps(state: TorchState) -> list[Step]:
    """One step for each place that calls `backward`."""
    found: dict[object, Step] = {}
    for step in state.steps:
        found.setdefault(step.place, step)
    return list(found.values())


def _owner(models: list[FoundModel], op: Op) -> FoundModel | None:
    """The model that an operation is part of, or that it depends on."""
    for model in models:
        if op in model.node_names:
            return model
    found = set(behind(op))
    return next((model for model in models if any(output in found for output in model.outputs)), None)


def _add_whole(
    run: "Interpreter", state: TorchState, terms: list[Term], models: list[FoundModel], chosen: list[Span]
) -> None:
    """The model that a step trains, where its loss tells: one call, or several that feed each other."""
    main = main_term(terms)
    if main is None or main.read is None:
        return
    spans = [span for span in spans_behind(state, main.read) if not is_loss(span)]
    if not spans or any(span in chosen for span in spans):
        return
    models.append(_model_of(run, spans, main.read))
    chosen.extend(spans)


def is_loss(span: Span) -> bool:
    """Whether a module that was called measures an error and is no model."""
    model = span.model
    name = model.cls.name if isinstance(model, Instance) else model.text
    return any(word in name.lower() for word in _LOSS_WORDS) and len(span.inputs) >= 2


def _best_spans(state: TorchState) -> list[Span]:
    """For each model object its most telling call, in the order of first calls."""
    best: dict[int, Span] = {}
    for span in state.spans:
        if is_loss(span) or not span.outputs or not span.inputs:
            continue
        key = id(span.model)
        if key not in best or _rank(span) > _rank(best[key]):
            best[key] = span
    return list(best.values())


def _rank(span: Span) -> tuple[bool, bool, bool, bool]:
    dims = [dims_of_op(op) for op in (*span.outputs, *span.inputs)]
    is_known = all(size and 0 not in size for size in dims)
    return span.method == "forward", bool(span.inputs), span.is_certain, is_known


def _model_of(run: "Interpreter", spans: list[Span], read: Op | None) -> FoundModel:
    """The model of one call, or the whole that several calls make together."""
    last = spans[-1]
    inside = {op for span in spans for op in run.tape.ops[span.first : span.last]}
    owners = list({id(span.model): span.model for span in spans}.values())
    outputs = [op for span in spans for op in span.outputs if op.kind != "loss"]
    if read is not None and read not in outputs:
        outputs.append(read)
    main = read if read is not None else _reconstruction(last)
    if read is not None and _measures(last) and read not in last.outputs:
        outputs = [op for op in outputs if op in set(behind(read)) or op is read]
    ordered = list(dict.fromkeys([*([main] if main is not None else []), *reversed(outputs)]))
    inputs = list(dict.fromkeys(op for span in spans for op in span.inputs if op not in inside))
    if len(spans) > 1:
        inputs = [op for op in inputs if not any(source in inside for source in behind(op))]
    owner = owners[0] if len(owners) == 1 else _holder(run, owners)
    if owner is not None:
        owners = [owner]
    return FoundModel(
        name=_name_of(owners),
        inputs=inputs,
        outputs=ordered,
        place=_place_of(owners[0]),
        origin="torch",
        latent=_latent(spans, ordered),
        owner=owner,
        is_trained=read is not None,
    )


def _holder(run: "Interpreter", owners: list[Value]) -> Value | None:
    """The model object that all of several modules are parts of."""
    for instance in run.instances:
        if is_module(instance):
            inside = {id(module) for module in modules_of(instance)}
            if all(id(owner) in inside for owner in owners):
                return instance
    return None


def _measures(span: Span) -> bool:
    return any(op.kind == "loss" for op in span.outputs)


def _reconstruction(span: Span) -> Op | None:
    """Of several results the one that depends on the others; else the first."""
    outputs = [op for op in span.outputs if op.kind != "loss"]
    if len(outputs) < 2:
        return outputs[0] if outputs else None
    counts = [sum(other in set(behind(op)) for other in outputs if other is not op) for op in outputs]
    most = max(counts)
    if most and counts.count(most) == 1:
        return outputs[counts.index(most)]
    images = [op for op in outputs if len(dims_of_op(op)) == 4]
    best = images[0] if most == 0 and images else outputs[counts.index(most)]
    return best


def _latent(spans: list[Span], outputs: list[Op]) -> Op | None:
    """What one model object gives to the next, where a loop splits a model into two."""
    if len(spans) != 2 or not outputs:
        return None
    found = [op for op in spans[0].outputs if any(op is source for source in spans[1].inputs)]
    return found[0] if len(found) == 1 else None


def _name_of(owners: list[Value]) -> str:
    names = [owner.cls.name if isinstance(owner, Instance) else owner.text for owner in owners]
    if len(owners) == 1 and isinstance(owners[0], Instance):
        return owners[0].cls.name
    return " + ".join(dict.fromkeys(names))


def _place_of(owner: Value) -> Place | None:
    if isinstance(owner, Instance):
        return owner.cls.place
    return owner.place if isinstance(owner, Container) else None


def _set_aside(run: "Interpreter", state: TorchState, chosen: list[Span]) -> None:
    """Only chosen calls become nodes; everything outside of them counts as used."""
    kept: set[int] = set()
    for span in chosen:
        kept.update(range(span.first, span.last))
    others: set[int] = set()
    for span in state.spans:
        if span not in chosen:
            others.update(range(span.first, span.last))
    for op in run.tape.ops:
        if op.origin != "torch" or op.index in kept:
            continue
        run.tape.escaped.add(op)
        if op.index in others:
            run.tape.set_aside.add(op)


def _rename(chosen: list[Span], run: "Interpreter") -> None:
    """Where a function gives one name to many results (`x = …`), layers' own names say more."""
    for span in chosen:
        ops = run.tape.ops[span.first : span.last]
        counts: dict[str, int] = {}
        for op in ops:
            if op.variable:
                counts[op.variable] = counts.get(op.variable, 0) + 1
        for op in ops:
            name = op.layer.variable if op.layer is not None else ""
            if name and (not op.variable or counts.get(op.variable, 0) > 1):
                op.variable = name
