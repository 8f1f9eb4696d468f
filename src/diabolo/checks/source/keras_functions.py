"""Functions on tensors of TensorFlow, `keras.ops` and the Keras backend: what kind of node each makes."""

from collections.abc import Callable
from typing import TYPE_CHECKING, Any

from diabolo.checks.source.keras_activations import ACTIVATIONS
from diabolo.checks.source.library import broadcast, first_shape
from diabolo.checks.source.tape import ShapeRule
from diabolo.checks.source.values import (
    Call,
    Constant,
    ListValue,
    Native,
    Tensor,
    Unknown,
    Value,
    constant_of,
    plain,
)
from diabolo.vocabulary import Shape

if TYPE_CHECKING:
    from diabolo.checks.source.interpreter import Interpreter

_ELEMENTWISE = (
    "exp", "log", "square", "sqrt", "abs", "pow", "power", "clip", "clip_by_value", "cast", "maximum", "minimum",
    "add_n", "negative", "rsqrt", "identity", "where", "log1p", "expm1", "reciprocal", "sin", "cos", "real",
    "zeros_like", "ones_like", "l2_normalize", "leaky_clip",
)  # fmt: skip
_BLOCKING = (
    "stop_gradient",
    "argmax",
    "argmin",
    "round",
    "sign",
    "floor",
    "ceil",
    "rint",
    "one_hot",
    "greater",
    "less",
)
_REDUCTIONS = (
    "reduce_mean", "reduce_sum", "mean", "sum", "reduce_max", "reduce_min", "max", "min", "reduce_prod", "prod",
    "norm", "var", "std", "logsumexp", "reduce_logsumexp", "reduce_std", "reduce_variance", "any", "all",
)  # fmt: skip
_RANDOM = ("random_normal", "normal", "random_uniform", "uniform", "truncated_normal", "random_binomial")
_MERGES = {"add": "add", "subtract": "subtract", "multiply": "multiply", "divide": "arithmetic"}
_PRODUCTS = ("matmul", "dot", "tensordot", "einsum", "batch_dot")
_PLAIN = (
    "shape",
    "int_shape",
    "ndim",
    "rank",
    "size",
    "dtype",
    "epsilon",
    "floatx",
    "image_data_format",
    "learning_phase",
)


def function_of(name: str) -> "Native | None":
    """The function of that name; None where it is not known."""
    handler: Callable[[Interpreter, Call], Value] | None = _SPECIAL.get(name)
    if handler is None:
        if name in ACTIVATIONS and name != "threshold":
            return NamedActivation(name)
        if name in _ELEMENTWISE:
            handler = _elementwise(name)
        elif name in _BLOCKING:
            handler = _elementwise(name, blocks=True)
        elif name in _REDUCTIONS:
            handler = _reduction(name)
        elif name in _RANDOM:
            handler = _random(name)
    return None if handler is None else Native(name, handler)


class NamedActivation(Native):
    """`tf.nn.relu`, `keras.activations.sigmoid`: a function, or the value of `activation=`."""

    def __init__(self, name: str) -> None:
        super().__init__(name, self._apply)
        self.activation_name = name

    def _apply(self, run: "Interpreter", call: Call) -> Value:
        tensor = _tensor(call.value(0, "x", "features", "logits", "input"))
        if tensor is None:
            return _not_tensors(run, call)
        kind, title = ACTIVATIONS[self.activation_name]
        return run.add_op(
            kind, self.name if kind == "arithmetic" else title, (tensor,), place=call.place, origin="keras",
            shape_rule=first_shape, input_places=_places(call, 1),
        )  # fmt: skip


def _tensor(value: Value | None) -> Tensor | None:
    if isinstance(value, Tensor):
        return value
    if isinstance(value, Unknown) and value.op is not None:
        return Tensor(value.op)
    return None


def _tensors(call: Call) -> list[Tensor]:
    found = [_tensor(value) for value in call.values]
    return [tensor for tensor in found if tensor is not None]


