"""Calls of models from outside of any other model: which operations belong to each."""

from typing import TYPE_CHECKING

from diabolo.checks.source.tape import Op
from diabolo.checks.source.torch_kind import BATCH, shape_of
from diabolo.checks.source.torch_state import Span, state_of
from diabolo.checks.source.torch_tensor import TorchOp, as_tensor, tensors_in
from diabolo.checks.source.values import Call, Tensor, Unknown, Value

if TYPE_CHECKING:
    from diabolo.checks.source.interpreter import Interpreter


def begin_span(run: "Interpreter", model: Value, method: str, call: Call) -> Span | None:
    """A call of a model begins; None where it is inside of another one's."""
    state = state_of(run)
    state.depth += 1
    if state.depth > 1:
        return None
    if call.positional and type(call.positional[0].value) is Unknown and method == "forward":
        as_tensor(run, call.positional[0].value)  # what a model is called on is a tensor
    span = Span(
        model=model,
        method=method,
        first=len(run.tape.ops),
        place=call.place,
        is_certain=run.branch is None,
        loops=tuple(state.loops),
    )
    span.arguments = tuple(call.values)
    for value in span.arguments:
        if isinstance(value, Tensor):
            _take_as_batch(value.op)
    return span


def _take_as_batch(op: Op) -> None:
    """`torch.randn(1, 3, 32, 32)` handed to a model is a batch of one."""
    if isinstance(op, TorchOp) and op.kind in ("sample", "constant") and not op.inputs and len(op.dims) > 1:
        op.dims = (BATCH, *op.dims[1:])
        op.shape = shape_of(op.dims)


def end_span(run: "Interpreter", span: Span | None, result: Value | None) -> None:
    """The call is over."""
    state = state_of(run)
    state.depth -= 1
    if span is None:
        return
    span.last = len(run.tape.ops)
    span.inputs = tuple(dict.fromkeys(tensor.op for value in span.arguments for tensor in tensors_in(value)))
    span.result = result
    found = [] if result is None else list(tensors_in(result))
    if isinstance(result, Unknown) and result.op is None:
        found = []
    span.outputs = tuple(dict.fromkeys(tensor.op for tensor in found if isinstance(tensor, Tensor)))
    state.spans.append(span)
