"""What PyTorch's, torchvision's and Lightning's names mean, and which of their functions a reading follows."""

import ast
import re
from collections.abc import Callable
from dataclasses import replace
from typing import TYPE_CHECKING

from diabolo.checks.source.classes import Instance
from diabolo.checks.source.library import Library
from diabolo.checks.source.torch_batch import UnknownBatch
from diabolo.checks.source.torch_containers import ContainerClass
from diabolo.checks.source.torch_data import DATA, TRANSFORMS, Loader, dataset_class, is_dataset, transform_class
from diabolo.checks.source.torch_finish import finish
from diabolo.checks.source.torch_functions import FUNCTIONS
from diabolo.checks.source.torch_layer import LayerClass, TorchClass
from diabolo.checks.source.torch_losses import loss_class, loss_function
from diabolo.checks.source.torch_mentions import trains, zeroes
from diabolo.checks.source.torch_methods import arithmetic, attribute, item
from diabolo.checks.source.torch_module import ModuleClass
from diabolo.checks.source.torch_spans import begin_span, end_span
from diabolo.checks.source.torch_state import Loop, state_of
from diabolo.checks.source.torch_steps import OPTIMISERS, GradEnabled, NoGrad, optimiser_class
from diabolo.checks.source.torch_table import TORCH_LAYERS
from diabolo.checks.source.torch_tensor import add_parameter, add_tensor, as_tensor, dims_of, overwrite
from diabolo.checks.source.values import (
    NONE,
    Call,
    Constant,
    Function,
    ListValue,
    Module,
    Native,
    Tensor,
    Unknown,
    Value,
)
from diabolo.graph import Origin, Place

if TYPE_CHECKING:
    from diabolo.checks.source.interpreter import Interpreter

_ALIASES = {
    "torch": "torch", "nn": "torch.nn", "F": "torch.nn.functional", "optim": "torch.optim",
    "torchvision": "torchvision", "transforms": "torchvision.transforms", "T": "torchvision.transforms",
    "datasets": "torchvision.datasets", "pl": "pytorch_lightning", "functional": "torch.nn.functional",
}  # fmt: skip
_LIGHTNING = ("pytorch_lightning", "lightning", "lightning.pytorch", "pl")
_IDENTITIES = ("tqdm", "trange", "Variable", "DataParallel", "DistributedDataParallel", "compile", "weight_norm", "spectral_norm")  # fmt: skip  # noqa: E501
_NO_GRAD = ("torch.no_grad", "torch.inference_mode", "torch.autograd.no_grad")
_NOT_MODELS = re.compile(
    r"(training|validation|test|predict)_step|.*(loss|criterion|elbo|objective).*|(fit|train|evaluate|eval|test|validate)"
    r"($|_.*)|configure_.*|.*_dataloader|on_.*|optimize.*|backward|set_input|step|summary|plot.*|save.*|load.*|"
    r"(init|reset|_init|_reset|initialize).*|__(?!call__).*__|count.*|freeze.*|unfreeze.*",
    re.IGNORECASE,
)
"""Methods of a module that are no part of the model."""


