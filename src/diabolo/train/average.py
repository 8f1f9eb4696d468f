"""The moving average of weights over the steps of a training, which a recipe's `ema` asks for."""

import contextlib
from collections.abc import Iterator

import torch
from torch import Tensor, nn

from diabolo.errors import RunError
from diabolo.layers import Bottleneck


class WeightAverage:
    """ā ← d · ā + (1 − d) · w after each step, over all parameters and buffers that a run keeps.

    d = min(decay, (1 + t) / (10 + t)) after step t (from 0), so that the initial weights are soon forgotten. Whole
    numbers are taken as they are, and so are the buffers of bottlenecks: codes are moving averages already, and the
    mean of a dead code and the one that took its place is nobody's code. Polyak & Juditsky 1992,
    https://doi.org/10.1137/0330046; the warm-up as in TensorFlow's `ExponentialMovingAverage`.
    """

    def __init__(self, model: nn.Module, decay: float) -> None:
        self.decay = decay
        self._live = model.state_dict()  # they share memory with the model's
        self.tensors = {name: value.detach().clone() for name, value in self._live.items()}
        codes = _buffers_of_bottlenecks(model)
        names = [name for name, value in self._live.items() if value.is_floating_point() and name not in codes]
        self._pairs = [self.tensors[name] for name in names], [self._live[name] for name in names]
        self._others = [name for name in self._live if name not in set(names)]

    @torch.no_grad()
    def update(self, step: int) -> None:
        """Takes in the weights after step number `step` (from 0) of the training."""
        decay = min(self.decay, (1 + step) / (10 + step))
        if self._pairs[0]:
            torch._foreach_lerp_(*self._pairs, 1 - decay)
        for name in self._others:
            self.tensors[name].copy_(self._live[name])

    @torch.no_grad()
    def put(self, tensors: dict[str, Tensor]) -> None:
        """Puts back the averages that a state kept, by the names of the model's tensors; layouts stay as they are.

        Raises:
            RunError: names or shapes differ.
        """
        kept = {name: value.shape for name, value in tensors.items()}
        if kept != {name: value.shape for name, value in self.tensors.items()}:
            raise RunError("the averaged weights in this run's state do not belong to this line; train again")
        for name, value in self.tensors.items():
            value.copy_(tensors[name])

    @contextlib.contextmanager
    def applied(self) -> Iterator[None]:
        """Within the block the model has the averaged weights, afterwards its own again."""
        own = {name: value.clone() for name, value in self._live.items()}
        self.load()
        try:
            yield
        finally:
            _copy(own, self._live)

    def load(self) -> None:
        """Gives the model the averaged weights for good."""
        _copy(self.tensors, self._live)


def _buffers_of_bottlenecks(model: nn.Module) -> set[str]:
    return {
        f"{name}.{buffer}"
        for name, layer in model.named_modules()
        if isinstance(layer, Bottleneck)
        for buffer, _ in layer.named_buffers()
    }


@torch.no_grad()
def _copy(source: dict[str, Tensor], target: dict[str, Tensor]) -> None:
    for name, value in target.items():
        value.copy_(source[name])
