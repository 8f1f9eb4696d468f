"""Optimisers by name, and the learning rate as a function of the step."""

import math
from collections.abc import Callable, Iterable
from typing import Any

import torch
from torch import nn

from diabolo.train.recipe import Recipe


class KerasAdam(torch.optim.Adam):
    """Adam as Keras computes it: w ← w − η · √(1 − β₂ᵗ) / (1 − β₁ᵗ) · m / (√v + ε), with ε = 1e-7.

    torch adds ε to √(v / (1 − β₂ᵗ)) instead, so its ε is set to Keras's over √(1 − β₂ᵗ) at each step; the two are then
    the same update. Kingma & Ba 2014, https://arxiv.org/abs/1412.6980, the form before its section 2.1. Weight decay
    is Keras's too: w ← w − η · decay · w before the update.

    Args:
        params: what to train.
        lr: η.
        weight_decay: the decay.
        eps: ε.
        num_steps: updates already made, for the moments that a resume puts back.
    """

    def __init__(
        self,
        params: Iterable[nn.Parameter],
        lr: float,
        weight_decay: float = 0.0,
        eps: float = 1e-7,
        num_steps: int = 0,
    ) -> None:
        super().__init__(params, lr=lr, weight_decay=weight_decay, eps=eps, fused=True, decoupled_weight_decay=True)
        self.keras_eps = eps
        self.num_steps = num_steps

    def step(self, closure: Any = None) -> Any:
        """One update."""
        self.num_steps += 1
        for group in self.param_groups:
            group["eps"] = self.keras_eps / math.sqrt(1 - group["betas"][1] ** self.num_steps)
        return super().step(closure)


def make_optimiser(parameters: Iterable[nn.Parameter], recipe: Recipe, *, num_steps: int = 0) -> torch.optim.Optimizer:
    """The optimiser of a recipe over these parameters, after `num_steps` updates; moments are the caller's to put back.

    SGD has a Nesterov momentum of 0.9.
    """
    rate, decay = recipe.learning_rate, recipe.weight_decay
    makers: dict[str, Callable[[], torch.optim.Optimizer]] = {
        "adam-keras": lambda: KerasAdam(parameters, lr=rate, weight_decay=decay, num_steps=num_steps),
        "adam": lambda: torch.optim.Adam(parameters, lr=rate, weight_decay=decay, fused=True),
        "adamw": lambda: torch.optim.AdamW(parameters, lr=rate, weight_decay=decay, fused=True),
        "sgd": lambda: torch.optim.SGD(
            parameters, lr=rate, weight_decay=decay, momentum=0.9, nesterov=True, fused=True
        ),
    }
    return makers[recipe.optimiser]()


def learning_rate(recipe: Recipe, step: int, num_steps: int) -> float:
    """Learning rate of step `step` (from 0) of `num_steps`; the last step has the schedule's last value.

    `cosine` rises linearly over the warm-up and falls to 0 along a half cosine; `one-cycle` rises from a 25th along a
    half cosine and falls to a 250,000th along another (Smith & Topin 2017, https://arxiv.org/abs/1708.07120).
    The warm-up of `cosine` starts at 1/num_steps of the highest rate, so that its first step does something.
    """
    highest = recipe.learning_rate
    if recipe.schedule == "constant":
        return highest
    position = step / max(1, num_steps - 1)
    if position < recipe.warmup:
        rising = position / recipe.warmup
        if recipe.schedule == "cosine":
            return highest * max(rising, 1 / num_steps)
        return highest * (1 / 25 + (1 - 1 / 25) * (1 - math.cos(math.pi * rising)) / 2)
    falling = (position - recipe.warmup) / max(1e-9, 1 - recipe.warmup)
    lowest = 0.0 if recipe.schedule == "cosine" else highest / 250_000
    return lowest + (highest - lowest) * (1 + math.cos(math.pi * min(1.0, falling))) / 2


def set_learning_rate(optimiser: torch.optim.Optimizer, rate: float) -> None:
    """Sets the rate of all parameter groups."""
    for group in optimiser.param_groups:
        group["lr"] = rate
