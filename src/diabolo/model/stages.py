"""Runs of a graph's nodes that the native engine takes as one stage, and how a model runs them."""

from dataclasses import dataclass, replace

import torch
from torch import Tensor, nn

from diabolo.graph import ModelGraph, Node
from diabolo.kernels import BatchNormValues, Form, StageInputs, run_stages
from diabolo.layers.convolution import Conv
from diabolo.layers.normalisation import BatchNorm
from diabolo.layers.sampling import MaxPool, Upsample

_WIDEST = 160  # channels in and out; 128 is as fast as torch, 256 a sixth slower (docs/decisions/007-stage-engine.md)

_MODULES = {"conv": Conv, "bn": BatchNorm, "relu": nn.ReLU, "pool": MaxPool, "up": Upsample}


@dataclass(frozen=True, kw_only=True)
class Stage:
    """A convolution with what stands around it."""

    form: Form
    """What is done."""
    conv: str
    """Name of the convolution."""
    bn: str | None = None
    """Name of the bn, on the line or beside it."""


@dataclass(frozen=True, kw_only=True)
class Step:
    """What a schedule runs at once: a single node, or the nodes of a stage."""

    nodes: tuple[tuple[Node, tuple[str, ...]], ...]
    """In order, each with the values that nothing needs any more after it."""
    inputs: tuple[str, ...]
    """Names of the values that it reads."""
    output: str
    """Name of the value that it gives."""
    stages: tuple[Stage, ...] = ()
    """How the engine runs it, one after the other; none where it cannot."""


def group_steps(graph: ModelGraph, nodes: list[Node], keep: str) -> list[Step]:
    """The nodes of one section in steps, in order of execution.

    Args:
        graph: theirs.
        nodes: in an order of execution.
        keep: name of the value that the section is run for.
    """
    here = {node.name for node in nodes}
    taken: set[str] = set()
    steps: list[Step] = []
    for node in nodes:
        if node.name in taken:
            continue
        step = _Finder(graph, here, keep).starting_at(node)
        if step is None:
            step = Step(nodes=((node, ()),), inputs=node.inputs, output=node.name)
        taken.update(inner.name for inner, _ in step.nodes)
        if steps and _can_join(graph, steps[-1], step, keep):
            step = _join(steps.pop(), step)
        steps.append(step)
    return steps


def can_run_fused(step: Step, layers: nn.ModuleDict, x: Tensor) -> bool:
    """Whether the engine may run the step now.

    All of it has to be float32 on the CPU; nothing may watch a layer, or stand in the place of one that was built.
    """
    if not step.stages or x.dtype != torch.float32 or x.device.type != "cpu" or x.dim() != 4 or not x.numel():
        return False
    if type(x) not in (Tensor, nn.Parameter) or torch.is_autocast_enabled("cpu"):
        return False
    if torch.compiler.is_compiling() or torch.jit.is_tracing() or _is_transformed():
        return False
    for node, _ in step.nodes:
        layer = layers[node.name]
        if type(layer) is not _MODULES[node.kind] or _is_watched(layer):
            return False
        if not all(map(_is_usual, (*layer.parameters(), *layer.buffers()))):
            return False
    if not _fits(step, layers, x.shape[1]):
        return False
    norms = [(layers[stage.bn], stage.form.side) for stage in step.stages if stage.bn is not None]
    if any(norm.training for norm, _ in norms) and _fewest_values(step, x) < 2:
        return False  # torch's path has the message for a batch without statistics
    if all(norm.training or side for norm, side in norms):
        return True
    return not _needs_gradient(x, *(layers[node.name] for node, _ in step.nodes))


def run_fused(step: Step, layers: nn.ModuleDict, x: Tensor) -> Tensor:
    """Runs a step's stages in the engine and moves bn's averages on."""
    norms = [None if stage.bn is None else layers[stage.bn] for stage in step.stages]
    z, statistics = run_stages(
        x, [_inputs(stage, layers[stage.conv], bn) for stage, bn in zip(step.stages, norms, strict=True)]
    )
    with torch.no_grad():
        for bn, (mean, variance) in zip(norms, statistics, strict=True):
            if isinstance(bn, BatchNorm) and bn.training:
                bn.moving_mean.lerp_(mean, 1 - bn.momentum)
                bn.moving_variance.lerp_(variance, 1 - bn.momentum)
    return z


