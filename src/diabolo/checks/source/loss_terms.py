"""The terms of a loss that a source writes out: sums, factors, reductions and formulas read off its nodes."""

from collections.abc import Iterator
from dataclasses import dataclass

from diabolo.checks.source.tape import Op
from diabolo.checks.subject import LossKind, LossTerm, Reduction

_MEANS = ("reduce_mean", "mean")
_SUMS = ("reduce_sum", "sum")
_PASS = ("identity", "cast", "flatten", "batch_flatten", "reshape", "squeeze", "expand_dims")


@dataclass(frozen=True, kw_only=True)
class _Way:
    """What happens to a term between where it is measured and the loss."""

    weight: float | None = 1.0
    steps: tuple[str, ...] = ()
    """Reductions from the outside in: `mean`, `sum`, `image-sum`, `image-mean`."""
    scale: float = 1.0
    """Whole numbers from 10 that it is multiplied with: numbers of pixels."""


def terms_of(root: Op, *, output: Op | None = None, target: Op | None = None) -> list[LossTerm]:
    """The terms of a loss.

    Args:
        root: the node whose result is minimised.
        output: the node that stands for the model's output, where the loss is a function of its own.
        target: the one that stands for what it is compared with.
    """
    found: list[LossTerm] = []
    for op, way in _leaves(root, _Way(), 0):
        kind = _kind(op, output, target)
        if kind is None:
            continue
        own: Reduction = "unknown"
        if op.kind == "loss":
            stated = op.attributes.get("reduction")
            own = stated if stated in ("mean", "sum", "none") else "unknown"  # type: ignore[assignment]
        found.append(
            LossTerm(
                kind=kind,
                text=str(op.attributes.get("text", op.variable or op.title)),
                reduction=_reduction(own, op, way.steps),
                weight=way.weight,
                num_values=int(way.scale) if way.scale > 1 else None,
                place=op.place,
            )
        )
    return found


def _leaves(op: Op, way: _Way, depth: int) -> Iterator[tuple[Op, _Way]]:
    """The measured nodes below a loss, each with its way."""
    if depth > 60:
        return
    operator = str(op.attributes.get("operator", ""))
    constant = op.attributes.get("constant")
    if op.kind == "loss" or (op.kind in ("add", "subtract") and _is_kl(op)):
        yield op, way
    elif op.kind in ("add", "subtract") and len(op.inputs) == 2:
        yield from _leaves(op.inputs[0], way, depth + 1)
        yield from _leaves(op.inputs[1], way, depth + 1)
    elif operator == "*" and len(op.inputs) == 1:
        yield from _leaves(op.inputs[0], _scaled(way, constant), depth + 1)
    elif operator == "/" and len(op.inputs) == 1 and isinstance(constant, float) and constant:
        yield from _leaves(op.inputs[0], _scaled(way, 1 / constant), depth + 1)
    elif operator in ("+", "-") and len(op.inputs) == 1:
        yield from _leaves(op.inputs[0], way, depth + 1)
    elif operator in _MEANS or operator in _SUMS:
        if _measures(op) is not None:
            yield op, _Way(weight=way.weight, steps=(*way.steps, _step(op)), scale=way.scale)
        else:
            step = _Way(weight=way.weight, steps=(*way.steps, _step(op)), scale=way.scale)
            for source in op.inputs:
                yield from _leaves(source, step, depth + 1)
    elif operator in _PASS or op.title in _PASS or op.kind in ("flatten", "reshape"):
        for source in op.inputs:
            yield from _leaves(source, way, depth + 1)
    elif op.kind == "multiply":
        unclear = _Way(weight=None, steps=way.steps, scale=way.scale)
        for source in op.inputs:
            yield from _leaves(source, unclear, depth + 1)


def _scaled(way: _Way, factor: object) -> _Way:
    if not isinstance(factor, float) or way.weight is None:
        return _Way(weight=None, steps=way.steps, scale=way.scale)
    if factor >= 10 and factor == int(factor):
        return _Way(weight=way.weight * factor, steps=way.steps, scale=way.scale * factor)
    return _Way(weight=way.weight * factor, steps=way.steps, scale=way.scale)


def _step(op: Op) -> str:
    word = "mean" if op.attributes.get("operator") in _MEANS else "sum"
    axis = op.attributes.get("axis")
    return f"image-{word}" if axis is not None and axis != 0 else word


def _reduction(own: Reduction, op: Op, steps: tuple[str, ...]) -> Reduction:
    """How a term becomes one number, from its own reduction and those around it."""
    if own in ("mean", "sum"):
        return own
    words = list(steps)
    if op.attributes.get("axes") == "last":
        words.append("image-mean")
    if not words:
        return "none" if own == "none" else "unknown"
    if all("mean" in word for word in words):
        return "mean"
    if all(word == "sum" or word == "image-sum" for word in words):
        return "sum" if "sum" in words else "image-sum"
    if words[0] == "mean" and any(word in ("image-sum", "sum") for word in words[1:]):
        return "image-sum"
    return "unknown"


def _kind(op: Op, output: Op | None, target: Op | None) -> LossKind | None:
    if op.kind == "loss":
        return str(op.attributes.get("loss", "other"))  # type: ignore[return-value]
    if op.kind in ("add", "subtract"):
        return "kl"
    return _measures(op)


def _measures(op: Op) -> LossKind | None:
    """`mse` for a reduced square of a difference, `mae` for its amount."""
    below = op.inputs[0] if op.inputs else None
    if below is None:
        return None
    operator = str(below.attributes.get("operator", ""))
    is_square = operator == "square" or (operator in ("**", "pow", "power") and below.attributes.get("constant") == 2.0)
    if is_square and below.inputs and below.inputs[0].kind == "subtract":
        return "mse"
    if operator == "abs" and below.inputs and below.inputs[0].kind == "subtract":
        return "mae"
    return None


def _is_kl(op: Op) -> bool:
    """Whether a sum is 1 + log σ² − μ² − σ², the divergence of a Gaussian from the standard one, up to its factor."""
    operators = _operators(op, 6)
    has_square = bool(operators & {"square", "**", "pow", "power", "*self"})
    return "exp" in operators and has_square and not _has_loss_below(op, 6)


def is_kl(op: Op) -> bool:
    """Whether an operation is that divergence, reduced and weighted or not."""
    while len(op.inputs) == 1 and op.kind == "arithmetic":
        operator = str(op.attributes.get("operator", ""))
        if operator not in (*_MEANS, *_SUMS, "*", "/", "+", "-"):
            return False
        op = op.inputs[0]
    return op.kind in ("add", "subtract") and _is_kl(op)


def _operators(op: Op, depth: int) -> set[str]:
    """Operators of the elementwise nodes just below a sum, down to reductions."""
    if depth == 0:
        return set()
    found: set[str] = set()
    for source in op.inputs:
        operator = str(source.attributes.get("operator", ""))
        if operator in (*_MEANS, *_SUMS):
            continue
        if operator:
            found.add(operator)
            if source.kind == "multiply" and len(source.inputs) == 2 and source.inputs[0] is source.inputs[1]:
                found.add("*self")
            if source.kind in ("add", "subtract", "arithmetic", "multiply"):
                found |= _operators(source, depth - 1)
    return found


def _has_loss_below(op: Op, depth: int) -> bool:
    if depth == 0:
        return False
    return any(source.kind == "loss" or _has_loss_below(source, depth - 1) for source in op.inputs)
