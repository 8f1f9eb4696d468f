"""Tensors of PyTorch on the tape: operations with sizes, the images that they hold, and what stops a gradient."""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING

from diabolo.checks.source.tape import LayerRecord, Op
from diabolo.checks.source.torch_kind import BATCH, Dims, shape_of
from diabolo.checks.source.torch_state import state_of
from diabolo.checks.source.values import Constant, ListValue, Tensor, Unknown, Value, tuple_of
from diabolo.checks.subject import Images
from diabolo.graph import Place
from diabolo.vocabulary import Value as Attribute
from diabolo.vocabulary import Window

if TYPE_CHECKING:
    from diabolo.checks.source.interpreter import Interpreter


@dataclass(eq=False, kw_only=True)
class TorchOp(Op):
    """An operation of PyTorch."""

    dims: Dims = ()
    """Sizes of its result, as PyTorch orders them."""
    images: Images | None = None
    """The images or labels of a data set that its result holds, as far as they are only moved, scaled or reshaped."""
    blocks_gradient: bool = False
    """Whether no gradient goes through it: `detach()`, `argmax`, rounding, or anything under `no_grad`."""
    makes_constant: bool = False
    """Whether it runs under `no_grad`."""
    weights: tuple[LayerRecord, ...] = ()
    """Layers whose weights it uses as numbers: `F.conv2d(x, self.conv.weight)`."""
    is_parameter: bool = False
    """Whether it is a layer's weights, or made of them alone."""
    macs: int = 0
    """Multiply-accumulates an image."""


@dataclass(eq=False)
class BatchSize(Unknown):
    """The number of images in a batch: `x.size(0)`. It has no value, and no model should depend on one."""


def dims_of_op(op: Op) -> Dims:
    """Sizes of an operation's result, also of one that is not PyTorch's."""
    if isinstance(op, TorchOp):
        return op.dims
    return (BATCH, op.shape[-1], *op.shape[:-1]) if op.shape else ()


def dims_of(value: Value | None) -> Dims:
    """Sizes of a tensor; empty where the value is none."""
    if isinstance(value, Tensor):
        return dims_of_op(value.op)
    return dims_of_op(value.op) if isinstance(value, Unknown) and value.op is not None else ()


def images_of(value: Value | None) -> Images | None:
    """The images that a tensor holds, if they come from a data set."""
    return value.op.images if isinstance(value, Tensor) and isinstance(value.op, TorchOp) else None


def add_tensor(
    run: "Interpreter",
    kind: str,
    title: str,
    inputs: Sequence[Value],
    dims: Dims,
    *,
    place: Place | None,
    input_places: Sequence[Place | None] = (),
    attributes: dict[str, Attribute] | None = None,
    layer: LayerRecord | None = None,
    window: Window | None = None,
    is_random: bool = False,
    blocks_gradient: bool = False,
    images: Images | None = None,
    weights: Sequence[LayerRecord] = (),
    macs: int = 0,
) -> Tensor:
    """Puts an operation on the tape and gives its result."""
    found = [tensor for tensor in (as_tensor(run, value) for value in inputs) if tensor is not None]
    is_constant = state_of(run).no_grad > 0
    if run.branch is not None and layer is not None:
        layer.is_used = True
    run.budget.spend(2, place)
    op = TorchOp(
        kind=kind,
        title=title,
        inputs=tuple(tensor.op for tensor in found),
        shape=shape_of(dims),
        dims=dims,
        attributes=attributes or {},
        origin="torch",
        place=place,
        input_places=tuple(input_places) if len(input_places) == len(found) else (),
        layer=layer,
        window=window or Window(),
        is_random=is_random,
        blocks_gradient=blocks_gradient or is_constant,
        makes_constant=is_constant,
        images=images,
        weights=tuple(dict.fromkeys([*weights, *(record for tensor in found for record in weights_of(tensor.op))])),
        macs=macs,
    )
    for record in op.weights:
        record.is_used = True
    run.tape.add(op)
    return Tensor(op)


def add_parameter(
    run: "Interpreter",
    dims: Dims,
    *,
    record: LayerRecord | None = None,
    num_trainable: int = 0,
    place: Place | None = None,
) -> Tensor:
    """A layer's weights as a tensor, or a parameter of its own where `record` is None; reading them uses no layer."""
    op = TorchOp(
        kind="constant",
        title="Parameter",
        origin="torch",
        dims=dims,
        shape=shape_of(dims),
        place=place,
        weights=() if record is None else (record,),
        is_parameter=record is not None,
        num_trainable=num_trainable,
    )
    return Tensor(op if record is not None else run.tape.add(op))


def weights_of(op: Op) -> tuple[LayerRecord, ...]:
    """Layers whose weights an operation is, or is made of and of nothing else."""
    return op.weights if isinstance(op, TorchOp) and op.is_parameter else ()


def as_tensor(run: "Interpreter", value: Value) -> Tensor | None:
    """A value as a tensor: something unknown becomes an input of its own; None where it cannot be one."""
    if isinstance(value, Tensor):
        return value
    if isinstance(value, BatchSize):
        return None
    if isinstance(value, Unknown) and value.op is None and not any(tensors_in(value)):
        op = TorchOp(kind="input", title="Input", origin="torch", variable=value.text)
        value.op = run.tape.add(op)
    return run.as_tensor(value, "torch")


def tensors_in(value: Value) -> Iterator[Tensor]:
    """All tensors that a value holds or depends on."""
    from diabolo.checks.source.interpreter import tensors_in as found

    return found(value)


def overwrite(old: Value, new: Value) -> None:
    """An operation in place: every name of the tensor means the result from here on."""
    if (isinstance(old, Tensor) and isinstance(new, Tensor)) or (isinstance(old, Unknown) and isinstance(new, Tensor)):
        old.op = new.op


def sizes_value(dims: Dims, text: str) -> Value:
    """`x.shape`: unknown sizes are unknown numbers."""
    if not dims:
        return Unknown(text=f"{text}.shape")
    return tuple_of([size_value(size, f"{text}.shape") for size in dims])


def size_value(size: int, text: str) -> Value:
    """One of the sizes of a tensor as a number."""
    if size == BATCH:
        return BatchSize(text=text)
    return Constant(size) if size > 0 else Unknown(text=text)


def sizes_of(values: Sequence[Value]) -> Dims | None:
    """Numbers handed to `view`, `reshape` or `expand`, singly or as one sequence: 0 for one that is not known; None
    where not even their number is known."""
    if len(values) == 1 and isinstance(values[0], ListValue):
        if values[0].items is None:
            return None
        values = values[0].items
    elif len(values) == 1 and type(values[0]) is Unknown:
        return None  # a number, or a sequence of them
    found: list[int] = []
    for value in values:
        if isinstance(value, BatchSize):
            found.append(BATCH)
        else:
            size = value.value if isinstance(value, Constant) else 0
            found.append(size if isinstance(size, int) and not isinstance(size, bool) else 0)
    return tuple(found)
