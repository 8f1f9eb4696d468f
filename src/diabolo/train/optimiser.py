"""Optimisers by name, each one native call a step, and the learning rate as a function of the step.

They are not `torch.optim.Optimizer`s: the first of those in a process imports torch's compiler, which takes as long
as torch itself, and each of their steps goes through several wrappers. The kernels are the same.
"""

import math
from collections.abc import Callable, Iterable

import torch
from torch import Tensor, nn

from diabolo.train.recipe import Recipe


class Optimiser:
    """What all of them have: the parameters, what is kept beside each of them, and the rate of the next update.

    Attributes:
        parameters: what to train; one without a gradient stays as it is.
        state: tensors beside a parameter, by the names that torch's optimisers give them; none before its first update.
        rate: learning rate of the next update.
        factors: of `rate`, for the parameters that have one of their own; all others have 1.
    """

    def __init__(self, parameters: Iterable[nn.Parameter], rate: float, weight_decay: float) -> None:
        self.parameters = list(parameters)
        self.factors: dict[Tensor, float] = {}
        self.state: dict[Tensor, dict[str, Tensor]] = {}
        self.rate = rate
        self.weight_decay = weight_decay

    def zero_grad(self) -> None:
        """Drops all gradients."""
        for parameter in self.parameters:
            parameter.grad = None

    @torch.no_grad()
    def step(self, skip: Tensor | None = None) -> None:
        """One update by the gradients that are there.

        Args:
            skip: Float[Tensor, ""] on the parameters' device; 1 there leaves everything as it is, and nobody has to
                wait for its value.
        """
        alike: dict[float, list[Tensor]] = {}
        for parameter in self.parameters:
            if parameter.grad is not None:
                alike.setdefault(self.factors.get(parameter, 1.0), []).append(parameter)
        for factor, trained in alike.items():
            gradients = [parameter.grad for parameter in trained if parameter.grad is not None]
            self._update(trained, gradients, self.rate * factor, skip)

    def _update(self, parameters: list[Tensor], gradients: list[Tensor], rate: float, skip: Tensor | None) -> None:
        raise NotImplementedError


class Adam(Optimiser):
    """Adam, w ← w − η · m̂ / (√v̂ + ε). Kingma & Ba 2014, https://arxiv.org/abs/1412.6980.

    Args:
        parameters: what to train.
        rate: η.
        weight_decay: the decay.
        epsilon: ε.
        decoupled: w ← w − η · decay · w before the update (AdamW); else decay · w is added to the gradient.
    """

    betas = (0.9, 0.999)

    def __init__(
        self,
        parameters: Iterable[nn.Parameter],
        rate: float,
        weight_decay: float = 0.0,
        *,
        epsilon: float = 1e-8,
        decoupled: bool = False,
    ) -> None:
        super().__init__(parameters, rate, weight_decay)
        self.epsilon = epsilon
        self.kernel = torch._fused_adamw_ if decoupled else torch._fused_adam_

    def _update(self, parameters: list[Tensor], gradients: list[Tensor], rate: float, skip: Tensor | None) -> None:
        for parameter in parameters:
            if parameter not in self.state:
                self.state[parameter] = {
                    "step": torch.zeros((), dtype=torch.float32, device=parameter.device),
                    "exp_avg": torch.zeros_like(parameter),
                    "exp_avg_sq": torch.zeros_like(parameter),
                }
        counts = [self.state[parameter]["step"] for parameter in parameters]
        torch._foreach_add_(counts, 1)
        self.kernel(
            parameters,
            gradients,
            [self.state[parameter]["exp_avg"] for parameter in parameters],
            [self.state[parameter]["exp_avg_sq"] for parameter in parameters],
            [],
            counts,
            lr=rate,
            beta1=self.betas[0],
            beta2=self.betas[1],
            weight_decay=self.weight_decay,
            eps=self.epsilon,
            amsgrad=False,
            maximize=False,
            grad_scale=None,
            found_inf=skip,
        )
        if skip is not None:
            torch._foreach_sub_(counts, [skip] * len(counts))


class KerasAdam(Adam):
    """Adam as Keras computes it: w ← w − η · √(1 − β₂ᵗ) / (1 − β₁ᵗ) · m / (√v + ε), with ε = 1e-7.

    torch's kernel adds ε to √(v / (1 − β₂ᵗ)) instead, so its ε is set to Keras's over √(1 − β₂ᵗ) at each step; the two
    are then the same update. The form of the paper before its section 2.1. Weight decay is Keras's too:
    w ← w − η · decay · w before the update.

    Args:
        parameters: what to train.
        rate: η.
        weight_decay: the decay.
        epsilon: ε.
        num_steps: updates already made, for the moments that a resume puts back.
    """

    def __init__(
        self,
        parameters: Iterable[nn.Parameter],
        rate: float,
        weight_decay: float = 0.0,
        *,
        epsilon: float = 1e-7,
        num_steps: int = 0,
    ) -> None:
        super().__init__(parameters, rate, weight_decay, decoupled=True)
        self.keras_epsilon = epsilon
        self.num_steps = num_steps

    @torch.no_grad()
    def step(self, skip: Tensor | None = None) -> None:
        """As of every optimiser."""
        self.num_steps += 1
        self.epsilon = self.keras_epsilon / math.sqrt(1 - self.betas[1] ** self.num_steps)
        super().step(skip)


class NesterovMomentum(Optimiser):
    """Stochastic gradient descent with Nesterov's momentum: b ← momentum · b + g, w ← w − η · (g + momentum · b).

    Sutskever et al. 2013, https://proceedings.mlr.press/v28/sutskever13.html, as torch computes it.
    """

    momentum = 0.9

    def _update(self, parameters: list[Tensor], gradients: list[Tensor], rate: float, skip: Tensor | None) -> None:
        for parameter, gradient in zip(parameters, gradients, strict=True):
            if parameter not in self.state:
                self.state[parameter] = {"momentum_buffer": torch.zeros_like(gradient)}
        torch._fused_sgd_(
            parameters,
            gradients,
            [self.state[parameter]["momentum_buffer"] for parameter in parameters],
            weight_decay=self.weight_decay,
            momentum=self.momentum,
            lr=rate,
            dampening=0.0,
            nesterov=True,
            maximize=False,
            is_first_step=False,
            grad_scale=None,
            found_inf=skip,
        )


def make_optimiser(
    parameters: Iterable[nn.Parameter],
    recipe: Recipe,
    *,
    main: Iterable[nn.Parameter] = (),
    num_steps: int = 0,
) -> Optimiser:
    """The optimiser of a recipe over these parameters, after `num_steps` updates; moments are the caller's to put back.

    SGD has a Nesterov momentum of 0.9. Parameters of `main` have the recipe's `main_rate`; those with a rate of 0 are
    left out.
    """
    factors: dict[Tensor, float] = dict.fromkeys(main, recipe.main_rate)
    parameters = [parameter for parameter in parameters if factors.get(parameter, 1.0)]
    rate, decay = recipe.learning_rate, recipe.weight_decay
    makers: dict[str, Callable[[], Optimiser]] = {
        "adam-keras": lambda: KerasAdam(parameters, rate, decay, num_steps=num_steps),
        "adam": lambda: Adam(parameters, rate, decay),
        "adamw": lambda: Adam(parameters, rate, decay, decoupled=True),
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
