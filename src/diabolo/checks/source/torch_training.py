"""From the steps of a training loop to a `Training`: its terms, images, batch, epochs, and what the loop forgets."""

from collections.abc import Callable, Iterator
from dataclasses import replace
from typing import TYPE_CHECKING

from diabolo.checks.source.models import FoundModel
from diabolo.checks.source.tape import Op
from diabolo.checks.source.torch_data import Loader
from diabolo.checks.source.torch_losses import LossOp
from diabolo.checks.source.torch_mentions import mentions_of
from diabolo.checks.source.torch_state import Span, Step, TorchState, state_of
from diabolo.checks.source.torch_steps import Optimiser
from diabolo.checks.source.torch_tensor import TorchOp
from diabolo.checks.source.torch_terms import Term, behind, has_gradient, terms_of
from diabolo.checks.source.values import Tensor
from diabolo.checks.subject import IdleWeight, Images, LossTerm, Training
from diabolo.graph import Place

if TYPE_CHECKING:
    from diabolo.checks.source.interpreter import Interpreter

ModelOf = Callable[[Op], FoundModel | None]


def spans_behind(state: TorchState, op: Op) -> list[Span]:
    """The calls of models that an operation depends on, in order."""
    found = set(behind(op))
    return [
        span
        for span in state.spans
        if any(output in found for output in span.outputs)
        or any(span.first <= source.index < span.last for source in found)
    ]


def training_of(
    run: "Interpreter", step: Step, terms: list[Term], model_of: ModelOf, idle_weights: tuple[IdleWeight, ...]
) -> Callable[[Callable[[FoundModel], str]], Training | None]:
    """A training, to be written down when models have their names."""

    def finish(name_of: Callable[[FoundModel], str]) -> Training | None:
        state = state_of(run)
        main = main_term(terms)
        model = model_of(main.read) if main is not None and main.read is not None else None
        fed = _inputs(state, main)
        loader = next((loop.loader for loop in step.loops if isinstance(loop.loader, Loader)), None)
        epochs = next((loop.num_rounds for loop in step.loops if loop.loader is None), None)
        optimiser = step.optimiser if isinstance(step.optimiser, Optimiser) else None
        evaluation = _evaluation(state, step, model)
        chooses = mentions_of(run).chooses  # a loss that is only printed chooses nothing
        unused = [_unused(run, op) for op in run.notes.pop("torch unused terms", ())]
        return Training(
            graph="" if model is None else name_of(model),
            losses=(*(_loss_term(run, term, model, name_of) for term in terms), *unused),
            optimiser="" if optimiser is None else optimiser.name,
            learning_rate=None if optimiser is None else optimiser.learning_rate,
            inputs=fed,
            targets=None if main is None else _target(main),
            validation=_validation(step, evaluation) if chooses else None,
            chooses_by_validation=chooses and _validation(step, evaluation) is not None,
            batch_size=None if loader is None else loader.batch_size,
            epochs=epochs,
            place=step.place,
            batch_place=None if loader is None else loader.batch_place,
            idle_weights=idle_weights,
            zeroes_gradients=_zeroes(run, state, step),
            evaluation=None if evaluation is None else evaluation.place,
            evaluates_in_evaluation_mode=None if evaluation is None else _is_in_evaluation_mode(state, evaluation),
        )

    return finish


def main_term(terms: list[Term]) -> Term | None:
    """The term that compares a reconstruction with an image, or else the first that reads a model."""
    measured = [term for term in terms if term.measure not in ("kl", "adversarial", "perceptual", "other")]
    with_images = [term for term in measured if _images(term.target) is not None]
    for group in (with_images, measured, terms):
        if group:
            return group[0]
    return None


def _validation(step: Step, evaluation: Span | None) -> Images | None:
    """What a model is evaluated on between epochs; an evaluation behind the last epoch validates nothing."""
    epochs = step.loops[0] if step.loops and step.loops[0].loader is None else None
    if evaluation is None or epochs is None or epochs not in evaluation.loops:
        return None
    return _inputs_of_span(evaluation)


def _text_at(run: "Interpreter", place: Place | None) -> str:
    """What is written in a place within one row."""
    if place is None or place.last_row != place.row:
        return ""
    row = next((row for row in run.source.rows if (row.number, row.cell) == (place.row, place.cell)), None)
    return "" if row is None else row.text[place.start - row.removed : place.end - row.removed]


