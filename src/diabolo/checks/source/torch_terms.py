"""What a training loop minimises, term by term: the sum that `backward()` is called on, taken apart again."""

from collections.abc import Iterator
from dataclasses import dataclass, replace
from typing import TYPE_CHECKING, Any

from diabolo.checks.source.tape import Op
from diabolo.checks.source.torch_losses import LossOp
from diabolo.checks.source.torch_tensor import TorchOp
from diabolo.checks.subject import LossKind, Reduction
from diabolo.graph import Place

if TYPE_CHECKING:
    pass

_MAX_DEPTH = 60
_REDUCTIONS = ("mean", "sum")
_THROUGH = ("flatten", "reshape", "permute", "linear")


@dataclass(frozen=True, kw_only=True)
class Term:
    """One term of a loss."""

    measure: LossKind
    text: str
    read: Op | None
    """What the model gives to it."""
    target: Op | None
    """What that is compared with."""
    reduction: Reduction
    weight: float | None
    is_stopped: bool
    """Whether `item()`, `detach()` or `no_grad` cut it off behind the loss itself."""
    place: Place | None
    op: Op
    """Of the loss itself."""


@dataclass(frozen=True, kw_only=True)
class _Way:
    """What happened to a value between here and `backward()`."""

    weight: float | None = 1.0
    reduction: tuple[str, ...] = ()
    """Reductions, the last one first."""
    is_stopped: bool = False
    is_by_batch: bool = False
    """Whether it is divided by the number of images."""

    def times(self, factor: float | None) -> "_Way":
        """With another factor."""
        known = self.weight is not None and factor is not None
        return replace(self, weight=self.weight * factor if known else None)  # type: ignore[operator]


def terms_of(op: Op) -> list[Term]:
    """The terms of a loss, in the order in which they are written."""
    found = list(_terms(op, _Way(), 0))
    return sorted({term.op: term for term in found}.values(), key=lambda term: term.op.index)


def _terms(op: Op, way: _Way, depth: int) -> Iterator[Term]:
    if depth > _MAX_DEPTH:
        return
    if isinstance(op, LossOp):
        yield _leaf_of_loss(op, way)
        return
    if isinstance(op, TorchOp) and (op.makes_constant or op.attributes.get("operator") in ("item", "detach")):
        way = replace(way, is_stopped=True)
    word = op.attributes.get("operator")
    inputs = op.inputs
    if op.kind in ("arithmetic", "add", "subtract", "multiply", "globalpool") or op.kind in _THROUGH:
        if word in _REDUCTIONS:
            inner = inputs[0] if inputs else None
            axes = op.attributes.get("axes")
            way = replace(way, reduction=(*way.reduction, f"{word}:{'all' if axes == 'all' else 'some'}"))
            leaf = None if inner is None else _by_hand(inner, way)
            if leaf is not None:
                yield leaf
            elif inner is not None:
                yield from _terms(inner, way, depth + 1)
            return
        if len(inputs) == 2 and word in ("+", "-"):
            leaf = _by_hand(op, way)
            if leaf is not None:
                yield leaf
                return
            yield from _terms(inputs[0], way, depth + 1)
            yield from _terms(inputs[1], way if word == "+" else way.times(-1), depth + 1)
            return
        if len(inputs) == 1 and word in ("+", "-", "neg", "*", "/", "item", "detach", "view", "reshape"):
            yield from _terms(inputs[0], _scaled(op, way), depth + 1)
            return
        if word == "*" and len(inputs) == 2 and any(_is_number(source) for source in inputs):
            inner = next((source for source in inputs if not _is_number(source)), inputs[0])
            yield from _terms(inner, way.times(None), depth + 1)
            return
    if op.kind == "concat":  # `torch.stack([a, b]).sum()`
        for source in inputs:
            yield from _terms(source, way, depth + 1)
        return
    leaf = _by_hand(op, way)
    if leaf is not None:
        yield leaf
    elif op.kind not in ("input", "constant", "sample"):
        yield Term(
            measure="other", text=op.variable or op.title, read=op, target=None, reduction=_reduced(way),
            weight=way.weight, is_stopped=way.is_stopped, place=op.place, op=op,
        )  # fmt: skip


