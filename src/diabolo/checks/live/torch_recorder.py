"""Records one forward pass of a PyTorch module: each layer and function that runs, what it reads, what it puts out.

The pass is a real one, so that loops and branches on data are followed as they go; nothing is dropped from the record,
so that a result which nobody reads stays in it (`torch.export` and compilers leave it out). docs/decisions say more.
"""

import contextlib
import gc
import math
import sys
from collections.abc import Iterator, Mapping
from typing import TYPE_CHECKING, Any

from diabolo.checks.live import torch_functions as functions
from diabolo.checks.live.tape import Entry, Tape
from diabolo.checks.source.torch_kind import BATCH, known, shape_of
from diabolo.vocabulary import Shape, Value, Window

if TYPE_CHECKING:
    from torch import Tensor, nn

_CONTAINERS = ("Sequential", "ModuleList", "ModuleDict")
_SAME_VALUES = frozenset(
    ("contiguous", "to", "float", "half", "double", "bfloat16", "cuda", "cpu", "clone", "type_as", "alias")
)
"""Functions whose result holds the values that they get, so that they are no operation of a network."""


class Recorder:
    """Watches a module while `watching()` lasts."""

    def __init__(self, module: "nn.Module", batch_size: int) -> None:
        self.tape = Tape()
        self.batch_size = batch_size
        self.called: set[int] = set()
        self.results: dict[str, list[Entry]] = {}
        self.inside: list[str] = []
        self.failed_in = ""
        self.paths: dict[int, str] = {}
        for path, part in module.named_modules(remove_duplicate=False):
            self.paths.setdefault(id(part), path)
        self._owners = {
            id(value): (part, path)
            for path, part in module.named_modules()
            for value in (*part.parameters(recurse=False), *part.buffers(recurse=False))
        }
        self._depth = 0  # of layers that are looked at as a whole
        self._tensors: dict[int, Tensor] = {}  # kept alive, so that no other one gets the same id
        self._sources: dict[int, Entry] = {}
        self._gradients: dict[Any, Entry] = {}
        self._aliases: dict[int, set[int]] = {}
        self._constants = {
            id(value) for part in module.modules() for item in vars(part).values() for value in tensors_in(item)
        }
        self._counted: set[int] = set()

    @contextlib.contextmanager
    def watching(self) -> Iterator[None]:
        """Records what any code runs on tensors."""
        from torch.nn.modules import module as registry
        from torch.overrides import TorchFunctionMode

        recorder = self

        class Mode(TorchFunctionMode):
            def __torch_function__(self, function: Any, types: Any, arguments: Any = (), keywords: Any = None) -> Any:
                return recorder.run_function(function, arguments, keywords or {})

        before = registry.register_module_forward_pre_hook(self._enter)
        after = registry.register_module_forward_hook(self._leave, with_kwargs=True)
        try:
            with Mode():
                yield
        finally:
            before.remove()
            after.remove()

    def add_input(self, name: str, tensor: "Tensor") -> Entry:
        """An example that is handed to the module."""
        entry = self.tape.add(Entry(kind="input", title="Input", variable=name, shape=self._shape(tensor)))
        self._produce(entry, [tensor])
        return entry

    def source(self, tensor: "Tensor") -> Entry | None:
        """The operation that made a tensor; None for parameters and constants."""
        found = self._sources.get(id(tensor))
        if found is not None and found.blocks_gradient and _has_gradient_of_its_own(tensor):
            _let_through(found)
        if found is not None or id(tensor) in self._owners or id(tensor) in self._constants:
            return found
        if tensor.grad_fn is not None:
            return self._by_gradient(tensor)
        self._add_constants([tensor])
        for entry in self.tape.read_by_none():  # it came from nowhere that is seen: they may have had a part in it
            entry.is_kept = True
        return None

    def run_function(self, function: Any, arguments: Any, keywords: Any) -> Any:
        """A function or method of tensors, called by code that is not a layer of PyTorch's own."""
        name = functions.function_name(function)
        if self._depth:
            return function(*arguments, **keywords)
        if name == "iter" and tensors_in(arguments):
            return iter(arguments[0].unbind(0))
        read = tensors_in((arguments, keywords))
        sources = [self.source(tensor) for tensor in read]
        result = function(*arguments, **keywords)
        if name in functions.SIZES:
            return result
        made = tensors_in(result)
        if name == "setitem" or (name == "data" and result is None):
            made = read[:1]
        found = tuple(dict.fromkeys(source for source in sources if source is not None))
        if name.endswith("_like") or name.startswith("new"):
            found = ()  # it takes the sizes alone
        if not made:
            for entry in found:
                entry.is_kept = True
            return result
        weights = [tensor for tensor in read if id(tensor) in self._owners]
        if not found and not weights and name not in functions.RANDOM:
            self._add_constants(made)
            return result
        if name in _SAME_VALUES and len(found) == 1 and not weights:
            self._produce(found[0], made)
            return result
        is_changed_in_place = name == "setitem" or any(tensor is other for tensor in made for other in read)
        entry = self.tape.add(self._function_entry(name, found, weights, made[0], arguments, keywords))
        self._produce(entry, made, everywhere=is_changed_in_place)
        return result

    def mark_kept(self) -> None:
        """Marks operations whose results something outside of the pass still holds: an attribute, a list, a hook."""
        gc.collect()
        for key in list(self._sources):
            tensor = self._tensors[key]
            if sys.getrefcount(tensor) > 3:  # of this table, of `tensor`, and of the call itself
                self._sources[key].is_kept = True
            del tensor

    def kept_tensors(self) -> "list[Tensor]":
        """Results that something outside of the pass still holds; call `mark_kept` before."""
        return [self._tensors[key] for key, entry in self._sources.items() if entry.is_kept]

    def _add_constants(self, tensors: "list[Tensor]") -> None:
        for tensor in tensors:
            self._constants.add(id(tensor))
            self._tensors[id(tensor)] = tensor
            self._sources.pop(id(tensor), None)

    def _produce(self, entry: Entry, tensors: "list[Tensor]", *, everywhere: bool = False) -> None:
        """Says which operation made some tensors; `everywhere`: also whatever looks at the same memory."""
        for tensor in tensors:
            self._tensors[id(tensor)] = tensor
            self._sources[id(tensor)] = entry
            self._constants.discard(id(tensor))
            if tensor.grad_fn is not None:
                self._gradients[tensor.grad_fn] = entry
            memory = _memory(tensor)
            if memory is not None:
                same = self._aliases.setdefault(memory, set())
                same.add(id(tensor))
                if everywhere:
                    self._sources.update(dict.fromkeys(same, entry))

    def _by_gradient(self, tensor: "Tensor") -> Entry | None:
        """An unknown operation for a tensor that code outside of PyTorch's functions made, by its gradient's path."""
        waiting, seen, found = [tensor.grad_fn], set(), []
        while waiting:
            step = waiting.pop()
            if step is None or step in seen:
                continue
            seen.add(step)
            if step in self._gradients:
                found.append(self._gradients[step])
            else:
                waiting.extend(before for before, _ in step.next_functions)
        title = type(tensor.grad_fn).__name__.removesuffix("Backward")
        inputs = tuple(dict.fromkeys(found))
        entry = self.tape.add(Entry(kind="unknown", title=title, inputs=inputs, shape=self._shape(tensor)))
        self._produce(entry, [tensor])
        return entry

    def _shape(self, tensor: "Tensor") -> Shape:
        sizes = tuple(tensor.shape)
        return shape_of((BATCH, *sizes[1:])) if sizes and sizes[0] == self.batch_size else ()

    def _count(self, weights: list[Any]) -> tuple[int, int]:
        """Trainable and other values of parameters and buffers that no operation has counted so far."""
        trainable = frozen = 0
        for weight in weights:
            if id(weight) not in self._counted:
                self._counted.add(id(weight))
                trainable += weight.numel() if weight.requires_grad else 0
                frozen += 0 if weight.requires_grad else weight.numel()
        return trainable, frozen

    def _function_entry(
        self, name: str, inputs: tuple[Entry, ...], weights: list[Any], made: "Tensor", arguments: Any, keywords: Any
    ) -> Entry:
        import torch

        plain = name if name.endswith("__") else name.rstrip("_") or name
        kind = functions.KINDS.get(plain, "arithmetic")
        settings = functions.settings_of(plain, arguments, keywords)
        attributes = dict(functions.function_attributes(plain, settings))
        like = functions.function_kind(plain)
        window = Window() if like is None else like.window(like.settings(settings))
        if kind in ("add", "subtract", "multiply") and len(inputs) < 2:
            kind = "arithmetic"
        if kind == "arithmetic":
            attributes |= functions.arithmetic_attributes(plain, arguments)
        shape = self._shape(made)
        if kind == "reshape" and len(shape) == 1 and inputs and len(inputs[0].shape) > 1:
            kind = "flatten"
        if kind == "globalpool" and math.prod(shape[:-1]) != 1:
            kind = "avgpool"
        if kind == "up":
            kind, attributes, window = _resampled(inputs, shape, keywords)
        if not inputs:
            kind = "sample" if plain in functions.RANDOM else "constant"
        owner, path = self._owners.get(id(weights[0]), (None, "")) if weights else (None, "")
        title = plain if owner is None else type(owner).__name__
        trainable, frozen = self._count(weights)
        return Entry(
            kind=kind,
            title=title,
            inputs=inputs,
            shape=shape,
            attributes=attributes,
            layer=path,
            variable=path,
            num_trainable=trainable,
            num_non_trainable=frozen,
            is_trainable=not weights or any(weight.requires_grad for weight in weights),
            is_random=plain in functions.RANDOM,
            blocks_gradient=plain in functions.BLOCKING or not torch.is_grad_enabled(),
            window=window,
        )

    def _enter(self, module: "nn.Module", arguments: Any) -> None:
        self.called.add(id(module))
        self.inside.append(self.paths.get(id(module), type(module).__name__))
        if self._depth or is_layer(module):
            self._depth += 1

    def _leave(self, module: "nn.Module", arguments: Any, keywords: Any, result: Any) -> None:
        path = self.inside.pop()
        was_whole, self._depth = self._depth, max(1, self._depth)  # what is asked of tensors here is not recorded
        made = tensors_in(result)
        if was_whole == 1:
            read = tensors_in((arguments, keywords))
            entry = self.tape.add(self._layer_entry(module, path, read, made))
            is_changed_in_place = any(tensor is other for tensor in made for other in read)
            self._produce(entry, made, everywhere=is_changed_in_place)
        if was_whole <= 1:
            found = [self._sources.get(id(tensor)) for tensor in made]
            self.results[path] = [entry for entry in found if entry is not None]
        self._depth = max(0, was_whole - 1)

    def _layer_entry(self, module: "nn.Module", path: str, read: "list[Tensor]", made: "list[Tensor]") -> Entry:
        import torch

        sources = [self.source(tensor) for tensor in read]
        class_name = layer_class(module)
        kind = functions.layer_kind(class_name)
        settings = {} if kind is None else kind.settings(functions.module_settings(module, kind))
        shape = self._shape(made[0]) if made else ()
        name = _foreign(class_name) if kind is None else kind.kind
        if name == "globalpool" and math.prod(shape[:-1]) != 1:
            name = "avgpool"
        parameters = list(module.parameters())
        own = [*parameters, *(value for value in module.buffers() if value.is_floating_point())]
        trainable, frozen = self._count(own)
        is_registered = id(module) in self.paths
        return Entry(
            kind=name,
            title=class_name,
            inputs=tuple(dict.fromkeys(source for source in sources if source is not None)),
            shape=shape,
            attributes={} if kind is None else kind.attributes(settings),
            layer=path if is_registered else f"{class_name}@{id(module)}",
            variable=path if is_registered else "",
            num_trainable=trainable,
            num_non_trainable=frozen,
            is_trainable=not parameters or any(value.requires_grad for value in parameters),
            is_random=kind is not None and kind.is_random,
            blocks_gradient=not torch.is_grad_enabled(),
            window=Window() if kind is None else kind.window(settings),
        )


