"""What the functions of `torch` and `torch.nn.functional`, and the tensor methods of the same names, do."""

from dataclasses import replace
from typing import TYPE_CHECKING

from diabolo.checks.source.torch_apply import apply_kind, tell_misfit
from diabolo.checks.source.torch_arguments import Parameters, first_tensor, plain_of, settings_of
from diabolo.checks.source.torch_creation import Handler, created, like, same_values
from diabolo.checks.source.torch_kind import REQUIRED, Dims, TorchKind, known
from diabolo.checks.source.torch_resize import broadcast, joined, reduced
from diabolo.checks.source.torch_sampling import padded
from diabolo.checks.source.torch_table import TORCH_LAYERS
from diabolo.checks.source.torch_tensor import (
    TorchOp,
    add_tensor,
    as_tensor,
    dims_of,
    images_of,
    overwrite,
)
from diabolo.checks.source.values import Call, Constant, ListValue, Tensor, Unknown, Value
from diabolo.vocabulary import Misfit

if TYPE_CHECKING:
    from diabolo.checks.source.interpreter import Interpreter

_POOL: Parameters = (
    ("kernel_size", REQUIRED), ("stride", None), ("padding", 0), ("dilation", 1), ("ceil_mode", False),
    ("return_indices", False),
)  # fmt: skip
_LIKE_LAYERS: dict[str, tuple[str, Parameters | None]] = {
    "relu": ("ReLU", None), "leaky_relu": ("LeakyReLU", None), "elu": ("ELU", None), "selu": ("SELU", None),
    "celu": ("CELU", None), "gelu": ("GELU", None), "silu": ("SiLU", None), "mish": ("Mish", None),
    "relu6": ("ReLU6", None), "hardtanh": ("Hardtanh", None), "hardswish": ("Hardswish", None),
    "hardsigmoid": ("Hardsigmoid", None), "softsign": ("Softsign", None), "tanhshrink": ("Tanhshrink", None),
    "logsigmoid": ("LogSigmoid", None), "softplus": ("Softplus", None), "sigmoid": ("Sigmoid", None),
    "tanh": ("Tanh", None), "softmax": ("Softmax", None), "log_softmax": ("LogSoftmax", None),
    "rrelu": ("RReLU", None), "threshold": ("Threshold", None),
    "dropout": ("Dropout", (("p", 0.5), ("training", True), ("inplace", False))),
    "dropout2d": ("Dropout2d", (("p", 0.5), ("training", True), ("inplace", False))),
    "dropout3d": ("Dropout3d", (("p", 0.5), ("training", True), ("inplace", False))),
    "alpha_dropout": ("AlphaDropout", (("p", 0.5), ("training", False), ("inplace", False))),
    **{f"max_pool{rank}d": (f"MaxPool{rank}d", _POOL) for rank in (1, 2, 3)},
    **{f"avg_pool{rank}d": (f"AvgPool{rank}d", None) for rank in (1, 2, 3)},
    **{f"adaptive_avg_pool{rank}d": (f"AdaptiveAvgPool{rank}d", None) for rank in (1, 2, 3)},
    **{f"adaptive_max_pool{rank}d": (f"AdaptiveMaxPool{rank}d", None) for rank in (1, 2, 3)},
    "max_unpool2d": ("MaxUnpool2d", (("indices", None), ("kernel_size", REQUIRED), ("stride", None))),
    "interpolate": ("Upsample", None), "upsample": ("Upsample", None),
    "upsample_nearest": ("UpsamplingNearest2d", None), "upsample_bilinear": ("UpsamplingBilinear2d", None),
    "pixel_shuffle": ("PixelShuffle", None), "pixel_unshuffle": ("PixelUnshuffle", None),
    "flatten": ("Flatten", (("start_dim", 0), ("end_dim", -1))), "unflatten": ("Unflatten", None),
    "channel_shuffle": ("ChannelShuffle", None),
}  # fmt: skip


def like_layer(name: str) -> Handler:
    """A function that does what a layer class without weights does."""
    title, own = _LIKE_LAYERS[name]
    kind = TORCH_LAYERS[title]
    parameters = kind.parameters if own is None else own
    defaults = {key: value for key, value in parameters if value is not REQUIRED}

    def handler(run: "Interpreter", call: Call) -> Value:
        argument = first_tensor(call)
        if argument is None:
            return Unknown(text=name)
        settings = settings_of(parameters, kind.settings(defaults), call, skip=1)
        result = apply_kind(run, kind, name, argument, settings, place=call.place, name=f"`{name}`")
        if settings.get("inplace") is True:
            overwrite(argument.value, result)
        if settings.get("return_indices") is True:
            return ListValue([result, Unknown(text="indices")], is_mutable=False)
        return result

    return handler