def _inputs(stage: Stage, conv: nn.Module, bn: nn.Module | None) -> StageInputs:
    assert isinstance(conv, Conv)
    if bn is None:
        return StageInputs(form=stage.form, weight=conv.weight, bias=conv.bias)
    assert isinstance(bn, BatchNorm)
    values = BatchNormValues(eps=bn.eps, training=bn.training, mean=bn.moving_mean, variance=bn.moving_variance)
    gamma, beta = (None, None) if stage.form.side else (bn.weight, bn.bias)
    return StageInputs(form=stage.form, weight=conv.weight, bias=conv.bias, gamma=gamma, beta=beta, values=values)


def _fits(step: Step, layers: nn.ModuleDict, channels: int) -> bool:
    """Whether the parameters have the sizes that they were built with: the engine reads as much, whatever is there."""
    for stage in step.stages:
        conv, bn = layers[stage.conv], None if stage.bn is None else layers[stage.bn]
        assert isinstance(conv, Conv)
        if conv.weight.shape[1:] != (channels, 3, 3):
            return False
        if (conv.stride, conv.pad, conv.dilation, conv.groups) != (1, "same", 1, 1):
            return False
        channels = len(conv.weight)
        vectors: list[Tensor] = [] if conv.bias is None else [conv.bias]
        if isinstance(bn, BatchNorm):
            vectors += [bn.weight, bn.bias, bn.moving_mean, bn.moving_variance]
        if any(value.shape != (channels,) or not value.is_contiguous() for value in vectors):
            return False
    return True


def _fewest_values(step: Step, x: Tensor) -> int:
    """The smallest number of values that a bn of the step would take its statistics over."""
    height, width = x.shape[2:]
    counts = []
    for stage in step.stages:
        if stage.form.up:
            height, width = 2 * height, 2 * width
        before_pool = height * width
        if stage.form.pool:
            height, width = (height + 1) // 2, (width + 1) // 2
        if stage.bn is not None:
            counts.append(height * width if stage.form.bn == 2 else before_pool)
    return len(x) * min(counts)


def _is_usual(value: Tensor) -> bool:
    return value.dtype == torch.float32 and value.device.type == "cpu" and type(value.data) is Tensor


def _needs_gradient(x: Tensor, *layers: nn.Module) -> bool:
    if not torch.is_grad_enabled():
        return False
    return x.requires_grad or any(value.requires_grad for layer in layers for value in layer.parameters())


def _is_watched(layer: nn.Module) -> bool:
    """Whether hooks want to see the layer's values."""
    hooks = (layer._forward_hooks, layer._forward_pre_hooks, layer._backward_hooks, layer._backward_pre_hooks)
    everywhere = nn.modules.module
    return any(hooks) or bool(
        everywhere._global_forward_hooks
        or everywhere._global_forward_pre_hooks
        or everywhere._global_backward_hooks
        or everywhere._global_backward_pre_hooks
    )


def _is_transformed() -> bool:
    """Whether one of torch.func's transforms (vmap, jvp) or forward-mode differentiation is at work."""
    return torch._C._functorch.peek_interpreter_stack() is not None or torch.autograd.forward_ad._current_level >= 0


