"""A live `torch.nn.Module` as a subject: one real pass, forward and backward, through a copy of it."""

import copy
import random
from collections.abc import Iterator, Mapping
from dataclasses import replace
from typing import TYPE_CHECKING, Any

from diabolo.checks.live import torch_functions as functions
from diabolo.checks.live.assemble import assemble
from diabolo.checks.live.tape import Entry
from diabolo.checks.live.torch_gradient import gradient_problems, with_gradients
from diabolo.checks.live.torch_idle import idle_layers
from diabolo.checks.live.torch_recorder import Recorder, tensors_in
from diabolo.checks.subject import Problem, Subject
from diabolo.errors import DiaboloError, clip
from diabolo.graph import Node
from diabolo.vocabulary import Shape

if TYPE_CHECKING:
    from torch import Tensor, nn

_SIZES = ("size mismatch", "shapes cannot be multiplied", "must match", "expected input", "channels", "size of tensor",
          "Expected more than 1 value", "is invalid for input of size", "Output size is too small",
          "Kernel size can't be greater", "Calculated padded input size", "inconsistent tensor size")  # fmt: skip
"""Parts of PyTorch's messages about sizes that do not fit."""


def read_module(
    module: "nn.Module", *, input_shape: Shape | None = None, example: Any = None, name: str = ""
) -> Subject:
    """What one real pass through a module shows: wiring, shapes, parameters, and which of them get no gradient.

    A copy runs, in training mode; the module itself, its mode, averages, gradients and hooks, and the program's random
    numbers are left as they are.

    Args:
        module: any PyTorch module.
        input_shape: (height, width, channels) of an image, where it takes a batch of images and nothing else.
        example: what it takes instead: a tensor, a tuple of arguments, or a dict of named ones.
        name: how messages call it; its class by default.

    Raises:
        DiaboloError: neither `input_shape` nor `example` is given, or the example is no such thing.
    """
    name = name or type(module).__name__
    module = _unwrapped(module)
    arguments, keywords, batch_size = _example(module, input_shape, example, name)
    try:
        twin = _copied(module)
    except Exception as error:  # any class may refuse to be copied, in its own way
        return _unread(
            name, f"`{name}` cannot be copied ({_said(error)}), and is not run itself; its wiring is not seen"
        )
    return _run(twin, arguments, keywords, batch_size, name)


def _run(
    module: "nn.Module", arguments: tuple[Any, ...], keywords: dict[str, Any], batch_size: int, name: str
) -> Subject:
    import torch

    recorder = Recorder(module, batch_size)
    for entry_name, tensor in _named_tensors(module, arguments, keywords):
        recorder.add_input(entry_name, tensor)
    with _random_numbers_kept(), torch.enable_grad():
        module.train()
        try:
            with recorder.watching():
                output = module(*arguments, **keywords)
        except Exception as error:  # whatever the module's own code raises
            return _stopped(recorder, name, error)
        results = tensors_in(output)
        outputs = _outputs(recorder, results, arguments, keywords)
        if not outputs:
            return _unread(name, f"`{name}` gives no tensor that depends on its input ({_what(output)})")
        recorder.mark_kept()
        idle = idle_layers(module, recorder)
        entries = recorder.tape.entries
        latent = _split(recorder, entries, outputs[0])
        assembled = assemble(
            entries, outputs, name=name, origin="torch", latent=latent, idle=tuple(map(_idle_node, idle))
        )
        problems = gradient_problems(module, recorder, results, assembled.graph, [path for path, _ in idle])
        graph = with_gradients(module, assembled.graph)
    return Subject(source=name, graphs=(graph,), problems=tuple(replace(item, model=name) for item in problems))


def _outputs(recorder: Recorder, results: "list[Tensor]", arguments: Any, keywords: Any) -> list[Entry]:
    """Operations that made the results, the reconstruction first: it has the size of the images."""
    given = {tuple(tensor.shape) for tensor in tensors_in((arguments, keywords))}
    order = sorted(results, key=lambda tensor: tuple(tensor.shape) not in given)
    found = [recorder.source(tensor) for tensor in order]
    return list(dict.fromkeys(entry for entry in found if entry is not None))


def _split(recorder: Recorder, entries: list[Entry], output: Entry) -> Entry | None:
    """What the writer's own `encoder` hands on, where the module has a part of that name that gives one tensor."""
    for path, results in recorder.results.items():
        if path in ("encoder", "encode", "enc") and len(results) == 1 and results[0] is not output:
            return results[0]
    return None


def _idle_node(item: "tuple[str, nn.Module]") -> Node:
    path, module = item
    kind = functions.layer_kind(type(module).__name__)
    parameters = list(module.parameters())
    return Node(
        name=path,
        kind="module" if kind is None else kind.kind,
        title=type(module).__name__,
        inputs=(),
        shape=(),
        section="encoder",
        attributes={} if kind is None else kind.attributes(kind.settings(functions.module_settings(module, kind))),
        num_trainable=sum(value.numel() for value in parameters if value.requires_grad),
        num_non_trainable=sum(value.numel() for value in parameters if not value.requires_grad),
        layer=path,
        variable=path,
    )