def _with_weights(layer: str, parameters: Parameters, is_transposed: bool = False) -> Handler:
    """`F.conv2d(x, weight, bias, …)`: the weights are somebody else's, perhaps another layer's on purpose."""
    kind = TORCH_LAYERS[layer]
    title = {"Linear": "linear"}.get(layer, layer.lower())

    def handler(run: "Interpreter", call: Call) -> Value:
        argument, weight = first_tensor(call), call.value(1, "weight")
        if argument is None:
            return Unknown(text=layer)
        defaults = {name: value for name, value in parameters if value is not REQUIRED}
        settings = settings_of(parameters, kind.settings(defaults), call, skip=3)
        settings["bias"] = not _is_missing(call.value(2, "bias"))
        sizes = dims_of(weight)
        groups = settings.get("groups", 1)
        if layer == "Linear" and len(sizes) == 2:
            settings |= {"out_features": sizes[0], "in_features": sizes[1]}
        elif len(sizes) > 2 and isinstance(groups, int):
            first, second = sizes[:2]
            into, out = (first, second * groups) if is_transposed else (second * groups, first)
            settings |= {"in_channels": into, "out_channels": out, "kernel_size": sizes[2:]}
        for name in ("in_channels", "out_channels", "in_features", "out_features"):
            if not settings.get(name):
                settings.pop(name, None)
        records = weight.op.weights if isinstance(weight, Tensor) and isinstance(weight.op, TorchOp) else ()
        own = [used for used in (weight, call.value(2, "bias")) if isinstance(used, Tensor) and used.op.num_trainable]
        for used in (weight, call.value(2, "bias")):
            run.escape(used)
        result = apply_kind(run, kind, title, argument, settings, place=call.place, weights=records)
        if isinstance(result, Tensor):
            result.op.inputs = (*result.op.inputs, *(used.op for used in own))
        return result

    return handler


def _is_missing(value: Value | None) -> bool:
    return value is None or (isinstance(value, Constant) and value.value is None)


def elementwise(name: str, *, blocks: bool = False) -> Handler:
    """A function of each value by itself."""

    def handler(run: "Interpreter", call: Call) -> Value:
        argument = first_tensor(call)
        tensor = as_tensor(run, argument.value) if argument is not None else None
        if argument is None or tensor is None:
            return Unknown(text=name, sources=tuple(call.values))
        attributes = known(operator=name)
        exponent = call.constant(1, "exponent")
        if name == "pow" and isinstance(exponent, int | float):
            attributes = known(operator="**", constant=float(exponent))
        if name == "square":
            attributes = known(operator="**", constant=2.0)
        for value in call.values:
            if value is not argument.value:
                run.escape(value)
        return add_tensor(
            run, "arithmetic", name, (tensor,), dims_of(tensor), place=call.place, input_places=(argument.place,),
            attributes=attributes, blocks_gradient=blocks,
        )  # fmt: skip

    return handler


def reduction(name: str, *, blocks: bool = False, several: bool = False) -> Handler:
    """`mean`, `sum` and the like, over some axes or all."""

    def handler(run: "Interpreter", call: Call) -> Value:
        argument = first_tensor(call)
        tensor = as_tensor(run, argument.value) if argument is not None else None
        if argument is None or tensor is None:
            return Unknown(text=name, sources=tuple(call.values))
        second = call.value(1, "dim", "axis", "other")
        if several and isinstance(second, Tensor):  # `torch.max(a, b)` of two tensors
            return _together(run, name, tensor, second, call)
        axes, keeps = plain_of(second) if second is not None else None, call.constant(2, "keepdim", default=False)
        dims = reduced(dims_of(tensor), None if axes is ... else axes, keeps)
        attributes = known(operator=name, axes="all" if axes is None else axes if axes is not ... else "unknown")
        is_global = name in ("mean", "amax", "max") and len(dims_of(tensor)) == 4 and _is_plane(axes)
        result = add_tensor(
            run, "globalpool" if is_global else "arithmetic", name, (tensor,), dims, place=call.place,
            input_places=(argument.place,), attributes=attributes, blocks_gradient=blocks,
        )  # fmt: skip
        if several and axes is not None and axes is not ...:
            result.op.is_held = True
            return ListValue([result, Unknown(text="indices")], is_mutable=False)
        return result

    return handler