def _places(call: Call, number: int) -> list[Any]:
    return [argument.place for argument in call.positional[:number]]


def _not_tensors(run: "Interpreter", call: Call) -> Value:
    first = call.value(0)
    for value in call.values:
        if hasattr(value, "changed"):
            return value
    return Unknown(text=call.function_text, sources=(first,) if first is not None else ())


def _elementwise(name: str, blocks: bool = False) -> "Callable[[Interpreter, Call], Value]":
    def handler(run: "Interpreter", call: Call) -> Value:
        tensors = _tensors(call)
        if not tensors:
            numbers = [plain(value) for value in call.values]
            if name in ("cast", "identity") or not all(isinstance(number, int | float) for number in numbers):
                return _not_tensors(run, call)
            return Unknown(text=name)
        rule: ShapeRule = first_shape if len(tensors) == 1 else broadcast
        numbers = [plain(value) for value in call.values]
        number = next((value for value in numbers if isinstance(value, int | float)), None)
        attributes: dict[str, Any] = {"operator": name}
        if number is not None:
            attributes["constant"] = float(number) if abs(number) < 1e300 else 0.0
        return run.add_op(
            "arithmetic", name, tensors, place=call.place, shape_rule=rule, attributes=attributes,
            blocks_gradient=blocks,
        )  # fmt: skip

    return handler


def _reduction(name: str) -> "Callable[[Interpreter, Call], Value]":
    def handler(run: "Interpreter", call: Call) -> Value:
        tensor = _tensor(call.value(0, "input_tensor", "x"))
        if tensor is None:
            return _not_tensors(run, call)
        axis, keeps = call.value(1, "axis"), call.constant(2, "keepdims", "keep_dims", default=False)
        axes = plain(axis, ()) if axis is not None else None
        kind = "globalpool" if name in ("reduce_mean", "mean") and axes in ((1, 2), [1, 2]) else "arithmetic"

        def rule(shapes: tuple[Shape, ...]) -> Shape:
            shape = shapes[0]
            if not shape or axes == () or not isinstance(axes, int | tuple | None):
                return ()
            if axes is None:
                return ()
            wanted = {index % (len(shape) + 1) for index in (axes if isinstance(axes, tuple) else (axes,))
                      if isinstance(index, int)}  # fmt: skip
            return tuple(
                1 if keeps and index in wanted else side
                for index, side in enumerate(shape, start=1)
                if keeps or index not in wanted
            )

        attributes: dict[str, Any] = {"operator": name}
        if isinstance(axes, int | tuple) and axes != ():
            attributes["axis"] = axes
        return run.add_op(kind, name, (tensor,), place=call.place, shape_rule=rule, attributes=attributes)

    return handler


def _random(name: str) -> "Callable[[Interpreter, Call], Value]":
    def handler(run: "Interpreter", call: Call) -> Value:
        shape = plain(call.value(0, "shape"))
        sides = tuple(side for side in shape[1:]) if isinstance(shape, tuple) and shape else ()
        known = sides if sides and all(isinstance(side, int) for side in sides) else ()
        return run.add_op("sample", name, (), place=call.place, origin="keras", shape=known, is_random=True)

    return handler


def _merge(kind: str, title: str) -> "Callable[[Interpreter, Call], Value]":
    def handler(run: "Interpreter", call: Call) -> Value:
        first = call.value(0, "inputs", "x", "x1")
        many = first.elements(run) if isinstance(first, ListValue) else None
        values = list(many) if many is not None else call.values
        tensors = [tensor for tensor in map(_tensor, values) if tensor is not None]
        if not tensors:
            return _not_tensors(run, call)
        return run.add_op(kind, title, tensors, place=call.place, shape_rule=broadcast, attributes={"operator": title})

    return handler


