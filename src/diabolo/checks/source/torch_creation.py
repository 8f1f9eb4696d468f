"""Functions of `torch` that make tensors: of sizes (`zeros`, `randn`), of others' sizes (`zeros_like`), of values."""

from collections.abc import Callable
from typing import TYPE_CHECKING

from diabolo.checks.source.torch_arguments import first_tensor
from diabolo.checks.source.torch_tensor import add_tensor, as_tensor, dims_of, sizes_of
from diabolo.checks.source.values import Call, Constant, Tensor, Unknown, Value

if TYPE_CHECKING:
    from diabolo.checks.source.interpreter import Interpreter

Handler = Callable[["Interpreter", Call], Value]


def created(name: str, *, is_random: bool = False) -> Handler:
    """`torch.zeros(…)` and the like."""

    def handler(run: "Interpreter", call: Call) -> Value:
        given = [argument.value for argument in call.positional]
        if "size" in call.keywords:
            given.append(call.keywords["size"].value)
        dims = sizes_of(given) if name not in ("arange", "linspace", "tensor", "full", "eye") else ()
        if not call.is_complete or any(isinstance(value, Tensor) for value in given):
            dims = ()
        for value in given:
            run.escape(value)
        kind = "sample" if is_random else "constant"
        return add_tensor(run, kind, name, (), dims or (), place=call.place, is_random=is_random)

    return handler


def same_values(run: "Interpreter", call: Call) -> Value:
    """`torch.tensor(data)`, `torch.from_numpy(array)`: the same values, as a tensor."""
    value = call.value(0, "data", "obj", "ndarray")
    if value is not None and hasattr(value, "to_tensor"):
        return as_tensor(run, value) or value
    if isinstance(value, Constant) and isinstance(value.value, int | float):
        return value
    if isinstance(value, Tensor):
        return value
    run.escape(value)
    return add_tensor(run, "constant", "tensor", (), (), place=call.place)


def like(name: str, *, is_random: bool) -> Handler:
    """`torch.randn_like(x)` and the like: only the sizes come from `x`."""

    def handler(run: "Interpreter", call: Call) -> Value:
        argument = first_tensor(call)
        tensor = as_tensor(run, argument.value) if argument is not None else None
        if tensor is None:
            return Unknown(text=name)
        kind = "sample" if is_random else "constant"
        return add_tensor(run, kind, name, (), dims_of(tensor), place=call.place, is_random=is_random)

    return handler
