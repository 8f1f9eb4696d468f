"""`compile` and `fit` of Keras sources: losses, metrics, optimiser, images, callbacks, as a `Training`."""

from collections.abc import Callable
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

from diabolo.checks.source.data import Data, images_of
from diabolo.checks.source.keras_loss import read_losses
from diabolo.checks.source.loss_terms import terms_of
from diabolo.checks.source.models import FoundModel
from diabolo.checks.source.tape import Op
from diabolo.checks.source.values import (
    NONE,
    Argument,
    Call,
    Constant,
    DictValue,
    ListValue,
    Native,
    Tensor,
    Unknown,
    Value,
    is_none,
)
from diabolo.checks.subject import Images, LossTerm, Metric, Training
from diabolo.graph import Place

if TYPE_CHECKING:
    from diabolo.checks.source.interpreter import Interpreter

_SAVING = ("save", "save_weights", "load_weights", "summary", "to_json", "get_config", "reset_states", "export")
_CHOOSING = ("EarlyStopping", "ModelCheckpoint", "ReduceLROnPlateau")


@dataclass(eq=False)
class NamedObject(Value):
    """A class of optimisers, callbacks, metrics…, or an object of it with its arguments."""

    name: str
    made: Call | None = None

    @property
    def text(self) -> str:  # type: ignore[override]
        """Its name."""
        return self.name

    def truth(self) -> bool | None:
        """An object is true."""
        return True

    def call(self, run: "Interpreter", call: Call) -> Value:
        """An object of the class."""
        if self.made is not None:
            return Unknown(text=self.name)
        return NamedObject(self.name, call)

    def attribute(self, run: "Interpreter", name: str, place: Place | None) -> Value:
        """An optimiser's step, a metric's update: what they are given counts as used, and nothing comes of it."""
        return Native(f"{self.name}.{name}", _use)


@dataclass(eq=False)
class TapeValue(Value):
    """`tf.GradientTape()`: what its gradient is taken of is the loss."""

    def attribute(self, run: "Interpreter", name: str, place: Place | None) -> Value:
        """`gradient` tells the loss."""
        return Native(f"tape.{name}", _minimised if name == "gradient" else _use)


@dataclass(eq=False, kw_only=True)
class Trainee:
    """What a model knows of its training, functional and subclassed alike."""

    found: Callable[["Interpreter"], FoundModel | None]
    """The model as it is recorded, once it can be."""
    compiled: Call | None = None
    added: list[Tensor] = field(default_factory=list)
    """Tensors given to `add_loss`."""
    losses: tuple[LossTerm, ...] | None = None
    is_fitted: bool = False
    hint: Data | None = None
    """Images that it is fed, for the shape of its input."""


def trainee_attribute(run: "Interpreter", trainee: Trainee, name: str) -> Value | None:
    """`compile`, `fit` and the like; None for other names."""
    if name == "compile":
        return Native(name, lambda run, call: _compile(run, trainee, call))
    if name in ("fit", "fit_generator"):
        return Native(name, lambda run, call: _fit(run, trainee, call))
    if name == "add_loss":
        return Native(name, lambda run, call: _add_loss(run, trainee, call))
    if name in ("predict", "predict_on_batch", "predict_generator"):
        return Native(name, lambda run, call: Data(text="predictions"))
    if name in ("evaluate", "train_on_batch", "test_on_batch", "evaluate_generator"):
        return Native(name, lambda run, call: _on_batch(run, trainee, name, call))
    if name in _SAVING:
        return Native(name, lambda run, call: NONE)
    if name == "add_metric":
        return Native(name, lambda run, call: _use(run, call))
    return None


def _use(run: "Interpreter", call: Call) -> Value:
    for value in call.values:
        run.escape(value)
    return Unknown(text=call.function_text)


def _minimised(run: "Interpreter", call: Call) -> Value:
    """`tape.gradient(loss, weights)`, in the `train_step` of a model or in a loop of its own."""
    loss = call.value(0, "target")
    for value in call.values:
        run.escape(value)
    if not isinstance(loss, Tensor):
        return Unknown(text="gradients")
    stepping = run.notes.get("stepping")
    if isinstance(stepping, Trainee):
        stepping.added.append(loss)
    elif all(known is not loss.op for known in run.notes.setdefault("minimised", [])):
        run.notes["minimised"].append(loss.op)
        run.trainings.append(lambda names: _loop_training(run, loss, call.place, names))
    return Unknown(text="gradients")