def _concatenate(run: "Interpreter", call: Call) -> Value:
    from diabolo.checks.source.keras_table import plan_layer
    from diabolo.vocabulary import Misfit

    first = call.value(0, "values", "inputs", "tensors", "xs")
    many = first.elements(run) if isinstance(first, ListValue) else None
    if many is None:
        return run.call_unknown(Unknown(text=call.function_text), call)
    tensors = [tensor for tensor in map(_tensor, many) if tensor is not None]
    if not tensors:
        return _not_tensors(run, call)
    plan = plan_layer("Concatenate", {"axis": call.constant(1, "axis", default=-1)})
    assert plan is not None
    try:
        shape = plan.shape(tuple(tensor.op.shape for tensor in tensors))
    except Misfit as misfit:
        run.problem("AE201", f"`{call.function_text}`: {misfit}", place=call.place)
        shape = ()
    return run.add_op(
        "concat", "Concatenate", tensors, place=call.place, shape=shape, shape_rule=plan.shape,
        attributes=plan.attributes,
    )  # fmt: skip


def _same_kind(kind: str, title: str, rule: ShapeRule) -> "Callable[[Interpreter, Call], Value]":
    def handler(run: "Interpreter", call: Call) -> Value:
        tensors = _tensors(call)
        if not tensors:
            return _not_tensors(run, call)
        return run.add_op(kind, title, tensors, place=call.place, shape_rule=rule)

    return handler


def _nothing(shapes: tuple[Shape, ...]) -> Shape:
    return ()


def _reshape(run: "Interpreter", call: Call) -> Value:
    tensor = _tensor(call.value(0, "tensor", "x"))
    if tensor is None:
        return _not_tensors(run, call)
    target = call.value(1, "shape", "newshape")
    items = target.elements(run) if isinstance(target, ListValue) else None
    sides = [plain(item) for item in items[1:]] if items else []
    known = tuple(sides) if sides and all(isinstance(side, int) and side > 0 for side in sides) else ()
    if sides == [-1] and tensor.op.shape and 0 not in tensor.op.shape:
        size = 1
        for side in tensor.op.shape:
            size *= side
        known = (size,)
    kind = "flatten" if len(sides) == 1 else "unflatten" if len(sides) == 3 and len(tensor.op.shape) == 1 else "reshape"
    return run.add_op(kind, "reshape", (tensor,), place=call.place, shape=known)


def _resize(run: "Interpreter", call: Call) -> Value:
    tensor = _tensor(call.value(0, "images"))
    if tensor is None:
        return _not_tensors(run, call)
    size = plain(call.value(1, "size"))
    channels = tensor.op.shape[-1] if len(tensor.op.shape) == 3 else 0
    known = isinstance(size, tuple) and len(size) == 2 and all(isinstance(side, int) for side in size)
    return run.add_op(
        "resize", "resize", (tensor,), place=call.place, shape=(*size, channels) if known else (0, 0, channels)
    )