def _is_plane(axes: object) -> bool:
    return isinstance(axes, tuple) and {axis % 4 for axis in axes if isinstance(axis, int)} == {2, 3}


def _together(run: "Interpreter", name: str, first: Tensor, second: Tensor, call: Call) -> Value:
    try:
        dims = broadcast(dims_of(first), dims_of(second))
    except Misfit as misfit:
        tell_misfit(run, f"`{name}`", misfit, None, call.place)
        dims = ()
    return add_tensor(run, "arithmetic", name, (first, second), dims, place=call.place, attributes=known(operator=name))


def _cat(run: "Interpreter", call: Call) -> Value:
    return _joined(run, call, is_new_axis=False)


def _stack(run: "Interpreter", call: Call) -> Value:
    return _joined(run, call, is_new_axis=True)


def _joined(run: "Interpreter", call: Call, *, is_new_axis: bool) -> Value:
    given, axis = call.value(0, "tensors"), call.constant(1, "dim", "axis", default=0)
    items = given.elements(run) if given is not None and not isinstance(given, Constant) else None
    if not items or len(items) > run.MAX_ROUNDS:
        run.escape(given)
        if given is None or items == []:
            return Unknown(text="cat")
        return add_tensor(run, "concat", "cat", (Unknown(text="tensors", sources=(given,)),), (), place=call.place)
    tensors = [tensor for tensor in (as_tensor(run, item) for item in items) if tensor is not None]
    parts = [dims_of(tensor) for tensor in tensors]
    dims: Dims = ()
    if not is_new_axis:
        try:
            dims = joined(parts, axis) if len(tensors) == len(items) else ()
        except Misfit as misfit:
            tell_misfit(run, "`cat`", misfit, None, call.place)
    name = "stack" if is_new_axis else "cat"
    return add_tensor(run, "concat", name, tensors, dims, place=call.place, attributes=known(axis=axis))


def _pad(run: "Interpreter", call: Call) -> Value:
    argument = first_tensor(call)
    if argument is None:
        return Unknown(text="pad")
    widths = plain_of(call.value(1, "pad") or Unknown())
    kind = TorchKind(
        kind="pad",
        dims=lambda dims, settings: padded(dims, widths if isinstance(widths, tuple) else ()),
        attributes=lambda settings: known(pad=widths),
    )
    return apply_kind(run, kind, "pad", argument, {}, place=call.place)


def _same_shape(kind: str, title: str) -> Handler:
    """A function that changes values and keeps sizes, with its other arguments used: `F.batch_norm`."""

    def handler(run: "Interpreter", call: Call) -> Value:
        argument = first_tensor(call)
        if argument is None:
            return Unknown(text=title)
        for value in call.values:
            if value is not argument.value:
                run.escape(value)
        return apply_kind(run, TorchKind(kind=kind), title, argument, {}, place=call.place)

    return handler


def _matmul(run: "Interpreter", call: Call) -> Value:
    tensors = [tensor for tensor in (as_tensor(run, value) for value in call.values) if tensor is not None]
    if not tensors:
        return Unknown(text="matmul")
    dims: Dims = ()
    if len(tensors) == 2 and dims_of(tensors[0]) and len(dims_of(tensors[1])) == 2:
        dims = (*dims_of(tensors[0])[:-1], dims_of(tensors[1])[-1])
    return add_tensor(run, "arithmetic", "matmul", tensors, dims, place=call.place, attributes=known(operator="@"))


def _einsum(run: "Interpreter", call: Call) -> Value:
    tensors = [tensor for value in call.values[1:] for tensor in [as_tensor(run, value)] if tensor is not None]
    return add_tensor(run, "arithmetic", "einsum", tensors, (), place=call.place, attributes=known(operator="einsum"))


def _detached(run: "Interpreter", call: Call) -> Value:
    argument = first_tensor(call)
    tensor = as_tensor(run, argument.value) if argument is not None else None
    if argument is None or tensor is None:
        return Unknown(text="detach")
    if images_of(tensor) is not None:
        return tensor
    return add_tensor(
        run, "arithmetic", "detach", (tensor,), dims_of(tensor), place=call.place, input_places=(argument.place,),
        attributes=known(operator="detach"), blocks_gradient=True,
    )  # fmt: skip


def _same(run: "Interpreter", call: Call) -> Value:
    argument = first_tensor(call)
    return argument.value if argument is not None else Unknown()


