"""What PyTorch's functions and tensor methods are, by name, as kinds and attributes of a graph's nodes."""

from collections.abc import Mapping, Sequence
from typing import Any

from diabolo.checks.source import torch_convolutions, torch_plain, torch_sampling
from diabolo.checks.source.torch_kind import TorchKind, known
from diabolo.vocabulary import Value

LAYERS: dict[str, TorchKind] = {
    **torch_convolutions.LAYERS,
    **torch_plain.LAYERS,
    **torch_sampling.LAYERS,
}
"""Layer classes by name."""

KINDS = {
    "conv2d": "conv", "conv_transpose2d": "deconv", "conv1d": "conv1d", "conv_transpose1d": "conv1d",
    "conv3d": "conv3d", "conv_transpose3d": "conv3d", "linear": "dense", "batch_norm": "bn", "instance_norm": "in",
    "layer_norm": "ln", "group_norm": "gn", "rms_norm": "rms", "relu": "relu", "leaky_relu": "leaky", "gelu": "gelu",
    "silu": "silu", "sigmoid": "sigmoid", "tanh": "tanh", "softmax": "softmax", "elu": "elu", "selu": "selu",
    "prelu": "prelu", "softplus": "softplus", "max_pool2d": "pool", "avg_pool2d": "avgpool", "interpolate": "up",
    "upsample": "up", "pixel_shuffle": "shuffle", "pixel_unshuffle": "unshuffle", "dropout": "dropout",
    "dropout2d": "dropout", "alpha_dropout": "dropout", "feature_dropout": "dropout", "cat": "concat",
    "concat": "concat", "concatenate": "concat", "stack": "concat", "hstack": "concat", "pad": "pad",
    "add": "add", "sub": "subtract", "subtract": "subtract", "mul": "multiply", "multiply": "multiply",
    "view": "reshape", "reshape": "reshape", "flatten": "reshape", "unflatten": "reshape", "squeeze": "reshape",
    "unsqueeze": "reshape", "permute": "permute", "transpose": "permute", "swapaxes": "permute", "movedim": "permute",
    "t": "permute", "T": "permute", "mT": "permute", "chunk": "split", "split": "split", "unbind": "split",
    "getitem": "split", "narrow": "split", "tensor_split": "split", "iter": "split", "select": "split",
    "scaled_dot_product_attention": "attention", "multi_head_attention_forward": "attention",
    "embedding": "embedding", "adaptive_avg_pool2d": "globalpool", "adaptive_max_pool2d": "globalpool",
}  # fmt: skip
"""Functions whose kind is known; all others are arithmetic."""

RANDOM = frozenset(
    ("randn_like", "rand_like", "randn", "rand", "normal", "normal_", "bernoulli", "bernoulli_", "poisson",
     "uniform_", "multinomial", "dropout", "dropout2d", "alpha_dropout", "feature_dropout", "randint", "randint_like",
     "rrelu", "gumbel_softmax", "rsample", "exponential_")
)  # fmt: skip
"""Functions that draw random numbers."""

BLOCKING = frozenset(
    ("detach", "detach_", "data", "argmax", "argmin", "round", "floor", "ceil", "sign", "trunc", "bucketize",
     "searchsorted", "one_hot", "long", "int", "byte", "bool", "heaviside", "argsort", "eq", "ne", "lt", "le", "gt",
     "ge", "round_", "floor_", "sign_", "isnan", "isfinite", "logical_and", "logical_or", "logical_not")
)  # fmt: skip
"""Functions that no gradient goes through."""

SIZES = frozenset(
    ("shape", "size", "dim", "ndim", "numel", "nelement", "device", "dtype", "layout", "is_cuda", "requires_grad",
     "is_leaf", "grad_fn", "stride", "is_contiguous", "is_floating_point", "is_complex", "element_size", "get_device",
     "storage_offset", "ndimension", "itemsize", "nbytes", "is_meta", "is_sparse", "is_quantized", "names", "grad",
     "output_nr", "_version", "_backward_hooks", "is_mps", "is_xla", "is_cpu", "is_nested", "data_ptr", "type",
     "requires_grad_", "retain_grad", "register_hook", "untyped_storage", "is_inference", "is_signed", "_base",
     "is_shared", "is_pinned", "name", "retains_grad", "is_conj", "is_neg", "is_vulkan", "is_same_size")
)  # fmt: skip
"""Questions about a tensor that do not read its values."""

