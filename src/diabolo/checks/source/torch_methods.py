"""Attributes and methods of PyTorch's tensors, arithmetic between them, and indexing."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from diabolo.checks.source.torch_apply import tell_misfit
from diabolo.checks.source.torch_functions import FUNCTIONS, prepended
from diabolo.checks.source.torch_images import scaled
from diabolo.checks.source.torch_kind import Dims, known
from diabolo.checks.source.torch_resize import (
    broadcast,
    expanded,
    indexed,
    permuted,
    repeated,
    squeezed,
    transposed,
    unsqueezed,
    viewed,
)
from diabolo.checks.source.torch_steps import backward
from diabolo.checks.source.torch_tensor import (
    BatchSize,
    add_tensor,
    as_tensor,
    dims_of,
    images_of,
    overwrite,
    size_value,
    sizes_of,
    sizes_value,
)
from diabolo.checks.source.values import (
    NONE,
    Call,
    Constant,
    ListValue,
    Native,
    Tensor,
    Unknown,
    Value,
    plain,
    tuple_of,
)
from diabolo.graph import Place
from diabolo.vocabulary import Misfit

if TYPE_CHECKING:
    from diabolo.checks.source.interpreter import Interpreter

Method = Callable[["Interpreter", Tensor, Call], Value]

_SAME = (
    "to", "cuda", "cpu", "float", "half", "double", "type", "type_as", "contiguous", "clone", "requires_grad_",
    "bfloat16", "pin_memory", "retain_grad", "coalesce", "to_dense", "long", "int", "byte", "bool", "positive",
)  # fmt: skip
_KINDS = {"+": "add", "-": "subtract", "*": "multiply"}
_WORDS = {
    "add": "+", "sub": "-", "subtract": "-", "mul": "*", "multiply": "*", "div": "/", "divide": "/",
    "true_divide": "/",
}  # fmt: skip
_RULES: dict[str, Callable[[Dims, Call], Dims]] = {
    "permute": lambda dims, call: permuted(dims, sizes_of(call.values)),
    "transpose": lambda dims, call: transposed(dims, call.constant(0, "dim0"), call.constant(1, "dim1")),
    "t": lambda dims, call: transposed(dims, 0, 1) if len(dims) == 2 else dims,
    "swapaxes": lambda dims, call: transposed(dims, call.constant(0), call.constant(1)),
    "squeeze": lambda dims, call: squeezed(dims, call.constant(0, "dim")),
    "unsqueeze": lambda dims, call: unsqueezed(dims, call.constant(0, "dim")),
    "expand": lambda dims, call: expanded(dims, sizes_of(call.values)),
    "repeat": lambda dims, call: repeated(dims, sizes_of(call.values)),
    "tile": lambda dims, call: repeated(dims, sizes_of(call.values)),
    "view": lambda dims, call: viewed(dims, _target(call)),
    "reshape": lambda dims, call: viewed(dims, _target(call)),
    "resize_": lambda dims, call: (),
    "view_as": lambda dims, call: dims_of(call.value(0)),
    "reshape_as": lambda dims, call: dims_of(call.value(0)),
    "expand_as": lambda dims, call: dims_of(call.value(0)),
    "repeat_interleave": lambda dims, call: (),
    "movedim": lambda dims, call: (),
    "unfold": lambda dims, call: (),
    "diagonal": lambda dims, call: (),
}
_PERMUTES = ("permute", "transpose", "t", "swapaxes", "movedim")


def _target(call: Call) -> Dims | None:
    """The sizes that `view` is given."""
    given = [argument.value for argument in call.positional]
    for name in ("size", "shape"):
        if name in call.keywords:
            given.append(call.keywords[name].value)
    return sizes_of(given) if call.is_complete else None


def resize(run: "Interpreter", name: str, tensor: Tensor, call: Call, place: Place | None) -> Value:
    """A method that only changes sizes."""
    before = dims_of(tensor)
    try:
        after = _RULES[name](before, call) if before or name in ("view", "reshape") else ()
    except Misfit as misfit:
        tell_misfit(run, f"`{name}`", misfit, tensor, call.place)
        after = ()
    kind = "permute" if name in _PERMUTES else "flatten" if len(after) == 2 < len(before) else "reshape"
    return add_tensor(run, kind, name, (tensor,), after, place=call.place, images=images_of(tensor))


def arithmetic(
    run: "Interpreter", tensor: Tensor, symbol: str, other: Value, is_left: bool, place: Place | None
) -> Value | None:
    """`tensor symbol other`, or the other way round."""
    if symbol in ("==", "!=", "<", "<=", ">", ">=", "&", "|", "^"):
        run.escape(other)
        return add_tensor(
            run, "arithmetic", symbol, (tensor,), dims_of(tensor), place=place, blocks_gradient=True,
            attributes=known(operator=symbol),
        )  # fmt: skip
    if symbol in ("in", "not in", "is", "is not"):
        return Unknown(text="comparison")
    if isinstance(other, Tensor) or (isinstance(other, Unknown) and other.op is not None):
        second = as_tensor(run, other)
        assert second is not None
        return _two(run, symbol, (tensor, second) if is_left else (second, tensor), place)
    number = plain(other)
    attributes = known(operator=symbol, reversed=None if is_left else True)
    if isinstance(number, int | float) and not isinstance(number, bool) and abs(number) < 1e300:
        attributes["constant"] = float(number)
    else:
        if symbol == "/" and is_left and _is_batch_size(other):
            attributes["by_batch"] = True
        run.escape(other)
    held = images_of(tensor)
    return add_tensor(
        run, "arithmetic", symbol, (tensor,), dims_of(tensor), place=place, attributes=attributes,
        images=None if held is None else scaled(held, symbol, number, is_left),
    )  # fmt: skip


def _is_batch_size(value: Value) -> bool:
    """Whether a number is the number of images in a batch: `x.size(0)`, `len(x)`, `batch_size`."""
    return isinstance(value, BatchSize) or (
        isinstance(value, Unknown) and (value.text.startswith("len(") or "batch" in value.text.lower())
    )


def _two(run: "Interpreter", symbol: str, pair: tuple[Tensor, Tensor], place: Place | None) -> Value:
    try:
        dims = broadcast(dims_of(pair[0]), dims_of(pair[1])) if symbol != "@" else ()
    except Misfit as misfit:
        tell_misfit(run, f"`{symbol}`", misfit, None, place)
        dims = ()
    return add_tensor(
        run, _KINDS.get(symbol, "arithmetic"), symbol, pair, dims, place=place, attributes=known(operator=symbol)
    )


def item(run: "Interpreter", tensor: Tensor, index: Value, place: Place | None) -> Value:
    """`tensor[index]`."""
    word = _index_of(index)
    dims = indexed(dims_of(tensor), word)
    if isinstance(index, Tensor):
        run.escape(index)
    kind = "reshape" if word is not ... and _is_whole(word) else "split"
    title = "index" if kind == "split" else "reshape"
    return add_tensor(run, kind, title, (tensor,), dims, place=place, images=images_of(tensor))


def _index_of(index: Value) -> object:
    """Constants and slices as Python has them; a tensor or anything unknown as a word that no rule knows."""
    if isinstance(index, ListValue) and index.items is not None:
        return tuple(part.value if isinstance(part, Constant) else "unknown" for part in index.items)
    return index.value if isinstance(index, Constant) else "unknown"


def _is_whole(word: object) -> bool:
    """Whether an index keeps everything and only adds axes."""
    words = word if isinstance(word, tuple) else (word,)
    return all(part is None or part is Ellipsis or part == slice(None) for part in words)


def attribute(run: "Interpreter", tensor: Tensor, name: str, place: Place | None) -> Value:
    """`tensor.name`."""
    dims = dims_of(tensor)
    if name == "shape":
        return sizes_value(dims, tensor.text)
    if name in ("T", "mT", "H"):
        return resize(run, "t", tensor, Call(place=place), place)
    if name == "data":
        return FUNCTIONS["detach"](run, prepended(Call(place=place), tensor))
    if name in ("device", "dtype", "is_cuda", "requires_grad", "grad", "layout", "grad_fn", "is_leaf", "names"):
        return Unknown(text=f"{tensor.text}.{name}")
    if name == "ndim":
        return Constant(len(dims)) if dims else Unknown(text="ndim")
    if name in _RULES:
        return Native(name, lambda run, call: resize(run, name, tensor, call, place))
    own = _METHODS.get(name)
    if own is not None:
        return Native(name, lambda run, call: own(run, tensor, call))
    if name in _SAME:
        return Native(name, lambda run, call: _moved(run, tensor, call))
    word = name.rstrip("_") if not name.startswith("_") else name
    if word in _WORDS:
        return Native(name, lambda run, call: _word(run, tensor, name, call))
    function = FUNCTIONS.get(name) or FUNCTIONS.get(word)
    if function is not None:
        return Native(name, lambda run, call: _as_function(run, tensor, name, call))
    return Unknown(text=f"{tensor.text}.{name}", sources=(tensor,))


def _moved(run: "Interpreter", tensor: Tensor, call: Call) -> Value:
    return tensor


def _as_function(run: "Interpreter", tensor: Tensor, name: str, call: Call) -> Value:
    is_in_place = name.endswith("_") and not name.endswith("__")
    function = FUNCTIONS.get(name) or FUNCTIONS[name.rstrip("_")]
    if name == "flatten" and not call.values:
        return resize(run, "view", tensor, Call(place=call.place), None)
    result = function(run, prepended(call, Tensor(tensor.op)))
    if is_in_place:
        overwrite(tensor, result)
    return result


def _word(run: "Interpreter", tensor: Tensor, name: str, call: Call) -> Value:
    other = call.value(0, "other")
    if other is None:
        return tensor
    result = arithmetic(run, Tensor(tensor.op), _WORDS[name.rstrip("_")], other, True, call.place) or Unknown(text=name)
    if name.endswith("_"):
        overwrite(tensor, result)
    return result


def _size(run: "Interpreter", tensor: Tensor, call: Call) -> Value:
    axis, dims = call.constant(0, "dim"), dims_of(tensor)
    if axis is None and not call.values:
        return sizes_value(dims, tensor.text)
    if axis == 0 and not dims:
        return BatchSize(text=f"{tensor.text}.size(0)")
    if isinstance(axis, int) and -len(dims) <= axis < len(dims):
        return size_value(dims[axis], f"{tensor.text}.size({axis})")
    return Unknown(text=f"{tensor.text}.size")


def _parts(run: "Interpreter", tensor: Tensor, count: int | None, axis: object, call: Call, size: int = 0) -> Value:
    dims = dims_of(tensor)
    if not isinstance(count, int) or not 0 < count <= run.MAX_ROUNDS:
        run.escape(tensor)
        return Unknown(text="parts", sources=(tensor,))
    after: Dims = ()
    if dims and isinstance(axis, int) and -len(dims) <= axis < len(dims):
        axis %= len(dims)
        part = size or (dims[axis] // count if dims[axis] > 0 else 0)
        after = (*dims[:axis], part, *dims[axis + 1 :])
    parts: list[Value] = []
    for _ in range(count):
        made = add_tensor(run, "split", "chunk", (tensor,), after, place=call.place)
        made.op.is_held = True
        parts.append(made)
    return tuple_of(parts)


def _chunk(run: "Interpreter", tensor: Tensor, call: Call) -> Value:
    return _parts(run, tensor, call.constant(0, "chunks"), call.constant(1, "dim", default=0), call)


def _split(run: "Interpreter", tensor: Tensor, call: Call) -> Value:
    size, axis = call.constant(0, "split_size", "split_size_or_sections"), call.constant(1, "dim", default=0)
    dims = dims_of(tensor)
    if isinstance(size, tuple) and size and all(isinstance(part, int) for part in size):
        return _parts(run, tensor, len(size), axis, call, size[0] if len(set(size)) == 1 else 0)
    if isinstance(size, int) and size > 0 and isinstance(axis, int) and -len(dims) <= axis < len(dims):
        whole = dims[axis]
        return _parts(run, tensor, -(-whole // size) if whole > 0 else None, axis, call, size)
    return _parts(run, tensor, None, axis, call)


def _unbind(run: "Interpreter", tensor: Tensor, call: Call) -> Value:
    axis, dims = call.constant(0, "dim", default=0), dims_of(tensor)
    if isinstance(axis, int) and -len(dims) <= axis < len(dims) and 0 < dims[axis] <= run.MAX_ROUNDS:
        axis %= len(dims)
        parts: list[Value] = []
        for _ in range(dims[axis]):
            made = add_tensor(run, "split", "unbind", (tensor,), dims[:axis] + dims[axis + 1 :], place=call.place)
            made.op.is_held = True
            parts.append(made)
        return tuple_of(parts)
    return Unknown(text="parts", sources=(tensor,))


def _out(run: "Interpreter", tensor: Tensor, call: Call) -> Value:
    """`item()`, `numpy()`: the values leave the graph, and no gradient comes back."""
    run.escape(tensor)
    return add_tensor(
        run, "arithmetic", "item", (tensor,), dims_of(tensor), place=call.place, blocks_gradient=True,
        attributes=known(operator="item"), images=images_of(tensor),
    )  # fmt: skip


def _backward(run: "Interpreter", tensor: Tensor, call: Call) -> Value:
    return backward(run, tensor, call.place)


def _indexed(name: str) -> Method:
    """A method that reads indices or a mask beside the tensor; in place where its name ends so."""

    def handler(run: "Interpreter", tensor: Tensor, call: Call) -> Value:
        others = [value for value in call.values if isinstance(value, Tensor)]
        keeps = name.startswith(("scatter", "index_add", "index_copy", "index_fill", "masked_fill", "masked_scatter"))
        before = Tensor(tensor.op)
        result = add_tensor(
            run, "arithmetic", name, (before, *others), dims_of(tensor) if keeps else (), place=call.place,
            attributes=known(operator=name),
        )  # fmt: skip
        if name.endswith("_"):
            overwrite(tensor, result)
        return result

    return handler


def _filled(run: "Interpreter", tensor: Tensor, call: Call) -> Value:
    """`weight.data.normal_(…)`: other values of the same tensor."""
    for value in call.values:
        run.escape(value)
    return tensor


def _new(run: "Interpreter", tensor: Tensor, call: Call) -> Value:
    sizes = sizes_of([argument.value for argument in call.positional]) or ()
    return add_tensor(run, "sample", "new", (), sizes, place=call.place, is_random=True)


def _nothing(run: "Interpreter", tensor: Tensor, call: Call) -> Value:
    return NONE


def _count(run: "Interpreter", tensor: Tensor, call: Call) -> Value:
    dims = dims_of(tensor)
    return Constant(len(dims)) if dims else Unknown(text="dim")


def _number(run: "Interpreter", tensor: Tensor, call: Call) -> Value:
    return Unknown(text="numel")


_FILLING = (
    "normal_", "uniform_", "random_", "zero_", "copy_", "bernoulli_", "set_", "exponential_", "trunc_normal_",
    "xavier_uniform_",
)  # fmt: skip
_INDEXING = (
    "scatter_", "scatter", "scatter_add_", "scatter_add", "gather", "index_select", "masked_select", "take",
    "index_add_", "index_copy_", "index_fill_", "masked_fill_", "masked_fill", "masked_scatter_", "where",
)  # fmt: skip

_METHODS: dict[str, Method] = {
    "size": _size, "chunk": _chunk, "split": _split, "tensor_split": _chunk, "unbind": _unbind, "item": _out,
    "numpy": _out, "tolist": _out, "backward": _backward, "dim": _count, "ndimension": _count, "numel": _number,
    "nelement": _number, "detach_": _moved, "register_hook": _nothing, "element_size": _number,
    "new_zeros": _new, "new_ones": _new, "new_empty": _new, "new": _new, "new_tensor": _new, "new_full": _new,
    **dict.fromkeys(_FILLING, _filled),
    **{name: _indexed(name) for name in _INDEXING},
}  # fmt: skip