def _loop_training(
    run: "Interpreter", loss: Tensor, place: Place | None, names: Callable[[FoundModel], str]
) -> Training | None:
    """The training that a loop with a tape does, where the loss reads the output of a model."""
    below: set[Op] = set()
    waiting = [loss.op]
    while waiting:
        op = waiting.pop()
        if op not in below:
            below.add(op)
            waiting.extend(op.inputs)
    model = next((found for found in run.models.found if found.outputs and found.outputs[0] in below), None)
    terms = terms_of(loss.op)
    if model is None or not terms:
        return None
    graph = names(model)
    return Training(graph=graph, losses=tuple(replace(term, graph=graph) for term in terms), place=place)


def _compile(run: "Interpreter", trainee: Trainee, call: Call) -> Value:
    trainee.compiled = call
    trainee.losses = read_losses(run, call.argument(1, "loss"))
    for value in (call.value(None, "metrics"), call.value(None, "loss_weights")):
        if value is not None:
            run.escape(value)
    trainee.is_fitted = False
    run.trainings.append(lambda names: None if trainee.is_fitted else _training(run, trainee, call, None, names))
    return NONE


def _add_loss(run: "Interpreter", trainee: Trainee, call: Call) -> Value:
    value = call.value(0, "losses", "loss")
    if isinstance(value, Tensor):
        trainee.added.append(value)
    if value is not None:
        run.escape(value)
    return NONE


def _on_batch(run: "Interpreter", trainee: Trainee, name: str, call: Call) -> Value:
    first = call.value(0, "x")
    if isinstance(first, Data) and trainee.hint is None:
        trainee.hint = first
    found = trainee.found(run)
    if found is not None and name == "train_on_batch":
        found.is_trained = True
    return Unknown(text=name)


def _fit(run: "Interpreter", trainee: Trainee, call: Call) -> Value:
    first = call.value(0, "x", "generator")
    if isinstance(first, Data) and trainee.hint is None:
        trainee.hint = first
    found = trainee.found(run)
    if found is not None:
        found.is_trained = True
    compiled, losses = trainee.compiled, trainee.losses
    trainee.is_fitted = True
    run.trainings.append(lambda names: _training(run, trainee, compiled, call, names, losses))
    return Unknown(text="history")


def _training(
    run: "Interpreter",
    trainee: Trainee,
    compiled: Call | None,
    call: Call | None,
    names: Callable[[FoundModel], str],
    losses: tuple[LossTerm, ...] | None = None,
) -> Training:
    found = trainee.found(run)
    graph = names(found) if found is not None else ""
    terms = [*(losses if losses is not None else trainee.losses or ())]
    for tensor in trainee.added:
        added = terms_of(tensor.op)
        terms += added or [LossTerm(kind="other", text=tensor.text, weight=None, place=tensor.op.place)]
    if compiled is not None and _has_weights(compiled):
        terms = [_reweighted(term) for term in terms]
    name, rate = _optimiser(compiled)
    values: dict[str, Any] = {
        "graph": graph, "losses": tuple(terms), "metrics": _metrics(compiled), "optimiser": name, "learning_rate": rate,
        "place": None if compiled is None else compiled.place,
    }  # fmt: skip
    if call is not None:
        values |= _fitted(run, call)
    targets = values.get("targets")
    values["losses"] = tuple(
        replace(term, graph=graph, target=term.target if term.kind == "kl" else term.target or targets)
        for term in terms
    )
    return Training(**values)


def _has_weights(compiled: Call) -> bool:
    return not is_none(compiled.value(None, "loss_weights"))


def _reweighted(term: LossTerm) -> LossTerm:
    return replace(term, weight=None)