class TorchLibrary(Library):
    """PyTorch."""

    origin: Origin = "torch"

    def resolve(self, run: "Interpreter", path: str) -> Value | None:
        """What a dotted path means."""
        root, _, rest = path.partition(".")
        name = path.rpartition(".")[2]
        if root == "torch":
            return _of_torch(path, name)
        if root == "torchvision":
            if is_dataset(path):
                return dataset_class(name)
            if "transforms" in path and name in TRANSFORMS:
                return transform_class(name)
            return _picture_function(name) if name in ("save_image", "make_grid") else None
        if name == "LightningModule":
            return ModuleClass(path)
        if root in ("lpips", "piq", "pytorch_msssim", "torchmetrics", "kornia"):
            return loss_class(path)
        if root == "tqdm":
            return Native(name, _range_bar if name == "trange" else _first) if rest else None
        if root in ("torchsummary", "torchinfo"):
            return Native(name, _summary) if name == "summary" else None
        if root == "accelerate" or root == "ignite":
            state_of(run).has_unknown_step = True
        return None

    def bare(self, run: "Interpreter", name: str) -> Value | None:
        """A name of PyTorch in a snippet without imports, or behind `from torch.nn import *`."""
        if name in _ALIASES:
            return Module(_ALIASES[name])
        if name in TORCH_LAYERS and (name.endswith("d") or name in ("Linear", "ReLU", "Sigmoid", "Tanh", "Upsample")):
            return self.resolve(run, f"torch.nn.{name}")
        if name in ("DataLoader", "TensorDataset", "random_split"):
            return DATA[f"torch.utils.data.{name}"]
        if name in ("ModuleList", "ModuleDict") or (name == "Sequential" and uses_torch(run)):
            return ContainerClass(f"torch.nn.{name}")
        if name in TRANSFORMS and uses_torch(run):
            return transform_class(name)
        if is_dataset(f"torchvision.datasets.{name}") and uses_torch(run):
            return dataset_class(name)
        if name in ("tqdm", "trange"):
            return self.resolve(run, f"tqdm.{name}")
        if name in ("summary",):
            return Native(name, _summary)
        return loss_class(f"torch.nn.{name}") if name.endswith("Loss") else None

    def finish(self, run: "Interpreter") -> None:
        """Follows what was never called, and collects models and trainings."""
        if run.classes or any(name.startswith("torch") for name in run.notes):
            finish(run)

    def tensor_attribute(self, run: "Interpreter", tensor: Tensor, name: str, place: Place | None) -> Value:
        """`tensor.view`."""
        return attribute(run, tensor, name, place)

    def tensor_item(self, run: "Interpreter", tensor: Tensor, index: Value, place: Place | None) -> Value:
        """`tensor[index]`."""
        return item(run, tensor, index, place)

    def tensor_binary(
        self, run: "Interpreter", tensor: Tensor, operator: str, other: Value, is_left: bool, place: Place | None
    ) -> Value | None:
        """`tensor operator other`."""
        return arithmetic(run, tensor, operator, other, is_left, place)

    def tensor_unary(self, run: "Interpreter", tensor: Tensor, operator: str, place: Place | None) -> Value | None:
        """`-tensor`."""
        if operator in ("not", "~"):
            return Unknown(text="comparison")
        return add_tensor(
            run, "arithmetic", operator, (tensor,), dims_of(tensor), place=place, attributes={"operator": operator}
        )

    def entered(self, run: "Interpreter", function: Function, call: Call) -> "Callable[[Value | None], None] | None":
        """Gradients stop in functions decorated with `no_grad`; an outermost method of a model is a call of it."""
        if function.owner is None and not function.decorators:
            return None
        contexts = [word for word in function.decorators if isinstance(word, NoGrad)]
        for context in contexts:
            context.enter(run)
        instance = call.positional[0].value if function.owner is not None and call.positional else None
        is_model = isinstance(instance, Instance) and any(
            isinstance(base, TorchClass) for base in instance.cls.libraries()
        )
        is_building = is_model and function.name == "__init__"
        span = None
        is_span = is_model and not is_building and not _NOT_MODELS.fullmatch(function.name)
        if is_span and isinstance(instance, Instance):
            inner = Call(positional=call.positional[1:], keywords=call.keywords, place=call.place)
            span = begin_span(run, instance, function.name, inner)
        elif is_building:
            state_of(run).depth += 1
        elif not contexts:
            return None

        def ending(result: Value | None) -> None:
            if is_span:
                end_span(run, span, result)
                if span is None and isinstance(result, ListValue):
                    run.escape(result)  # a caller takes what it needs of several results
            elif is_building:
                state_of(run).depth -= 1
            for context in contexts:
                context.leave(run)

        return ending

    def rounds(
        self, run: "Interpreter", node: "ast.For | ast.AsyncFor", iterable: Value, elements: list[Value] | None
    ) -> "tuple[list[Value], Callable[[], None]] | None":
        """Epochs and batches of a training loop are followed once, with the epoch unknown."""
        if elements is None:
            if not trains(run, node):
                return None
            state_of(run).loops.append(Loop(num_rounds=None, place=run.place(node), zeroes=zeroes(run, node)))
            return [_round_of(run, iterable)], lambda: _pop(state_of(run).loops)
        loader = _loader_in(run, iterable, elements)
        if loader is None and not (len(elements) > 1 and trains(run, node)):
            return None
        state = state_of(run)
        count = None if loader is not None else len(elements)
        state.loops.append(Loop(num_rounds=count, loader=loader, place=run.place(node), zeroes=zeroes(run, node)))
        chosen = elements[:1]
        if loader is None and elements and isinstance(elements[0], Constant):
            chosen = [Unknown(text="epoch")]
        elif loader is None and isinstance(elements[0], ListValue) and elements[0].items:
            rest = elements[0].items[1:]
            chosen = [ListValue([Unknown(text="index"), *rest], is_mutable=False)]
        return chosen, lambda: _pop(state.loops)