def tensors_in(value: Any, depth: int = 4) -> "list[Tensor]":
    """Tensors in a value, in order: itself, in lists, tuples, dicts and simple objects."""
    import torch

    if isinstance(value, torch.Tensor):
        return [value]
    if depth == 0 or value is None or isinstance(value, str | bytes | int | float | torch.nn.Module | type):
        return []
    if isinstance(value, Mapping):
        return [tensor for item in list(value.values()) for tensor in tensors_in(item, depth - 1)]
    if isinstance(value, list | tuple | set | frozenset):
        return [tensor for item in value for tensor in tensors_in(item, depth - 1)]
    inner = getattr(value, "__dict__", None)
    if not isinstance(inner, dict) or callable(value):
        return []
    return [tensor for item in list(inner.values()) for tensor in tensors_in(item, depth - 1)]


def is_layer(module: "nn.Module") -> bool:
    """Whether a module is looked at as a whole: a layer of PyTorch's own, or one that only sets it up differently."""
    import torch

    if isinstance(module, torch.jit.ScriptModule):
        return True
    own = next(cls for cls in type(module).__mro__ if cls.__module__.startswith(("torch.nn.modules", "torch.ao.nn")))
    if own is torch.nn.Module or own.__name__ in _CONTAINERS:
        return False
    is_as_in_torch = getattr(type(module), "forward", None) is getattr(own, "forward", None)
    return is_as_in_torch or type(module).__module__.startswith("torch.nn.utils.parametrize")


