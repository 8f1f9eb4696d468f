"""Losses of Keras sources: by name, by object, or as a function of the source whose terms are read off its nodes."""

import re
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from diabolo.checks.source.loss_terms import terms_of
from diabolo.checks.source.values import (
    Argument,
    Call,
    Constant,
    DictValue,
    Function,
    ListValue,
    Native,
    Tensor,
    Unknown,
    Value,
)
from diabolo.checks.subject import LossKind, LossTerm, Reduction
from diabolo.graph import Place

if TYPE_CHECKING:
    from diabolo.checks.source.interpreter import Interpreter

KINDS: dict[str, LossKind] = {
    "binarycrossentropy": "bce", "bce": "bce", "meansquarederror": "mse", "mse": "mse", "l2": "mse", "l2loss": "mse",
    "meanabsoluteerror": "mae", "mae": "mae", "l1": "mae", "huber": "huber", "huberloss": "huber", "logcosh": "huber",
    "kldivergence": "kl", "kld": "kl", "kullbackleiblerdivergence": "kl", "categoricalcrossentropy": "cross-entropy",
    "sparsecategoricalcrossentropy": "cross-entropy", "crossentropy": "cross-entropy",
    "sigmoidcrossentropywithlogits": "bce-logits", "softmaxcrossentropywithlogits": "cross-entropy",
    "meansquaredlogarithmicerror": "other", "msle": "other", "meanabsolutepercentageerror": "other", "mape": "other",
    "cosinesimilarity": "other", "cosineproximity": "other", "hinge": "other", "squaredhinge": "other",
    "poisson": "other", "binaryfocalcrossentropy": "other", "dice": "other", "ssim": "ssim", "squareddifference": "mse",
}  # fmt: skip
"""By the name without `_` and case."""


@dataclass(eq=False)
class LossValue(Value):
    """A loss class, function or object of Keras: called with arguments it is an object, with tensors it measures."""

    name: str
    kind: LossKind
    is_class: bool
    reduction: Reduction = "mean"

    @property
    def text(self) -> str:  # type: ignore[override]
        """Its name."""
        return self.name

    def truth(self) -> bool | None:
        """An object is true."""
        return True

    def call(self, run: "Interpreter", call: Call) -> Value:
        """An object from a class; a measure of tensors from a function or an object."""
        if self.is_class:
            return LossValue(self.name, logits_kind(self.kind, call, 0), False, _reduction(call))
        return measure(run, self, call)


def loss_of(name: str) -> Value | None:
    """A loss of `keras.losses` by its name; None where there is none."""
    kind = KINDS.get(_plain(name))
    if kind is None:
        return None
    is_class = name[:1].isupper() and any(character.islower() for character in name)
    return LossValue(name, kind, is_class, "mean" if is_class else "none")


def _plain(name: str) -> str:
    return re.sub(r"[_\s]", "", name).lower()


def logits_kind(kind: LossKind, call: Call, position: int | None) -> LossKind:
    """`bce-logits` where `from_logits=True` is given."""
    if kind == "bce" and call.constant(position, "from_logits") is True:
        return "bce-logits"
    return kind


def _reduction(call: Call) -> Reduction:
    given = call.value(None, "reduction")
    if given is None:
        return "mean"
    text = str(given.value) if isinstance(given, Constant) else given.text
    word = text.lower().rpartition(".")[2]
    found: dict[str, Reduction] = {
        "sum": "sum",
        "none": "none",
        "sum_over_batch_size": "mean",
        "auto": "mean",
        "mean": "mean",
    }
    return found.get(word, "unknown")


def measure(run: "Interpreter", loss: LossValue, call: Call) -> Value:
    """A loss applied to tensors: a node of kind `loss`, from which its term is read."""
    target, output = call.argument(0, "y_true", "target", "labels"), call.argument(1, "y_pred", "output", "logits")
    values = [argument.value for argument in (target, output) if argument is not None]
    tensors = [tensor for tensor in values if isinstance(tensor, Tensor)]
    if not tensors:
        return Unknown(text=loss.name, sources=tuple(values))
    kind = logits_kind(loss.kind, call, 2)
    shape = tensors[-1].op.shape
    attributes: dict[str, Any] = {"loss": kind, "reduction": loss.reduction, "text": call.function_text or loss.name}
    if output is not None and isinstance(output.value, Tensor):
        attributes["output"] = tensors.index(output.value)
    is_elementwise = loss.reduction == "none"
    attributes["axes"] = "last" if is_elementwise else "all"
    return run.add_op(
        "loss", loss.name, tensors, place=call.place, origin="keras", attributes=attributes,
        shape=shape[:-1] if is_elementwise and len(shape) > 1 else (1,) if is_elementwise else (),
    )  # fmt: skip


def read_losses(run: "Interpreter", argument: Argument | None) -> tuple[LossTerm, ...]:
    """The terms of what is given to `compile` as `loss`."""
    if argument is None:
        return ()
    return tuple(_terms(run, argument.value, argument.text, argument.place))


def _terms(run: "Interpreter", value: Value, text: str, place: Place | None) -> list[LossTerm]:
    if isinstance(value, ListValue | DictValue):
        found: list[LossTerm] = []
        for part in value.parts():
            found += _terms(run, part, part.text or text, place)
        return found
    if isinstance(value, Constant):
        if not isinstance(value.value, str):
            return []
        kind = KINDS.get(_plain(value.value), "other")
        return [LossTerm(kind=kind, text=text or value.value, reduction="mean", place=place)]
    if isinstance(value, LossValue):
        # A function of Keras gives a value an image and `compile` takes the mean; an object reduces by itself.
        reduction: Reduction = "mean" if value.is_class or value.reduction == "none" else value.reduction
        return [LossTerm(kind=value.kind, text=text or value.name, reduction=reduction, place=place)]
    if isinstance(value, Function | Native) or hasattr(value, "function") or hasattr(value, "cls"):
        return _custom(run, value, text, place)
    return [LossTerm(kind=_guess(text), text=text, reduction="unknown", weight=None, place=place)]


def _guess(text: str) -> LossKind:
    """A loss that the source never defines: what its name alone says for certain is nothing."""
    return "other"


def _custom(run: "Interpreter", value: Value, text: str, place: Place | None) -> list[LossTerm]:
    """A function of the source is followed with a target and an output, and its result looked through."""
    target = run.add_op("input", "target", (), place=place, origin="keras")
    output = run.add_op("input", "output", (), place=place, origin="keras")
    run.tape.escape(target.op)
    run.tape.escape(output.op)
    arguments = (Argument(value=target), Argument(value=output))
    if hasattr(value, "cls") and value.cls.find("call") is not None:
        value = value.attribute(run, "call", place)
    elif isinstance(value, Native) and value.name == "__init__":
        return []
    result = run.guard(lambda: value.call(run, Call(positional=arguments, place=place)), place, "this loss")
    if isinstance(result, Function | Native):  # a function that makes a loss function was given uncalled
        return [LossTerm(kind="other", text=text, reduction="unknown", weight=None, place=place)]
    found: list[LossTerm] = []
    if isinstance(result, Tensor):
        run.escape(result)
        found = terms_of(result.op, output=output.op, target=target.op)
    if not found:
        return [LossTerm(kind="other", text=text, reduction="unknown", weight=None, place=place)]
    return [replace(term, place=term.place or place) for term in found]