def _round_of(run: "Interpreter", iterable: Value) -> Value:
    """What a training loop over something unknown meets: a batch, or a number of an epoch."""
    element = iterable.element(run)
    if isinstance(element, ListValue) and element.items:  # of `enumerate`
        rest = [UnknownBatch("batch") if isinstance(item, Unknown) else item for item in element.items[1:]]
        return ListValue([element.items[0], *rest], is_mutable=False)
    is_count = iterable.text.startswith(("range", "count", "itertools"))
    return UnknownBatch("batch") if isinstance(element, Unknown) and not is_count else element


def _pop(loops: list[Loop]) -> None:
    loops.pop()


def _loader_in(run: "Interpreter", iterable: Value, elements: list[Value]) -> Loader | None:
    """The loader that a loop goes through, also inside of `enumerate` and `zip`."""
    if isinstance(iterable, Loader):
        return iterable
    batches = state_of(run).batches
    for value in elements[:1]:
        parts = value.items if isinstance(value, ListValue) and value.items is not None else []
        for part in (value, *parts):
            if id(part) in batches and batches[id(part)][0] is part:
                found = batches[id(part)][1]
                return found if isinstance(found, Loader) else None
    return None


def uses_torch(run: "Interpreter") -> bool:
    """Whether a source speaks of PyTorch, and not of Keras."""
    found = run.notes.get("uses torch")
    if found is None:
        text = run.source.text or "\n".join(run.source.cells)
        speaks = "torch" in text or "nn." in text
        found = run.notes["uses torch"] = speaks and "keras" not in text and "tensorflow" not in text
    return bool(found)


def _of_torch(path: str, name: str) -> Value | None:
    if path.startswith("torch.nn.functional."):
        found = loss_function(name)
        if found is not None:
            return found
        function = FUNCTIONS.get(name) or FUNCTIONS.get(name.rstrip("_"))
        return None if function is None else Native(name, _in_place(name, function))
    if path in _NO_GRAD:
        return NoGrad()
    if path == "torch.set_grad_enabled":
        return GradEnabled()
    if path == "torch.enable_grad":
        return NoGrad(False)
    if path in DATA:
        return DATA[path]
    if path.startswith("torch.optim.") and name in OPTIMISERS:
        return optimiser_class(name)
    if path.startswith("torch.optim."):
        return Native(name, lambda run, call: Unknown(text=name)) if name[0].isupper() else None
    if path.startswith("torch.nn.init."):
        return Native(name, _initialised)
    if path.startswith("torch.nn.utils.clip") or path.startswith("torch.nn.utils.vector"):
        return Native(name, _initialised)
    if path in ("torch.nn.Module", "torch.jit.ScriptModule"):
        return ModuleClass(path)
    if name in ("Sequential", "ModuleList", "ModuleDict") and path.startswith("torch.nn."):
        return ContainerClass(path)
    if name in ("Parameter", "UninitializedParameter") and path.startswith("torch.nn"):
        return Native(name, _parameter)
    if path.startswith("torch.nn.") and name in TORCH_LAYERS:
        return LayerClass(path, TORCH_LAYERS[name])
    if name in _IDENTITIES:
        return Native(name, _first)
    if path.startswith("torch.nn."):
        return loss_class(path)
    if path in ("torch.save", "torch.manual_seed", "torch.set_num_threads", "torch.cuda.manual_seed"):
        return Native(name, _initialised)
    if path.count(".") == 1 and (name in FUNCTIONS or name.rstrip("_") in FUNCTIONS):
        return Native(name, FUNCTIONS.get(name) or FUNCTIONS[name.rstrip("_")])
    if path.count(".") == 1 and name in _METHOD_FUNCTIONS:
        return Native(name, _as_method(name))
    return None


