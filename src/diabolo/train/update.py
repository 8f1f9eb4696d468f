"""What all optimisers have, and the plainest of them.

They are not `torch.optim.Optimizer`s: the first of those in a process imports torch's compiler, which takes as long
as torch itself, and each of their steps goes through several wrappers. The kernels of Adam and SGD are the same, one
call a step.
"""

from collections.abc import Iterable

import torch
from torch import Tensor, nn


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