def _scaled(op: Op, way: _Way) -> _Way:
    """The way through an operation with a number."""
    word, number = op.attributes.get("operator"), op.attributes.get("constant")
    if word == "neg" or (word == "-" and (op.attributes.get("reversed") or number is None)):
        return way.times(-1)
    if word == "*":
        return way.times(number if isinstance(number, float) else None)
    if word == "/":
        if op.attributes.get("by_batch"):
            return replace(way, is_by_batch=True)
        return way.times(1 / number if isinstance(number, float) and number else None)
    return way


def _is_number(op: Op) -> bool:
    """Whether an operation is a number that a loss is weighted by: no tensor that a model gives."""
    return op.kind in ("constant", "input") and not op.inputs and not (isinstance(op, TorchOp) and op.images)


def _leaf_of_loss(op: LossOp, way: _Way) -> Term:
    read, target = _pair(op.inputs)
    measure = op.measure
    if measure in ("bce", "bce-logits", "mse") and target is not None and _is_filled(target):
        measure = "adversarial"
    if op.measure in ("mse", "mae") and target is not None and _is_feature(target):
        measure = "perceptual"
    reduction = op.reduction
    if reduction == "none":
        reduction = _reduced(way)
    elif reduction == "sum" and way.is_by_batch:
        reduction = "image-sum"
    return Term(
        measure=measure, text=op.text, read=read, target=target, reduction=reduction, weight=way.weight,
        is_stopped=way.is_stopped or op.makes_constant, place=op.written or op.place, op=op,
    )  # fmt: skip


def _reduced(way: _Way) -> Reduction:
    """What several reductions one after the other come to, the last one first."""
    words = way.reduction
    if way.is_by_batch and words == ("sum:all",):
        return "image-sum"
    if words in (("mean:all",), ("mean:all", "mean:some"), ("mean:some", "mean:some")):
        return "mean"
    if words in (("sum:all",), ("sum:all", "sum:some")):
        return "sum"
    if len(words) > 1 and words[0] in ("mean:all", "mean:some") and all(word == "sum:some" for word in words[1:]):
        return "image-sum"
    return "unknown" if words else "none"


def _pair(inputs: tuple[Op, ...]) -> tuple[Op | None, Op | None]:
    """Which of two is the model's output, and which the target."""
    if len(inputs) < 2:
        return (_given(inputs[0]) if inputs else None), None
    first, second = (_given(op) for op in inputs[:2])
    if depends_on_weights(first) or not depends_on_weights(second):
        return first, second
    return second, first


def _given(op: Op) -> Op:
    """What was detached, or taken out of the graph: the loss compares that."""
    while op.attributes.get("operator") in ("detach", "item") and op.inputs:
        op = op.inputs[0]
    return op


def depends_on_weights(op: Op) -> bool:
    """Whether anything trained stands behind an operation."""
    return any(
        source.layer is not None or (isinstance(source, TorchOp) and bool(source.weights or source.num_trainable))
        for source in behind(op)
    )


def behind(op: Op, *, crosses_blocks: bool = True) -> Iterator[Op]:
    """An operation and all that it depends on; without what only comes through something that stops gradients."""
    seen: set[Op] = set()
    waiting = [op]
    while waiting:
        current = waiting.pop()
        if current in seen:
            continue
        seen.add(current)
        yield current
        if crosses_blocks or not getattr(current, "blocks_gradient", False):
            waiting.extend(current.inputs)


def has_gradient(op: Op) -> bool:
    """Whether a gradient reaches anything trained from an operation, so far as that is known."""
    if not any(_is_trained(source) for source in behind(op)):
        return True  # nothing trained stands behind it at all: not this question
    return any(
        not source.blocks_gradient and (_is_trained(source) or source.kind in ("unknown", "module"))
        for source in behind(op, crosses_blocks=False)
    )


def _is_trained(op: Op) -> bool:
    """Whether an operation has weights that training may change, its own or borrowed ones."""
    if op.num_trainable or (op.layer is not None and op.layer.num_trainable):
        return True
    return isinstance(op, TorchOp) and any(record.num_trainable for record in op.weights)