_POSITIONS = {
    "conv2d": ("input", "weight", "bias", "stride", "padding", "dilation", "groups"),
    "conv_transpose2d": ("input", "weight", "bias", "stride", "padding", "output_padding", "groups", "dilation"),
    "max_pool2d": ("input", "kernel_size", "stride", "padding", "dilation", "ceil_mode"),
    "avg_pool2d": ("input", "kernel_size", "stride", "padding", "ceil_mode"),
    "batch_norm": (
        "input", "running_mean", "running_var", "weight", "bias", "training", "momentum", "eps",
    ),
    "leaky_relu": ("input", "negative_slope"),
    "interpolate": ("input", "size", "scale_factor", "mode"),
    "dropout": ("input", "p"),
    "pixel_shuffle": ("input", "upscale_factor"),
    "pixel_unshuffle": ("input", "downscale_factor"),
    "group_norm": ("input", "num_groups", "weight", "bias", "eps"),
}  # fmt: skip
_CLASSES = {
    "conv2d": "Conv2d", "conv_transpose2d": "ConvTranspose2d", "max_pool2d": "MaxPool2d", "avg_pool2d": "AvgPool2d",
    "batch_norm": "BatchNorm2d", "leaky_relu": "LeakyReLU", "dropout": "Dropout", "pixel_shuffle": "PixelShuffle",
    "pixel_unshuffle": "PixelUnshuffle", "group_norm": "GroupNorm", "linear": "Linear", "interpolate": "Upsample",
}  # fmt: skip
"""Functions that do what a layer class does."""


def function_name(function: Any) -> str:
    """The name of a function as PyTorch hands it to `__torch_function__`: `add` of `__add__`, `add_` of `__iadd__`."""
    name = str(getattr(function, "__name__", "") or type(function).__name__)
    if name in ("__get__", "__set__"):  # of a property of tensors
        return str(getattr(getattr(function, "__self__", None), "__name__", name))
    if name.startswith("__") and name.endswith("__"):
        plain = name.strip("_")
        if plain.startswith("i") and plain[1:] in _OPERATORS:
            return _OPERATORS[plain[1:]] + "_"
        if plain.startswith("r") and plain[1:] in _OPERATORS:
            return _OPERATORS[plain[1:]]
        return _OPERATORS.get(plain, plain)
    return name


_OPERATORS = {
    "add": "add", "sub": "sub", "mul": "mul", "truediv": "div", "div": "div", "floordiv": "floor", "pow": "pow",
    "matmul": "matmul", "mod": "remainder", "and": "logical_and", "or": "logical_or", "xor": "logical_xor",
    "neg": "neg", "invert": "logical_not",
}  # fmt: skip


def settings_of(name: str, arguments: Sequence[Any], keywords: Mapping[str, Any]) -> dict[str, Any]:
    """A call's arguments by the names that the layer class of the same effect has for them."""
    named = dict(zip(_POSITIONS.get(name, ("input",)), arguments, strict=False)) | dict(keywords)
    settings = {key: value for key, value in named.items() if key not in ("input", "weight")}
    weight = named.get("weight")
    if weight is not None and name in ("conv2d", "conv_transpose2d", "linear"):
        shape, groups = tuple(weight.shape), named.get("groups", 1)
        if name == "linear":
            settings |= {"in_features": shape[1], "out_features": shape[0]}
        else:
            first, second = (shape[1] * groups, shape[0]) if name == "conv2d" else (shape[0], shape[1] * groups)
            settings |= {"in_channels": first, "out_channels": second, "kernel_size": shape[2:]}
        settings["bias"] = named.get("bias") is not None
    elif "bias" in settings:
        settings.pop("bias")
    return settings


def layer_kind(class_name: str) -> TorchKind | None:
    """What a layer class is; None where it is not known."""
    return LAYERS.get(class_name)


def function_kind(name: str) -> TorchKind | None:
    """The layer class that does what a function does."""
    return LAYERS.get(_CLASSES.get(name, ""))


def function_attributes(name: str, settings: Mapping[str, Any]) -> dict[str, Value]:
    """Attributes of a function that does what a layer class does."""
    kind = function_kind(name)
    return {} if kind is None else kind.attributes(kind.settings(settings))


def module_settings(module: Any, kind: TorchKind) -> dict[str, Any]:
    """A layer's arguments, read from its attributes of the same names."""
    settings: dict[str, Any] = {}
    for name, _ in kind.parameters:
        if name == "bias":
            settings[name] = getattr(module, "bias", None) is not None
        elif hasattr(module, name):
            value = getattr(module, name)
            settings[name] = tuple(value) if isinstance(value, list) else value
    return settings


def arithmetic_attributes(name: str, arguments: Sequence[Any]) -> dict[str, Value]:
    """`operator` and `constant` of `2 * x` and its like."""
    numbers = [value for value in arguments if isinstance(value, int | float) and not isinstance(value, bool)]
    operator = {"add": "+", "sub": "-", "mul": "*", "div": "/", "pow": "**"}.get(name.rstrip("_"))
    if operator is None:
        return {}
    return known(operator=operator, constant=float(numbers[0]) if len(numbers) == 1 else None)
