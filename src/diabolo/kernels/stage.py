"""One stage of a line as a single operation: [up] conv, then relu, bn and pool in any order, forward and backward."""

from dataclasses import dataclass
from typing import Any

import torch
import torch.nn.functional as F
from torch import Tensor

from diabolo.kernels.library import StageStructure, find_library

_CHEAP = 36  # multiplications a value below which a convolution is computed again rather than kept for backward


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


def run_stage(
    form: Form,
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    gamma: Tensor | None = None,
    beta: Tensor | None = None,
    values: BatchNormValues | None = None,
) -> tuple[Tensor, Tensor, Tensor]:
    """Runs a stage in the native engine, which must be there.

    Args:
        form: what it does.
        x: Float[Tensor, "batch channels height width"], float32 on the CPU; best in channels-last memory.
        weight: Float[Tensor, "out channels 3 3"].
        bias: Float[Tensor, "out"].
        gamma: γ of bn, Float[Tensor, "out"].
        beta: β of bn, Float[Tensor, "out"].
        values: the rest of bn, also where it is a `side`.

    Returns:
        Float[Tensor, "batch out height' width'"] in channels-last memory; mean and biased variance of the batch by
        channel (empty where bn takes none). The last two carry no gradient.
    """
    z, mean, variance = _Stage.apply(x, weight, bias, gamma, beta, form, values)
    return z, mean, variance


def plain_stage(
    form: Form, x: Tensor, weight: Tensor, bias: Tensor | None, gamma: Tensor | None, beta: Tensor | None, eps: float
) -> Tensor:
    """The same in torch's own operations, in training: the reference, and the way to gradients of gradients."""
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


def _dense(x: Tensor) -> Tensor:
    return x.contiguous(memory_format=torch.channels_last)


def _pointer(x: Tensor | None) -> int | None:
    return None if x is None else x.data_ptr()


def _map(images: int, channels: int, height: int, width: int, dtype: torch.dtype = torch.float32) -> Tensor:
    return torch.empty((images, height, width, channels), dtype=dtype).permute(0, 3, 1, 2)


def _structure(form: Form, x: Tensor, out: int, training: bool) -> StageStructure:
    images, channels, height, width = x.shape
    return StageStructure(
        images=images,
        height=height * 2 if form.up else height,
        width=width * 2 if form.up else width,
        channels_in=channels,
        channels_out=out,
        up=form.up,
        pool=form.pool,
        relu=form.relu,
        bn=form.bn,
        relu_after=form.relu_after,
        side=form.side,
        training=training,
        threads=torch.get_num_threads(),
        x=x.data_ptr(),
    )


class _Stage(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,
        x: Tensor,
        weight: Tensor,
        bias: Tensor | None,
        gamma: Tensor | None,
        beta: Tensor | None,
        form: Form,
        values: BatchNormValues | None,
    ) -> tuple[Tensor, Tensor, Tensor]:
        library = find_library()
        assert library is not None, "the stage engine is not built"
        x, kernel = _dense(x), weight.contiguous()
        out = weight.shape[0]
        training = values is not None and values.training
        stage = _structure(form, x, out, training)
        height, width = stage.height, stage.width
        if form.pool:
            height, width = (height + 1) // 2, (width + 1) // 2
        z = _map(len(x), out, height, width)
        wants_gradient = any(ctx.needs_input_grad)
        index = _map(len(x), out, height, width, torch.uint8) if form.pool and wants_gradient else None
        raw = _map(len(x), out, height, width) if form.bn and training else None
        y = None
        if form.bn == 1 and wants_gradient and weight.shape[1] * (4 if form.up else 9) > _CHEAP:
            y = _map(len(x), out, stage.height, stage.width) if form.pool else raw
        statistics = out if training and (form.bn or form.side) else 0
        mean, variance = torch.empty(statistics), torch.empty(statistics)
        if form.bn and not training:
            assert values is not None
            stage.mean, stage.variance = values.mean.data_ptr(), values.variance.data_ptr()
        else:
            stage.mean, stage.variance = mean.data_ptr(), variance.data_ptr()
        eps = 0.0 if values is None else values.eps
        stage.eps = eps
        stage.weight, stage.bias = kernel.data_ptr(), _pointer(bias)
        stage.gamma, stage.beta = _pointer(gamma), _pointer(beta)
        stage.z, stage.raw, stage.index = z.data_ptr(), _pointer(raw), _pointer(index)
        stage.y = None if y is raw else _pointer(y)
        library.forward(stage)
        ctx.form, ctx.eps = form, eps
        kept = z if form.relu_after or (form.relu and not form.bn) else None
        ctx.save_for_backward(x, weight, bias, gamma, beta, kept, raw, index, y, mean, variance)
        ctx.mark_non_differentiable(mean, variance)
        return z, mean, variance

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        x, weight, bias, gamma, beta, z, raw, index, y, mean, variance = ctx.saved_tensors
        form: Form = ctx.form
        wanted = ctx.needs_input_grad
        if torch.is_grad_enabled():  # a gradient of the gradient is wanted: through torch's own operations
            inputs = (x, weight, bias, gamma, beta)
            output = plain_stage(form, *inputs, ctx.eps)
            chosen = [value for value, want in zip(inputs, wanted, strict=False) if want]
            second = iter(torch.autograd.grad(output, chosen, gradients[0], create_graph=True))
            return (*(next(second) if want else None for want in wanted[:5]), None, None)
        library = find_library()
        assert library is not None
        dz, kernel = _dense(gradients[0]), weight.contiguous()
        stage = _structure(form, x, weight.shape[0], training=True)
        stage.eps = ctx.eps
        stage.weight, stage.bias = kernel.data_ptr(), _pointer(bias)
        stage.gamma, stage.beta = _pointer(gamma), _pointer(beta)
        stage.mean, stage.variance = mean.data_ptr(), variance.data_ptr()
        stage.z, stage.raw, stage.index, stage.y = _pointer(z), _pointer(raw), _pointer(index), _pointer(y)
        stage.dz = dz.data_ptr()
        dx = _map(len(x), *x.shape[1:]) if wanted[0] else None
        dweight = torch.empty_like(kernel)
        dbias, dgamma, dbeta = (None if t is None else torch.empty_like(t) for t in (bias, gamma, beta))
        stage.dx, stage.dweight, stage.dbias = _pointer(dx), dweight.data_ptr(), _pointer(dbias)
        stage.dgamma, stage.dbeta = _pointer(dgamma), _pointer(dbeta)
        library.backward(stage)
        dweight = torch.empty_like(weight).copy_(dweight)
        found = (dx, dweight, dbias, dgamma, dbeta)
        return (*(value if want else None for value, want in zip(found, wanted, strict=False)), None, None)