def _split(run: "Interpreter", call: Call) -> Value:
    tensor = _tensor(call.value(0, "value", "x"))
    number = call.constant(1, "num_or_size_splits", "indices_or_sections")
    if tensor is None or not isinstance(number, int) or not 0 < number <= 64:
        return run.call_unknown(Unknown(text="split"), call)
    axis, shape = call.constant(2, "axis", default=0), tensor.op.shape
    part = (*shape[:-1], shape[-1] // number) if shape and axis in (-1, len(shape)) else ()
    return ListValue([
        run.add_op("split", "split", (tensor,), place=call.place, shape=part, attributes={"part": index})
        for index in range(number)
    ])  # fmt: skip


def _depth_to_space(run: "Interpreter", call: Call) -> Value:
    tensor, block = _tensor(call.value(0, "input", "x")), call.constant(1, "block_size")
    if tensor is None:
        return _not_tensors(run, call)

    def rule(shapes: tuple[Shape, ...]) -> Shape:
        shape = shapes[0]
        if len(shape) != 3 or not isinstance(block, int) or block < 1:
            return ()
        return shape[0] * block, shape[1] * block, shape[2] // block**2

    attributes: dict[str, Any] = {"size": block} if isinstance(block, int) else {}
    return run.add_op(
        "shuffle", "depth_to_space", (tensor,), place=call.place, shape_rule=rule, attributes=attributes,
    )  # fmt: skip


def _space_to_depth(run: "Interpreter", call: Call) -> Value:
    tensor, block = _tensor(call.value(0, "input", "x")), call.constant(1, "block_size")
    if tensor is None:
        return _not_tensors(run, call)

    def rule(shapes: tuple[Shape, ...]) -> Shape:
        shape = shapes[0]
        if len(shape) != 3 or not isinstance(block, int) or block < 1:
            return ()
        return shape[0] // block, shape[1] // block, shape[2] * block**2

    attributes: dict[str, Any] = {"size": block} if isinstance(block, int) else {}
    return run.add_op(
        "unshuffle", "space_to_depth", (tensor,), place=call.place, shape_rule=rule, attributes=attributes,
    )  # fmt: skip


def _shape(run: "Interpreter", call: Call) -> Value:
    tensor = _tensor(call.value(0))
    if tensor is None or not tensor.op.shape:
        return Unknown(text="shape")
    return constant_of((None, *(side or None for side in tensor.op.shape)))


def _information(run: "Interpreter", call: Call) -> Value:
    return Constant(1e-7) if call.function_text.endswith("epsilon") else Unknown(text=call.function_text)


_SPECIAL: dict[str, Callable[[Any, Call], Value]] = {
    **{name: _merge(kind, name) for name, kind in _MERGES.items()},
    "concat": _concatenate, "concatenate": _concatenate, "stack": _same_kind("reshape", "stack", _nothing),
    "reshape": _reshape, "flatten": _same_kind("flatten", "flatten", lambda shapes: ()),
    "batch_flatten": _same_kind("flatten", "batch_flatten", lambda shapes: ()),
    "transpose": _same_kind("permute", "transpose", _nothing),
    "permute_dimensions": _same_kind("permute", "permute_dimensions", _nothing),
    **{name: _same_kind("reshape", name, _nothing) for name in ("expand_dims", "squeeze")},
    **{name: _same_kind("arithmetic", name, _nothing) for name in _PRODUCTS},
    "bias_add": _same_kind("arithmetic", "bias_add", first_shape),
    "tile": _same_kind("reshape", "tile", _nothing), "repeat": _same_kind("reshape", "repeat", _nothing),
    "gather": _same_kind("split", "gather", _nothing), "pad": _same_kind("pad", "pad", _nothing),
    "resize": _resize, "resize_images": _resize, "resize_nearest_neighbor": _resize, "resize_bilinear": _resize,
    "split": _split, "depth_to_space": _depth_to_space, "space_to_depth": _space_to_depth,
    **dict.fromkeys(("shape", "int_shape"), _shape),
    **{name: _information for name in _PLAIN if name not in ("shape", "int_shape")},
    "dropout": _same_kind("dropout", "dropout", first_shape),
    "conv2d": _same_kind("conv", "conv2d", _nothing),
    "conv2d_transpose": _same_kind("deconv", "conv2d_transpose", _nothing),
    "max_pool": _same_kind("pool", "max_pool", _nothing), "max_pool2d": _same_kind("pool", "max_pool2d", _nothing),
    "avg_pool": _same_kind("avgpool", "avg_pool", _nothing),
    "convert_to_tensor": lambda run, call: call.value(0) or Unknown(),
    "Variable": lambda run, call: Unknown(text="Variable"), "constant": lambda run, call: call.value(0) or Unknown(),
    "print_tensor": lambda run, call: call.value(0) or Unknown(),
    "debugging": lambda run, call: Constant(None),
}  # fmt: skip