def layer_class(module: "nn.Module") -> str:
    """The class of PyTorch that a layer is of; its own where that is not known."""
    for cls in type(module).__mro__:
        if functions.layer_kind(cls.__name__) is not None and cls.__module__.startswith("torch."):
            return cls.__name__
    return type(module).__name__


def _has_gradient_of_its_own(tensor: "Tensor") -> bool:
    """Whether an `autograd.Function` of the user's, whose inside runs without gradients, made a tensor."""
    import torch

    return isinstance(tensor.grad_fn, torch.autograd.function.BackwardCFunction)


def _let_through(entry: Entry) -> None:
    """Takes back that the operations inside of such a function block the gradient."""
    waiting = [entry]
    while waiting:
        inner = waiting.pop()
        if inner.blocks_gradient:
            inner.blocks_gradient = False
            waiting.extend(inner.inputs)


def _memory(tensor: "Tensor") -> int | None:
    try:
        return tensor.untyped_storage().data_ptr() or None
    except (RuntimeError, NotImplementedError):  # sparse, meta and the like
        return None


def _foreign(class_name: str) -> str:
    lower = class_name.lower()
    if "attention" in lower or "transformer" in lower:
        return "attention"
    if class_name.startswith(("LSTM", "GRU", "RNN")):
        return "recurrent"
    if class_name.startswith("Embedding"):
        return "embedding"
    return "arithmetic" if lower.endswith(("loss", "similarity", "distance")) else "module"


def _resampled(inputs: tuple[Entry, ...], shape: Shape, keywords: Any) -> tuple[str, dict[str, Value], Window]:
    """`up` where both sides grow by the same whole number, else `resize`."""
    mode = keywords.get("mode", "nearest")
    before = inputs[0].shape if inputs else ()
    if len(before) == len(shape) == 3 and before[0] and before[1]:
        factors = {after / side for after, side in zip(shape[:2], before[:2], strict=True)}
        factor = factors.pop()
        if not factors and factor == int(factor) and factor >= 1:
            size = int(factor)
            kernel = size + 2 * (size // 2) if mode == "bilinear" else size
            return "up", known(size=size, mode=mode), Window(kernel=kernel, stride=1 / size, transposed=True)
    return "resize", known(mode=mode), Window()
