"""Adam as torch and as Keras compute it."""

import math
from collections.abc import Iterable

import torch
from torch import Tensor, nn

from diabolo.train.update import Optimiser


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
