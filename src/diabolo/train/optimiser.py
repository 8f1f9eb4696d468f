"""Optimisers by name, and the learning rate as a function of the step."""

import math
from collections.abc import Callable, Iterable

import torch
from torch import Tensor, nn

from diabolo.train.adam import Adam, KerasAdam
from diabolo.train.muon import Muon
from diabolo.train.recipe import Recipe
from diabolo.train.update import NesterovMomentum, Optimiser


def make_optimiser(
    parameters: Iterable[nn.Parameter],
    recipe: Recipe,
    *,
    main: Iterable[nn.Parameter] = (),
    matrices: Iterable[nn.Parameter] = (),
    num_steps: int = 0,
) -> Optimiser:
    """The optimiser of a recipe over these parameters, after `num_steps` updates; moments are the caller's to put back.

    SGD has a Nesterov momentum of 0.9. Parameters of `main` have the recipe's `main_rate`; those with a rate of 0 are
    left out. `matrices` are the parameters that `muon` updates as such, in bfloat16 where the recipe trains in it.
    """
    factors: dict[Tensor, float] = dict.fromkeys(main, recipe.main_rate)
    parameters = [parameter for parameter in parameters if factors.get(parameter, 1.0)]
    rate, decay = recipe.learning_rate, recipe.weight_decay
    dtype = torch.bfloat16 if recipe.precision == "bfloat16" else torch.float32
    makers: dict[str, Callable[[], Optimiser]] = {
        "adam-keras": lambda: KerasAdam(parameters, rate, decay, num_steps=num_steps),
        "adam": lambda: Adam(parameters, rate, decay),
        "adamw": lambda: Adam(parameters, rate, decay, decoupled=True),
        "muon": lambda: Muon(parameters, rate, decay, matrices=matrices, dtype=dtype),
        "sgd": lambda: NesterovMomentum(parameters, rate, decay),
    }
    optimiser = makers[recipe.optimiser]()
    optimiser.factors = factors
    return optimiser


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
