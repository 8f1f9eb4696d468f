"""`AutoEncoder`: a graph as a plain torch module with `encode`, `decode` and `forward`."""

import torch
from torch import Tensor, nn

from diabolo.errors import DiaboloError
from diabolo.graph import ModelGraph, Node, Summary, summarise
from diabolo.layers import Bottleneck, build_layer
from diabolo.layers.contractive import ContractivePenalty
from diabolo.model.engine import choose_engine
from diabolo.model.main_path import names_in_float32
from diabolo.model.stages import Step, can_run_fused, group_steps, run_fused
from diabolo.vocabulary import describe


class AutoEncoder(nn.Module):
    """An autoencoder built from a graph; works in anybody's training loop.

    Images are Float[Tensor, "batch channels height width"] in [0, 1]; memory is channels-last inside, whatever comes
    in. Images of another height and width than the graph's are taken where no layer is flat (none is `dense`) and the
    decoder gives their size back.

    The loss of a training step is `criterion(model(images), images) + model.penalty()`, the second term being zero
    unless a bottleneck asks for one. Layers of side branches are built and called, and their results dropped. A ReLU
    may overwrite its input where no other layer and no caller sees it: a forward hook that keeps the output of the
    layer before it should keep a copy.

    On a CPU runs of layers may go through the native stage engine (`diabolo.kernels`); parameters, buffers and results
    are the same but for rounding. `engine` says which: `plain` (torch, the reference), `fused`, or `auto` (`fused`
    where it was built); None takes the environment's `DIABOLO_ENGINE`, or `plain`. A layer with hooks runs on torch,
    and so does all that the engine does not know.

    Under autocast the sums of residual blocks, and a linear main path beside their branches, stay in float32.
    """

    def __init__(self, graph: ModelGraph, *, engine: str | None = None) -> None:
        super().__init__()
        self.graph = graph
        self.engine = choose_engine(engine)
        self.layers = nn.ModuleDict({node.name: build_layer(node, graph) for node in graph.nodes[1:]})
        self._watchers = [
            layer
            for name, layer in self.layers.items()
            if isinstance(layer, ContractivePenalty) and name in graph.connected
        ]
        if self._watchers:
            self.engine = "plain"  # the fused stages have no second derivative
        encoder = [node for node in graph.nodes[1:] if node.section != "decoder"]
        decoder = [node for node in graph.nodes[1:] if node.section == "decoder"]
        self._encoder = _schedule(graph, encoder, keep=graph.latent)
        self._decoder = _schedule(graph, decoder, keep=graph.output)
        self._to_logits = self._schedule_to_logits(decoder) if self.has_logits else None
        self._in_float32 = names_in_float32(graph)
        self._takes_any_size = all(len(node.shape) == 3 for node in graph.nodes)
        self.to(memory_format=torch.channels_last)  # type: ignore[call-overload]  # missing from torch's annotations

    @property
    def line(self) -> str | None:
        """The canonical line of the model."""
        return self.graph.line

    @property
    def has_logits(self) -> bool:
        """Whether the last layer is a sigmoid, so that `logits` can leave it out."""
        output = self.graph[self.graph.output]
        return output.kind == "sigmoid" and output.section == "decoder"

    @property
    def is_random(self) -> bool:
        """Whether a training pass draws random numbers."""
        return any(node.is_random for node in self.graph.nodes)

    def forward(self, images: Tensor) -> Tensor:
        """Float[Tensor, "batch channels height width"] in [0, 1] -> reconstruction of the same shape.

        Raises:
            DiaboloError: as `encode`; or this model does not give images of that size back.
        """
        return self._same_size(self.decode(self.encode(images)), images)

    def encode(self, images: Tensor) -> Tensor:
        """Images -> latent: Float[Tensor, "batch channels height width"], or "batch features" for a dense waist.

        Raises:
            DiaboloError: the images are not float, or have another number of channels or (dense waist) another size.
        """
        self._check(images)
        for watcher in self._watchers:
            images = watcher.watch(images)
        return self._run(self._encoder, self.graph.input.name, images)

    def decode(self, latent: Tensor) -> Tensor:
        """Latent -> images, Float[Tensor, "batch channels height width"]."""
        return self._run(self._decoder, self.graph.latent, latent)

    def logits(self, images: Tensor) -> Tensor:
        """The reconstruction before its final sigmoid; for a loss that takes logits. Only where `has_logits`."""
        assert self._to_logits is not None, "the model does not end in a sigmoid"
        return self._same_size(self._run(self._to_logits, self.graph.latent, self.encode(images)), images)

    def penalty(self) -> Tensor:
        """What the bottlenecks add to the loss after the last training pass: a scalar, 0 for most models."""
        terms = [
            layer.penalty
            for name, layer in self.layers.items()
            if isinstance(layer, Bottleneck) and layer.penalty is not None and name in self.graph.connected
        ]
        if terms:
            return torch.stack(terms).sum()
        parameter = next(self.parameters(), None)
        return torch.zeros(()) if parameter is None else parameter.new_zeros(())

    def summary(self) -> Summary:
        """The Keras-style table with totals, latent, cost and unconnected layers."""
        return summarise(self.graph)

    def _run(self, schedule: "_Schedule", start: str, x: Tensor) -> Tensor:
        if x.dim() == 4:
            x = x.contiguous(memory_format=torch.channels_last)
        values = {start: x}
        for step, finished in schedule.steps:
            if self.engine == "fused" and can_run_fused(step, self.layers, values[step.inputs[0]]):
                values[step.output] = run_fused(step, self.layers, values[step.inputs[0]])
            else:
                inner = {name: values[name] for name in step.inputs}
                for node, done in step.nodes:
                    inner[node.name] = self._call(node, [inner[name] for name in node.inputs])
                    for name in done:
                        del inner[name]
                values[step.output] = inner[step.output]
            for name in finished:
                del values[name]
        return values[schedule.keep]

    def _call(self, node: Node, inputs: list[Tensor]) -> Tensor:
        layer, device = self.layers[node.name], inputs[0].device.type
        if node.name not in self._in_float32 or not torch.is_autocast_enabled(device):
            return layer(*inputs)
        with torch.autocast(device, enabled=False):
            return layer(*[value.float() for value in inputs])

    def _schedule_to_logits(self, decoder: list[Node]) -> "_Schedule":
        """The decoder without its final sigmoid, unless a side branch reads that."""
        output = self.graph[self.graph.output]
        if not self.graph.consumers(output.name):
            decoder = [node for node in decoder if node is not output]
        return _schedule(self.graph, decoder, keep=output.inputs[0])

    def _same_size(self, result: Tensor, images: Tensor) -> Tensor:
        if result.shape != images.shape:
            height, width, _ = self.graph.input_shape
            raise DiaboloError(
                f"images of {images.shape[2]}×{images.shape[3]} come out as {result.shape[2]}×{result.shape[3]}: the "
                f"model was made for {height}×{width}; resize the images, or build it with their own `input_shape`"
            )
        return result

    def _check(self, images: Tensor) -> None:
        shape = self.graph.input_shape
        if not images.is_floating_point():
            raise DiaboloError(
                f"`images` are {images.dtype}; pass floats in [0, 1], as in `images.float() / 255`, "
                "with axes (batch, channels, height, width)"
            )
        fits = images.dim() == 4 and images.shape[1] == shape[2]
        if not fits or not (self._takes_any_size or tuple(images.shape[2:]) == shape[:2]):
            got = tuple(images.shape)
            hint = ""
            if not fits and images.dim() == 4 and images.shape[3] == shape[2]:
                hint = "; these look channels-last: pass `images.permute(0, 3, 1, 2)`"
            raise DiaboloError(
                f"`images` have shape {got}; this model takes (batch, {shape[2]}, {shape[0]}, {shape[1]}){hint}"
            )

    def __str__(self) -> str:
        return f"AutoEncoder({self.line}) for {describe(self.graph.input_shape)} images"

    def _repr_html_(self) -> str:
        return self.summary()._repr_html_()


class _Schedule:
    """Steps in order, each with the values that nothing needs any more after it."""

    def __init__(self, steps: list[tuple[Step, tuple[str, ...]]], keep: str) -> None:
        self.steps = steps
        self.keep = keep


def _schedule(graph: ModelGraph, nodes: list[Node], keep: str) -> _Schedule:
    steps = group_steps(graph, nodes, keep)
    last_use: dict[str, int] = {}
    for index, step in enumerate(steps):
        last_use[step.output] = index  # a side branch's end is dropped at once
        last_use.update(dict.fromkeys(step.inputs, index))
    last_use.pop(keep, None)
    return _Schedule(
        [(step, tuple(name for name, last in last_use.items() if last == index)) for index, step in enumerate(steps)],
        keep,
    )