def _unwrapped(module: "nn.Module") -> "nn.Module":
    """The module inside of `torch.compile` and of data-parallel wrappers."""
    for attribute in ("_orig_mod", "module"):
        inner = getattr(module, attribute, None)
        if (
            type(module).__name__ in ("OptimizedModule", "DataParallel", "DistributedDataParallel")
            and inner is not None
        ):
            return _unwrapped(inner)
    return module


def _copied(module: "nn.Module") -> "nn.Module":
    """A copy without the hooks that users hung on it; results that the last pass left in attributes are not copied."""
    memo: dict[int, Any] = {}
    for part in module.modules():
        for key, item in vars(part).items():
            for tensor in () if key in ("_parameters", "_buffers", "_modules") else tensors_in(item):
                if tensor.grad_fn is not None:
                    memo[id(tensor)] = tensor.detach()
    twin = copy.deepcopy(module, memo)
    for part in twin.modules():
        for name in ("_forward_hooks", "_forward_pre_hooks", "_backward_hooks", "_backward_pre_hooks"):
            hooks = getattr(part, name)
            for key in [key for key, hook in hooks.items() if not _is_of_torch(hook)]:
                del hooks[key]
    for parameter in twin.parameters():
        parameter.grad = None
    return twin


def _is_of_torch(hook: Any) -> bool:
    """Whether a hook is PyTorch's own, as those that keep a weight's norm; the layer would not work without it."""
    return str(getattr(hook, "__module__", None) or type(hook).__module__).startswith("torch.")


def _example(
    module: "nn.Module", input_shape: Shape | None, example: Any, name: str
) -> tuple[tuple[Any, ...], dict[str, Any], int]:
    import torch

    parameter = next((value for value in module.parameters() if value.is_floating_point()), None)
    device = torch.device("cpu") if parameter is None else parameter.device
    dtype = torch.float32 if parameter is None else parameter.dtype
    if example is None:
        if input_shape is None:
            raise DiaboloError(
                f"a PyTorch module does not say what it takes: write `check(model, input_shape=(32, 32, 3))` with "
                f"height, width and channels of the images that `{clip(name)}` is for, or `check(model, "
                "example=batch)` with what its `forward` takes"
            )
        generator = torch.Generator().manual_seed(0)
        height, width, channels = input_shape
        example = torch.rand(2, channels, height, width, generator=generator).to(device, dtype)
    if isinstance(example, Mapping):
        arguments, keywords = (), dict(example)
    else:
        arguments, keywords = tuple(example) if isinstance(example, tuple | list) else (example,), {}
    tensors = tensors_in((arguments, keywords))
    if not tensors:
        raise DiaboloError(
            f"`example` ({type(example).__name__}) holds no tensor; give a batch of images (batch, channels, height, "
            "width), a tuple of arguments, or a dict of named ones"
        )
    # A pass may change its input in place; the caller's tensors are left alone.
    fresh = {id(tensor): tensor.detach().clone() for tensor in tensors}
    arguments, keywords = copy.deepcopy((arguments, keywords), dict(fresh))
    sizes = [tensor.shape[0] for tensor in tensors if tensor.dim() > 1]
    return arguments, keywords, sizes[0] if sizes else 0


def _named_tensors(module: "nn.Module", arguments: Any, keywords: Any) -> Iterator[tuple[str, "Tensor"]]:
    code = getattr(getattr(type(module).forward, "__code__", None), "co_varnames", ())
    names = [*code[1 : len(arguments) + 1], *(f"input_{index}" for index in range(len(arguments)))][: len(arguments)]
    for name, value in (*zip(names, arguments, strict=True), *keywords.items()):
        for tensor in tensors_in(value):
            yield name, tensor


class _random_numbers_kept:  # noqa: N801  (used as a context, in which nothing else changes)
    """Puts PyTorch's, NumPy's and Python's own random numbers back."""

    def __enter__(self) -> None:
        import numpy as np
        import torch

        self.fork = torch.random.fork_rng()
        self.fork.__enter__()
        self.numpy = np.random.get_state()
        self.python = random.getstate()

    def __exit__(self, *error: Any) -> None:
        import numpy as np

        random.setstate(self.python)
        np.random.set_state(self.numpy)
        self.fork.__exit__(None, None, None)


def _stopped(recorder: Recorder, name: str, error: Exception) -> Subject:
    path = recorder.inside[-1] if recorder.inside else ""
    where = f" in `{path}`" if path else ""
    message = f"`{name}` stops{where} with {_said(error)}"
    is_about_sizes = isinstance(error, RuntimeError | ValueError) and any(word in str(error) for word in _SIZES)
    problem = Problem(
        rule="AE201" if is_about_sizes and path else "AE002",
        message=message,
        remedy="If its images have another size, give their `input_shape`, or an `example` of what `forward` takes.",
        model=name,
    )
    return Subject(source=name, problems=(problem,))


def _unread(name: str, message: str) -> Subject:
    remedy = "Check the source file of the class instead, or its parts one by one."
    return Subject(source=name, problems=(Problem(rule="AE002", message=message, remedy=remedy, model=name),))


def _said(error: Exception) -> str:
    lines = str(error).strip().splitlines() or [""]
    text = lines[0] if len(lines[0]) <= 300 else lines[0][:300] + "…"
    return f"{type(error).__name__}: {text}" if text else type(error).__name__


def _what(output: Any) -> str:
    return f"its `forward` returns {'None' if output is None else 'a ' + type(output).__name__}"