def _is_filled(op: Op) -> bool:
    """Whether it is a tensor of ones or zeros: what a discriminator is told."""
    return op.kind == "constant" and op.title in (
        "ones", "zeros", "ones_like", "zeros_like", "full", "full_like", "new_full", "new",
    )  # fmt: skip


def _is_feature(op: Op) -> bool:
    """Whether it is what a network makes of the images."""
    return (
        any(source.layer is not None for source in behind(op))
        and any(isinstance(source, TorchOp) and source.images is not None for source in behind(op))
        and not any(source.kind == "sample" for source in behind(op))
    )


def _by_hand(op: Op, way: _Way) -> Term | None:
    """A loss that is written out: squared or absolute differences, BCE or KL with their logarithms."""
    pair = _square_of(op)
    if pair is not None:
        return _written("mse", op, pair, way)
    if op.attributes.get("operator") == "abs" and op.inputs and op.inputs[0].kind == "subtract":
        return _written("mae", op, op.inputs[0].inputs, way)
    words = _operators(op)
    if words["log"] >= 2 and words["*"] >= 2 and not words["exp"]:
        ends = _ends(op)
        outputs = [end for end in ends if depends_on_weights(end)]
        targets = [end for end in ends if end not in outputs]
        if len(outputs) == 1 and len(targets) == 1:
            return _written("bce", op, (outputs[0], targets[0]), way)
    if (words["exp"] and words["**"]) or (words["log"] and words["**"] and words["+"] + words["-"] >= 2):
        ends = [end for end in _ends(op) if end.kind not in ("constant", "input")]
        term = _written("kl", op, (ends[0],) if ends else (), way)
        weight = None if term.weight is None else abs(term.weight) * 2 * _half(op)
        return replace(term, weight=weight)
    return None


def _half(op: Op) -> float:
    """The factor that a KL term carries inside of its sum."""
    word, number = op.attributes.get("operator"), op.attributes.get("constant")
    if word == "*" and isinstance(number, float) and len(op.inputs) == 1:
        return abs(number)
    return 1.0


def _written(measure: LossKind, op: Op, pair: tuple[Op, ...], way: _Way) -> Term:
    read, target = _pair(pair)
    return Term(
        measure=measure, text=op.title, read=read, target=target, reduction=_reduced(way), weight=way.weight,
        is_stopped=way.is_stopped, place=op.place, op=op,
    )  # fmt: skip


def _square_of(op: Op) -> tuple[Op, ...] | None:
    """The two tensors whose difference is squared."""
    if (op.attributes.get("operator") == "**" and op.attributes.get("constant") == 2.0 and op.inputs) or (
        op.kind == "multiply" and len(op.inputs) == 2 and op.inputs[0] is op.inputs[1]
    ):
        inner = op.inputs[0]
    else:
        return None
    return inner.inputs if inner.kind == "subtract" and len(inner.inputs) == 2 else None


def _operators(op: Op) -> "dict[Any, int]":
    """How often each operator stands in an expression."""
    counts: dict[Any, int] = dict.fromkeys(("log", "exp", "**", "*", "+", "-"), 0)
    for source in _expression(op):
        word = source.attributes.get("operator")
        if word in counts:
            counts[word] += 1
        if source.kind == "multiply" and len(source.inputs) == 2 and source.inputs[0] is source.inputs[1]:
            counts["**"] += 1
    return counts


def _expression(op: Op) -> Iterator[Op]:
    """The arithmetic that an expression is made of, from its result down to tensors that come from elsewhere."""
    seen: set[Op] = set()
    waiting = [op]
    while waiting and len(seen) < 200:
        current = waiting.pop()
        if current in seen or current.kind not in ("arithmetic", "add", "subtract", "multiply"):
            continue
        if current.attributes.get("operator") in _REDUCTIONS:
            continue
        seen.add(current)
        yield current
        waiting.extend(current.inputs)


def _ends(op: Op) -> list[Op]:
    """The tensors that an expression starts from."""
    inside = set(_expression(op))
    return list(dict.fromkeys(
        source for member in sorted(inside, key=lambda member: member.index)
        for source in member.inputs if source not in inside
    ))  # fmt: skip