def _one_hot(run: "Interpreter", call: Call) -> Value:
    argument, count = first_tensor(call), call.constant(1, "num_classes", default=0)
    if argument is None:
        return Unknown(text="one_hot")
    before = dims_of(argument.value)
    dims = (*before, count if isinstance(count, int) and count > 0 else 0) if before else ()
    return add_tensor(run, "arithmetic", "one_hot", (argument.value,), dims, place=call.place, blocks_gradient=True)


def _where(run: "Interpreter", call: Call) -> Value:
    tensors = [tensor for tensor in (as_tensor(run, value) for value in call.values) if tensor is not None]
    if not tensors:
        return Unknown(text="where")
    return add_tensor(
        run, "arithmetic", "where", tensors, dims_of(tensors[-1]), place=call.place, attributes=known(operator="where")
    )


def _meshed(run: "Interpreter", call: Call) -> Value:
    for value in call.values:
        run.escape(value)
    return Unknown(text="result")


_ELEMENTWISE = (
    "exp", "log", "log1p", "log2", "log10", "expm1", "sqrt", "rsqrt", "abs", "neg", "pow", "square", "clamp", "clip",
    "clamp_min", "clamp_max", "sin", "cos", "erf", "reciprocal", "nan_to_num", "cumsum", "normalize",
    "lerp", "logit", "flip", "roll", "logical_not", "sigmoid_", "exp_", "abs_", "clamp_", "sqrt_", "log_", "fill_",

)  # fmt: skip
_BLOCKING = ("round", "floor", "ceil", "sign", "trunc", "bernoulli", "heaviside")
_REDUCTIONS = ("mean", "sum", "std", "var", "norm", "prod", "amax", "amin", "logsumexp", "nansum", "count_nonzero")

FUNCTIONS: dict[str, Handler] = {
    **{name: like_layer(name) for name in _LIKE_LAYERS},
    **{name: elementwise(name) for name in _ELEMENTWISE},
    **{name: elementwise(name, blocks=True) for name in _BLOCKING},
    **{name: reduction(name) for name in _REDUCTIONS},
    **{name: reduction(name, several=True) for name in ("max", "min", "median", "mode")},
    **{name: reduction(name, blocks=True) for name in ("argmax", "argmin")},
    "conv1d": _with_weights("Conv1d", TORCH_LAYERS["Conv1d"].parameters[3:7]),
    "conv2d": _with_weights("Conv2d", TORCH_LAYERS["Conv2d"].parameters[3:7]),
    "conv3d": _with_weights("Conv3d", TORCH_LAYERS["Conv3d"].parameters[3:7]),
    "conv_transpose2d": _with_weights(
        "ConvTranspose2d",
        (("stride", 1), ("padding", 0), ("output_padding", 0), ("groups", 1), ("dilation", 1)),
        is_transposed=True,
    ),
    "linear": _with_weights("Linear", ()),
    "batch_norm": _same_shape("bn", "batch_norm"),
    "instance_norm": _same_shape("in", "instance_norm"),
    "group_norm": _same_shape("gn", "group_norm"),
    "layer_norm": _same_shape("ln", "layer_norm"),
    "scaled_dot_product_attention": _same_shape("attention", "attention"),
    "cat": _cat,
    "concat": _cat,
    "concatenate": _cat,
    "stack": _stack,
    "pad": _pad,
    "matmul": _matmul,
    "bmm": _matmul,
    "mm": _matmul,
    "addmm": _matmul,
    "einsum": _einsum,
    "where": _where,
    "one_hot": _one_hot,
    "detach": _detached,
    "clone": _same,
    "contiguous": _same,
    **{name: created(name) for name in ("zeros", "ones", "empty", "full", "arange", "linspace", "eye", "zeros_")},
    **{name: created(name, is_random=True) for name in ("randn", "rand", "normal", "randint", "randperm")},
    **{name: like(name, is_random=False) for name in ("zeros_like", "ones_like", "empty_like", "full_like")},
    **{name: like(name, is_random=True) for name in ("randn_like", "rand_like", "randint_like")},
    "tensor": same_values,
    "from_numpy": same_values,
    "as_tensor": same_values,
    "FloatTensor": same_values,
    "Tensor": same_values,
    "topk": _meshed,
    "sort": _meshed,
    "meshgrid": _meshed,
}
"""Functions by name; the tensor is the first argument."""


def prepended(call: Call, tensor: Tensor) -> Call:
    """A method's call as the call of the function of the same name."""
    from diabolo.checks.source.values import Argument

    return replace(call, positional=(Argument(value=tensor, text=tensor.text), *call.positional))
