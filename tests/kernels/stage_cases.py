"""Stages with random weights, and the same in float64 torch."""

from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import Tensor

from diabolo.kernels import BatchNormValues, Form, plain_stage, run_stage

EPS = 1e-3

FORMS = [
    Form(up=up, relu=relu, bn=bn, pool=pool, relu_after=relu_after)
    for up in (False, True)
    for relu in (False, True)
    for bn in (0, 1, 2)
    for pool in (False, True)
    for relu_after in (False, True)
    if not (relu_after and not bn) and not (bn == 2 and not pool)
]


@dataclass
class Case:
    """A stage's inputs, float32, as leaves that want gradients."""

    form: Form
    x: Tensor
    weight: Tensor
    bias: Tensor
    gamma: Tensor | None
    beta: Tensor | None

    @property
    def inputs(self) -> dict[str, Tensor]:
        named = {"x": self.x, "weight": self.weight, "bias": self.bias, "gamma": self.gamma, "beta": self.beta}
        return {name: value for name, value in named.items() if value is not None}

    def run(self) -> tuple[Tensor, Tensor, Tensor]:
        channels = len(self.weight)
        values = None
        if self.form.bn or self.form.side:
            values = BatchNormValues(eps=EPS, training=True, mean=torch.zeros(channels), variance=torch.ones(channels))
        return run_stage(self.form, self.x, self.weight, self.bias, self.gamma, self.beta, values)

    def exact(self) -> tuple[Tensor, dict[str, Tensor]]:
        """The output in float64, and the leaves that it comes from."""
        leaves = {name: value.detach().double().requires_grad_() for name, value in self.inputs.items()}
        given = [leaves.get(name) for name in ("x", "weight", "bias", "gamma", "beta")]
        return plain_stage(self.form, *given, EPS), leaves


def make_case(
    form: Form, seed: int, *, images: int = 3, channels: int = 5, out: int = 9, height: int = 7, width: int = 6,
    gammas: str = "mixed", offset: float = 0.0,
) -> Case:  # fmt: skip
    draw = torch.Generator().manual_seed(seed)

    def normal(*shape: int) -> Tensor:
        return torch.randn(shape, generator=draw)

    x = (normal(images, channels, height, width) + offset).contiguous(memory_format=torch.channels_last)
    weight = (normal(out, channels, 3, 3) / (3 * channels**0.5)).contiguous(memory_format=torch.channels_last)
    bias, gamma, beta = normal(out) / 4, normal(out), normal(out)
    gamma = {"mixed": gamma, "positive": gamma.abs() + 0.1, "negative": -gamma.abs() - 0.1, "zero": gamma * 0}[gammas]
    if gammas == "mixed":
        gamma[::3] = 0
    case = Case(form, x, weight, bias, gamma if form.bn else None, beta if form.bn else None)
    for value in case.inputs.values():
        value.requires_grad_()
    return case


def relative_error(got: Tensor, exact: Tensor) -> float:
    """Of the largest value: a sum's error scales with its terms, not with what is left of them."""
    return ((got.double() - exact).abs().max() / exact.abs().max().clamp(min=1e-12)).item()


@torch.no_grad()
def smallest_margin(case: Case) -> float:
    """How near the stage comes, in float64, to another choice: a value to ReLU's zero, a pool's largest to the next.

    Gradients jump there: where rounding is as large, float32 and float64 are both right and do not agree.
    """
    form, (x, weight, bias, *affine) = case.form, [value.double() for value in case.inputs.values()]
    margins = [torch.tensor([1.0], dtype=torch.float64)]

    def relu(x: Tensor) -> Tensor:
        margins.append(x.abs().flatten())
        return F.relu(x)

    def bn(x: Tensor) -> Tensor:
        return F.batch_norm(x, None, None, *affine, True, 0.0, EPS)

    def pool(x: Tensor) -> Tensor:
        padded = F.pad(x, (0, x.shape[3] % 2, 0, x.shape[2] % 2), value=-torch.inf)
        first, second = padded.unfold(2, 2, 2).unfold(3, 2, 2).flatten(4).topk(2).values.unbind(-1)
        gaps = (first - second).flatten()
        margins.append(gaps[gaps > 0])
        return first

    x = F.conv2d(F.interpolate(x, scale_factor=2.0) if form.up else x, weight, bias, padding=1)
    steps = [(relu, form.relu), (bn, form.bn == 1), (pool, form.pool), (bn, form.bn == 2), (relu, form.relu_after)]
    for step, wanted in steps:
        x = step(x) if wanted else x
    values = torch.cat(margins)
    return values[values > 0].min().item()