def _loss_term(
    run: "Interpreter", term: Term, model: FoundModel | None, name_of: Callable[[FoundModel], str]
) -> LossTerm:
    names = {} if model is None else model.node_names
    flows = not term.is_stopped and (term.read is None or has_gradient(term.op))
    return LossTerm(
        kind=term.measure,
        text=term.text if isinstance(term.op, LossOp) else _text_at(run, term.place) or term.text,
        graph="" if model is None or term.read not in names else name_of(model),
        output="" if model is None or term.read is None or term.read is model.outputs[0] else names.get(term.read, ""),
        reduction=term.reduction,
        weight=term.weight,
        has_gradient=flows,
        target=_target(term),
        place=term.place if flows else term.op.place,
    )


def _unused(run: "Interpreter", op: Op) -> LossTerm:
    """A term that is computed and goes nowhere."""
    term = terms_of(op)[0]
    text = op.text if isinstance(op, LossOp) else _text_at(run, op.place)
    return LossTerm(
        kind=term.measure, text=text or term.text, reduction=term.reduction, weight=term.weight, is_used=False,
        place=op.place,
    )  # fmt: skip


def _images(op: Op | None) -> Images | None:
    """The images of a data set that an operation holds, as the loop calls them."""
    if not isinstance(op, TorchOp):
        return None
    if op.images is None:  # of a loader that the source does not show
        return Images(text=op.variable, place=op.place) if op.kind == "input" and op.variable else None
    return replace(op.images, text=op.variable or op.images.text)


def _target(term: Term) -> Images | None:
    """The images that a term compares with, placed where they are handed to the loss."""
    found = _images(term.target)
    places = [
        place
        for op, place in zip(term.op.inputs, term.op.input_places, strict=False)
        if op is term.target and place is not None
    ]
    return replace(found, place=places[0]) if found is not None and places else found


def _inputs(state: TorchState, term: Term | None) -> Images | None:
    """The images that the model is fed in a step."""
    if term is None or term.read is None:
        return None
    spans = spans_behind(state, term.read)
    return _inputs_of_span(spans[0]) if spans else None


def _inputs_of_span(span: Span) -> Images | None:
    for op in span.inputs:
        for source in (op, *_sources(op)):
            found = _images(source)
            if found is not None and not found.is_labels:
                return found
    return None


def _sources(op: Op) -> Iterator[Op]:
    """What an operation is made of, without looking through layers."""
    for source in behind(op):
        if source.layer is None:
            yield source


def _zeroes(run: "Interpreter", state: TorchState, step: Step) -> bool | None:
    """Whether gradients are set to zero in every round of the step's loop; None where that is not known."""
    if any(not step.loops or step.loops[-1] in loops for loops in state.zeroed):
        return True
    if step.loops and step.loops[-1].zeroes:  # in a branch that was not followed: every fourth step, perhaps
        return True
    if state.has_unknown_step or step.optimiser is None or not step.loops:
        return None
    return None if run.branch is not None else False


def _evaluation(state: TorchState, step: Step, model: FoundModel | None) -> Span | None:
    """The first call of the trained model that no step learns from, after the training."""
    if model is None:
        return None
    owner = model.owner
    learned = {span.first for other in state.steps for span in _learned(state, other)}
    for span in state.spans:
        if span.model is owner and span.first >= step.position and span.first not in learned and span.place is not None:
            return span
    return None


def _learned(state: TorchState, step: Step) -> list[Span]:
    """The calls of models that a step learns from."""
    return spans_behind(state, step.loss.op) if isinstance(step.loss, Tensor) else []


def _is_in_evaluation_mode(state: TorchState, span: Span) -> bool | None:
    """Whether `eval()` is the last word about a model's mode before a call of it."""
    mode: bool | None = False
    for word, module, position in state.modes:
        if position <= span.first:
            if module is span.model:
                mode = word == "eval"
            elif word == "eval":
                mode = None if mode is False else mode
    return mode


def step_terms(step: Step) -> list[Term]:
    """The terms that a step minimises; empty where its loss is not known."""
    return terms_of(step.loss.op) if isinstance(step.loss, Tensor) else []
