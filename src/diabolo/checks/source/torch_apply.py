"""Applies a kind of layer to a tensor: sizes are worked out, a misfit is told once, the operation is recorded."""

from typing import TYPE_CHECKING

from diabolo.checks.source.tape import LayerRecord
from diabolo.checks.source.torch_kind import BATCH, Dims, Settings, TorchKind, number, shape_of
from diabolo.checks.source.torch_state import state_of
from diabolo.checks.source.torch_tensor import TorchOp, add_tensor, as_tensor, dims_of, images_of
from diabolo.checks.source.values import Argument, Tensor, Unknown, Value
from diabolo.graph import Place
from diabolo.vocabulary import Misfit, Window

if TYPE_CHECKING:
    from diabolo.checks.source.interpreter import Interpreter

_KEEPS_IMAGES = ("flatten", "reshape", "permute", "linear")


def apply_kind(
    run: "Interpreter",
    kind: TorchKind,
    title: str,
    argument: Argument,
    settings: Settings,
    *,
    place: Place | None,
    record: LayerRecord | None = None,
    name: str = "",
    weights: tuple[LayerRecord, ...] = (),
) -> Value:
    """The result of a layer or function on one tensor.

    Args:
        run: the interpreter.
        kind: what it does.
        title: its class, or the function's name.
        argument: the tensor.
        settings: its arguments.
        place: the call.
        record: the layer object, if there is one.
        name: how messages call it; empty: by its title.
        weights: layers whose weights it borrows.
    """
    tensor = as_tensor(run, argument.value)
    if tensor is None:
        run.escape(argument.value)
        return Unknown(text=title)
    _learn(tensor, kind, settings)
    before = dims_of(tensor)
    after = fit(run, kind, before, settings, name or f"`{title}`", tensor, place, record)
    window = kind.window(settings)
    if window.everything and len(before) > 2:
        window = Window()
    return add_tensor(
        run,
        kind.kind,
        title,
        (tensor,),
        after,
        place=place,
        input_places=(argument.place,),
        attributes=kind.attributes(settings),
        layer=record,
        window=window,
        is_random=kind.is_random,
        images=images_of(tensor) if kind.kind in _KEEPS_IMAGES else None,
        weights=weights,
        macs=kind.macs(after, settings),
    )


def _learn(tensor: Tensor, kind: TorchKind, settings: Settings) -> None:
    """What the first layer says of an input of which nothing is known: its channels, or its number of values."""
    op = tensor.op
    if not isinstance(op, TorchOp) or op.kind not in ("input", "flatten", "reshape"):
        return
    if kind.kind in ("conv", "deconv") and not op.dims and op.kind == "input":
        op.dims = (BATCH, number(settings, "in_channels") or 0, 0, 0)
    elif kind.kind == "dense" and (op.dims == (BATCH, 0) or (op.kind == "input" and not op.dims)):
        op.dims = (BATCH, number(settings, "in_features") or 0)
    op.shape = shape_of(op.dims)


def fit(
    run: "Interpreter",
    kind: TorchKind,
    before: Dims,
    settings: Settings,
    name: str,
    tensor: Tensor,
    place: Place | None,
    record: LayerRecord | None = None,
) -> Dims:
    """Sizes that come out; where they do not fit, that is told and what would come out of a fitting input is given."""
    try:
        return kind.dims(before, settings)
    except Misfit as misfit:
        tell_misfit(run, name, misfit, tensor, place, record)
    try:
        return kind.dims((), settings)
    except Misfit:
        return ()


def tell_misfit(
    run: "Interpreter",
    name: str,
    misfit: Misfit,
    tensor: Tensor | None,
    place: Place | None,
    record: LayerRecord | None = None,
) -> None:
    """Notes shapes that do not fit, unless it is not certain that the code is reached with them."""
    state = state_of(run)
    state.num_misfits += 1
    if run.branch is not None or state.is_trial:
        return
    message = f"{name} {misfit}"
    if tensor is not None:
        message += f" from {_origin(tensor)}"
    if state.is_element and record is not None:
        place = record.place
    elif record is not None and record.place is not None and place is not None and record.place.row != place.row:
        message += f"; it is built in row {record.place.row}"
    where = "" if place is None else f"{place.row}:{place.start}:{place.cell}"
    run.problem(
        "AE201",
        message,
        place=place,
        remedy="Make the numbers of channels, sizes or features of the two agree.",
        once=f"{where} {name}" if where else message,
    )


def _origin(tensor: Tensor) -> str:
    op = tensor.op
    name = op.layer.variable if op.layer is not None and op.layer.variable else op.variable
    called = f"`{name}` ({op.title})" if name and name != op.title else f"`{op.title}`"
    if op.kind == "input":
        return f"the input `{op.variable}`" if op.variable else "the input"
    return called if op.place is None else f"{called} in row {op.place.row}"