_METHOD_FUNCTIONS = (
    "permute", "transpose", "reshape", "squeeze", "unsqueeze", "chunk", "split", "unbind", "add", "sub", "mul", "div",
    "t", "tile", "swapaxes", "movedim", "gather", "index_select", "numel", "repeat_interleave", "multiply", "subtract",
)  # fmt: skip


def _as_method(name: str) -> Callable[["Interpreter", Call], Value]:
    """`torch.permute(x, …)` as `x.permute(…)`."""

    def handler(run: "Interpreter", call: Call) -> Value:
        first = call.argument(0, "input", "tensor")
        tensor = None if first is None else as_tensor(run, first.value)
        if tensor is None:
            return Unknown(text=name, sources=tuple(call.values))
        rest = replace(
            call,
            positional=call.positional[1:],
            keywords={key: value for key, value in call.keywords.items() if key not in ("input", "tensor")},
        )
        return attribute(run, tensor, name, call.place).call(run, rest)

    return handler


def _in_place(name: str, function: Callable[["Interpreter", Call], Value]) -> Callable[["Interpreter", Call], Value]:
    """`F.relu_(x)` changes `x` itself."""
    if not name.endswith("_"):
        return function

    def handler(run: "Interpreter", call: Call) -> Value:
        result = function(run, call)
        if call.positional:
            overwrite(call.positional[0].value, result)
        return result

    return handler


def _first(run: "Interpreter", call: Call) -> Value:
    """What only wraps its first argument."""
    return call.values[0] if call.values else Unknown()


def _range_bar(run: "Interpreter", call: Call) -> Value:
    from diabolo.checks.source.builtin_functions import BUILTINS

    return BUILTINS["range"].call(run, call)


def _initialised(run: "Interpreter", call: Call) -> Value:
    """Something that changes values, or saves them, and uses no layer."""
    return call.values[0] if call.values and isinstance(call.values[0], Tensor) else NONE


def _picture_function(name: str) -> Value:
    return Native(name, _shown)


def _shown(run: "Interpreter", call: Call) -> Value:
    for value in call.values:
        run.escape(value)
    return Unknown(text="picture")


def _parameter(run: "Interpreter", call: Call) -> Value:
    """`nn.Parameter(torch.randn(…))`."""
    data = call.value(0, "data")
    dims = dims_of(data) if data is not None else ()
    count = 1
    for size in dims:
        count *= max(size, 0)
    trained = count if dims and call.constant(1, "requires_grad", default=True) is not False else 0
    return add_parameter(run, dims, num_trainable=trained, place=call.place)


def _summary(run: "Interpreter", call: Call) -> Value:
    """`summary(model, (3, 32, 32))`: the sizes of an image, with or without the batch in front."""
    from diabolo.checks.source.torch_state import Example

    model, size = call.value(0, "model"), call.constant(1, "input_size", default=None)
    if isinstance(size, list) and size:
        size = size[0]
    if model is not None and isinstance(size, tuple) and size and all(isinstance(side, int) for side in size):
        sizes = size[1:] if len(size) == 4 or (len(size) == 2 and size[0] == 1) else size
        state_of(run).examples.append(Example(model=model, sizes=tuple(sizes), place=call.place))
    return Unknown(text="summary")
