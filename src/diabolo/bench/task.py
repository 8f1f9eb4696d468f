"""What every engine is asked to do: a network of the question's kind, images, a batch; and what that costs at least."""

from dataclasses import dataclass
from pathlib import Path
from typing import Any

from diabolo.errors import DiaboloError
from diabolo.graph import ModelGraph, build_graph
from diabolo.notation import Layer, Side, Spec

_KINDS = ("conv", "relu", "bn", "pool", "up", "sigmoid")
_BYTES = 4  # of a float32


@dataclass(frozen=True, kw_only=True)
class Task:
    """One network on one batch of one size of images."""

    line: str
    """The network."""
    batch: int
    """Images a step."""
    image_shape: tuple[int, int, int]
    """(height, width, channels)."""
    images: Path
    """An `.npy` file of uint8 images (N, height, width, channels)."""
    threads: int
    """CPU threads that an engine may use."""
    seed: int = 0
    """Of initial weights and order."""

    def message(self) -> dict[str, Any]:
        """The task as a worker takes it: the line for diabolo, its layers one by one for the others."""
        return {
            "line": self.line,
            "layers": layers_of(self.line),
            "batch": self.batch,
            "shape": list(self.image_shape),
            "images": str(self.images),
            "threads": self.threads,
            "seed": self.seed,
        }


def layers_of(line: str) -> list[dict[str, Any]]:
    """The layers of a line in order, each with its `kind`, `channels` (conv) and whether it is a `side` branch.

    Raises:
        DiaboloError: a layer that not every engine has, or one with settings.
    """
    from diabolo.notation import parse

    spec = parse(line)
    found: list[dict[str, Any]] = []
    for item in (*spec.encoder, *spec.bottleneck, *spec.decoder):
        layers = item.items if isinstance(item, Side) else (item,)
        for layer in layers:
            _check(layer, spec)
            assert isinstance(layer, Layer)
            entry: dict[str, Any] = {"kind": layer.kind, "side": isinstance(item, Side)}
            if layer.kind == "conv":
                entry["channels"] = layer.count
            found.append(entry)
    return found


def _check(layer: object, spec: Spec) -> None:
    if isinstance(layer, Layer) and layer.kind in _KINDS and not layer.settings:
        return
    what = "a group or a nested branch"
    if isinstance(layer, Layer):
        what = f"`{layer.kind}`" + (" with settings" if layer.settings else "")
    raise DiaboloError(
        f"`{spec}`: the other engines are given {', '.join(_KINDS)} without settings, and this line has {what}; "
        "compare a line of those, as `diabolo bench method-2`"
    )


@dataclass(frozen=True, kw_only=True)
class Work:
    """The least that a training step does for one image, counted from the graph."""

    flops: int
    """Floating-point operations: convolutions forward, their weight gradients, and their input gradients but the
    first layer's; 34.5 million for the question's network. Nothing else is counted."""
    traffic: int
    """Bytes between layers and memory if each layer reads its input and writes its output, and on the way back reads
    both and the gradient and writes a gradient. An engine that fuses layers moves less."""


def count_work(line: str, image_shape: tuple[int, int, int]) -> Work:
    """Counts a training step of one image."""
    return _work(build_graph(line, image_shape))


def _work(graph: ModelGraph) -> Work:
    macs, traffic, is_first = 0, 0, True
    for node in graph.layers[1:]:
        inside = _values(graph[node.inputs[0]].shape)
        outside = _values(node.shape)
        passes = 3
        if node.macs:
            passes, is_first = (2, False) if is_first else (3, False)
        macs += passes * node.macs
        forward = inside + outside
        backward = inside + outside + outside + (0 if graph[node.inputs[0]].kind == "input" else inside)
        traffic += (forward + backward) * _BYTES
    return Work(flops=2 * macs, traffic=traffic)


def _values(shape: tuple[int, ...]) -> int:
    total = 1
    for side in shape:
        total *= side
    return total


def widened(line: str, factor: float) -> str:
    """The line with the channels of every convolution but the last times `factor`."""
    from diabolo.notation import parse

    words, count = [], 0
    total = sum(word.startswith("conv") for word in str(parse(line)).split())
    for word in str(parse(line)).split():
        if word.startswith("conv"):
            count += 1
            if count < total:
                word = f"conv{max(1, round(int(word[4:]) * factor))}"
        words.append(word)
    return " ".join(words)
