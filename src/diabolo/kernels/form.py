"""What a stage of the engine is given: its form and values; and the same in torch's own operations."""

from dataclasses import dataclass

import torch.nn.functional as F
from torch import Tensor


@dataclass(frozen=True, kw_only=True)
class Form:
    """What a stage does, in the order of the fields."""

    up: bool = False
    """Nearest up-sampling by 2 before the convolution."""
    relu: bool = False
    """ReLU before bn; anywhere, where there is no bn."""
    bn: int = 0
    """0 none, 1 before the pool (or there is no pool), 2 after it."""
    pool: bool = False
    """Maximum of 2×2, 'same' at odd sides."""
    relu_after: bool = False
    """ReLU after bn."""
    side: bool = False
    """A bn beside the line, after `relu` and before `pool`, of which only the batch statistics are wanted."""


@dataclass(frozen=True, kw_only=True)
class BatchNormValues:
    """What bn has besides γ and β."""

    eps: float
    """ε."""
    training: bool
    """Whether the batch's statistics are taken; else the two below."""
    mean: Tensor
    """Moving average, Float[Tensor, "channels"]."""
    variance: Tensor
    """Moving average, Float[Tensor, "channels"]."""


@dataclass(frozen=True, kw_only=True)
class StageInputs:
    """A stage with its parameters."""

    form: Form
    """What it does."""
    weight: Tensor
    """Float[Tensor, "out channels 3 3"], float32 on the CPU."""
    bias: Tensor | None = None
    """Float[Tensor, "out"]."""
    gamma: Tensor | None = None
    """γ of bn, Float[Tensor, "out"]."""
    beta: Tensor | None = None
    """β of bn, Float[Tensor, "out"]."""
    values: BatchNormValues | None = None
    """The rest of bn, also where it is a `side`."""


def plain_stage(
    form: Form, x: Tensor, weight: Tensor, bias: Tensor | None, gamma: Tensor | None, beta: Tensor | None, eps: float
) -> Tensor:
    """A stage in torch's own operations, in training: the reference, and the way to gradients of gradients."""
    if form.up:
        x = F.interpolate(x, scale_factor=2.0, mode="nearest")
    x = F.conv2d(x, weight, bias, padding=1)
    if form.relu:
        x = F.relu(x)
    if form.bn == 1:
        x = F.batch_norm(x, None, None, gamma, beta, True, 0.0, eps)
    if form.pool:
        x = F.max_pool2d(x, 2, ceil_mode=True)
    if form.bn == 2:
        x = F.batch_norm(x, None, None, gamma, beta, True, 0.0, eps)
    return F.relu(x) if form.relu_after else x