def _fitted(run: "Interpreter", call: Call) -> dict[str, Any]:
    inputs = call.argument(0, "x", "generator")
    targets = call.argument(1, "y") if "generator" not in call.keywords else None
    generator = inputs.value if inputs is not None else None
    record = images_of(generator, inputs)
    target_record = images_of(targets.value, targets) if targets is not None else None
    if isinstance(generator, Data) and generator.has_pairs and inputs is not None:
        paired = generator.target
        if paired is None:
            labels = generator.changed(is_labels=True, low=None, high=None)
            paired = generator if generator.gives_input_as_target else labels
        target_record = paired.images(inputs)
        if generator.gives_input_as_target is None:
            target_record = None
    validation, validation_targets = _validation(call)
    split = call.constant(None, "validation_split")
    batch, size_place = call.constant(2, "batch_size"), call.argument(2, "batch_size")
    if batch is None and isinstance(generator, Data) and generator.batch_size:
        batch = generator.batch_size
    elif batch is None and size_place is None and "generator" not in call.keywords:
        batch = 32 if record is not None and not (isinstance(generator, Data) and generator.has_pairs) else None
    epochs = call.constant(3, "epochs", "nb_epoch")
    return {
        "inputs": record,
        "targets": target_record,
        "validation": validation,
        "validation_targets": validation_targets,
        "validation_split": float(split) if isinstance(split, int | float) and split else None,
        "batch_size": batch if isinstance(batch, int) and batch > 0 else None,
        "epochs": epochs if isinstance(epochs, int) else None,
        "chooses_by_validation": _chooses(run, call),
        "place": call.place,
        "batch_place": size_place.place if size_place is not None else None,
    }


def _validation(call: Call) -> tuple[Images | None, Images | None]:
    given = call.argument(None, "validation_data")
    if given is None or is_none(given.value):
        return None, None
    value = given.value
    if isinstance(value, ListValue) and value.items:
        texts = _split_text(given.text, len(value.items))
        places = given.parts if len(given.parts) == len(texts) else (given.place,) * len(texts)
        parts = [
            Argument(value=item, text=text, place=place)
            for item, text, place in zip(value.items, texts, places, strict=True)
        ]
        first = images_of(parts[0].value, parts[0])
        second = images_of(parts[1].value, parts[1]) if len(parts) > 1 else None
        return first, second
    record = images_of(value, given)
    if isinstance(value, Data) and value.has_pairs and value.gives_input_as_target:
        return record, record
    return record, None


def _split_text(text: str, number: int) -> list[str]:
    """The members of `(x_test, x_test)` as they are written."""
    inner = text.strip()
    if inner[:1] in "([" and inner[-1:] in ")]":
        inner = inner[1:-1]
    parts, depth, current = [], 0, ""
    for character in inner:
        depth += (character in "([{") - (character in ")]}")
        if character == "," and depth == 0:
            parts.append(current.strip())
            current = ""
        else:
            current += character
    if current.strip():
        parts.append(current.strip())
    return parts if len(parts) == number else [""] * number


def _chooses(run: "Interpreter", call: Call) -> bool:
    """Whether a callback stops or keeps by the validation loss, which Keras's do unless told otherwise."""
    given = call.value(6, "callbacks")
    callbacks = given.elements(run) if isinstance(given, ListValue) else [given] if given is not None else []
    for callback in callbacks or []:
        if not isinstance(callback, NamedObject) or callback.name not in _CHOOSING or callback.made is None:
            continue
        position = 1 if callback.name == "ModelCheckpoint" else 0
        monitor = callback.made.constant(position, "monitor", default="val_loss")
        if callback.name == "ModelCheckpoint" and callback.made.constant(None, "save_best_only") is not True:
            continue
        if isinstance(monitor, str) and monitor.startswith("val"):
            return True
    return False


def _metrics(compiled: Call | None) -> tuple[Metric, ...]:
    argument = compiled.argument(None, "metrics") if compiled is not None else None
    if argument is None:
        return ()
    value = argument.value
    parts = list(value.parts()) if isinstance(value, ListValue | DictValue) else [value]
    places = argument.parts if len(argument.parts) == len(parts) else (argument.place,) * len(parts)
    found: list[Metric] = []
    for part, place in zip(parts, places, strict=True):
        name = part.value if isinstance(part, Constant) and isinstance(part.value, str) else part.text
        if name:
            found.append(Metric(name=str(name), place=place))
    return tuple(found)


def _optimiser(compiled: Call | None) -> tuple[str, float | None]:
    value = compiled.value(0, "optimizer") if compiled is not None else None
    if isinstance(value, Constant) and isinstance(value.value, str):
        return value.value.lower(), None
    if isinstance(value, NamedObject):
        rate = value.made.constant(0, "learning_rate", "lr") if value.made is not None else None
        return value.name.lower(), float(rate) if isinstance(rate, int | float) else None
    return "", None