class _Finder:
    """Finds the longest step that starts at a node."""

    def __init__(self, graph: ModelGraph, here: set[str], keep: str) -> None:
        self.graph, self.here, self.keep = graph, here, keep
        self.nodes: list[Node] = []
        self.stages: list[Stage] = []

    def starting_at(self, first: Node) -> Step | None:
        """The step, or None where the engine knows nothing that starts here."""
        node: Node | None = first
        up = _is_usual_up(first)
        if up:
            self.nodes.append(first)
            node = self._next(first)
        if node is None or not _is_usual_conv(node) or _is_faster_on_torch(self.graph, node, up):
            return None
        output = node
        while node is not None:
            output, node = self._stage(node, up)
            up = True
        return _make_step(self.nodes, first.inputs, output.name, tuple(self.stages))

    def _stage(self, conv: Node, up: bool) -> tuple[Node, Node | None]:
        """Adds one stage; its last node on the line, and the convolution of a stage that has to follow in the step."""
        form, bn = Form(up=up), None
        self.nodes.append(conv)
        last = conv
        while True:
            side = self._side(last, form)
            if side is not None:
                self.nodes.append(side)
                form, bn = replace(form, side=True), side.name
            following = self._next(last, beside=side)
            grown = None if following is None else _grow(form, following)
            if following is None or grown is None:
                break
            form, last = grown, following
            bn = following.name if following.kind == "bn" else bn
            self.nodes.append(following)
        ahead = self._past_up(last, form)
        if ahead is None:
            self.stages.append(Stage(form=form, conv=conv.name, bn=bn))
            return last, None
        form, passed, following = ahead
        self.nodes.extend(passed)
        bn = next((node.name for node in passed if node.kind == "bn"), bn)
        self.stages.append(Stage(form=form, conv=conv.name, bn=bn))
        return passed[-1], following

    def _past_up(self, last: Node, form: Form) -> tuple[Form, list[Node], Node] | None:
        """`up`, bn or relu, and then a convolution: bn and relu give the same before `up`, on a quarter of the values.

        The form with bn and relu; the nodes up to them; the convolution.
        """
        node = self._next(last)
        if node is None or not _is_usual_up(node) or form.side:
            return None
        passed = [node]
        while True:
            node = self._next(passed[-1])
            if node is None:
                return None
            if len(passed) > 1 and _is_usual_conv(node):
                return form, passed, node
            grown = _grow(form, node) if node.kind in ("bn", "relu") else None
            if grown is None:
                return None
            form = grown
            passed.append(node)

    def _next(self, node: Node, beside: Node | None = None) -> Node | None:
        """The only node that reads this one (but for one beside the line); None where others see the value."""
        consumers = [other for other in self.graph.consumers(node.name) if other is not beside]
        if len(consumers) != 1 or self._is_seen(node) or consumers[0].name not in self.here:
            return None
        return consumers[0]

    def _side(self, node: Node, form: Form) -> Node | None:
        """A bn beside the line, whose result nobody reads; not after a pool or another bn."""
        if form.bn or form.pool or form.side:
            return None
        consumers = self.graph.consumers(node.name)
        sides = [other for other in consumers if other.kind == "bn" and not self.graph.consumers(other.name)]
        sides = [other for other in sides if not self._is_seen(other) and other.name in self.here]
        return sides[0] if len(sides) == 1 else None

    def _is_seen(self, node: Node) -> bool:
        return node.name in (self.keep, self.graph.latent, self.graph.output)


def _can_join(graph: ModelGraph, first: Step, second: Step, keep: str) -> bool:
    """Whether the second step alone reads what the first gives, and the engine knows both."""
    return (
        bool(first.stages and second.stages)
        and second.inputs == (first.output,)
        and first.output not in (keep, graph.latent, graph.output)
        and len(graph.consumers(first.output)) == 1
    )


def _join(first: Step, second: Step) -> Step:
    nodes = [node for step in (first, second) for node, _ in step.nodes]
    return _make_step(nodes, first.inputs, second.output, (*first.stages, *second.stages))


def _make_step(nodes: list[Node], inputs: tuple[str, ...], output: str, stages: tuple[Stage, ...]) -> Step:
    last_use: dict[str, int] = {}
    for index, node in enumerate(nodes):
        last_use[node.name] = index
        last_use.update(dict.fromkeys(node.inputs, index))
    last_use.pop(output)
    with_finished = tuple(
        (node, tuple(name for name, last in last_use.items() if last == index)) for index, node in enumerate(nodes)
    )
    return Step(nodes=with_finished, inputs=inputs, output=output, stages=stages)


def _is_usual_up(node: Node) -> bool:
    return node.kind == "up" and node.attributes["size"] == 2 and node.attributes["mode"] == "nearest"


def _is_faster_on_torch(graph: ModelGraph, conv: Node, up: bool) -> bool:
    """Wide layers are all multiplication; the engine's tiles take their weights from too far away there."""
    return not up and graph[conv.inputs[0]].shape[2] > _WIDEST and conv.shape[2] > _WIDEST


def _is_usual_conv(node: Node) -> bool:
    wanted = {"k": 3, "stride": 1, "pad": "same", "dilation": 1, "groups": 1}
    return node.kind == "conv" and all(node.attributes[name] == value for name, value in wanted.items())


def _grow(form: Form, node: Node) -> Form | None:
    """The form with one more operation after it; None where the engine has no such form."""
    if node.kind == "relu" and not form.side:
        return replace(form, relu_after=True) if form.bn else replace(form, relu=True)
    if node.kind == "bn" and not form.bn and not form.side:
        return replace(form, bn=2 if form.pool else 1)
    if node.kind == "pool" and node.attributes["size"] == 2 and not form.pool:
        return replace(form, pool=True)
    return None
