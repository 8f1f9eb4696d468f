"""A run of stages as a single operation of torch, forward and backward.

A bn in the middle of a run is left half done: its statistics are taken in its own stage, its map of the values is
applied by the next one as it reads them, and the sums that its gradient needs come out of the next one's backward.
"""

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

import torch
from torch import Tensor

from diabolo.kernels.buffers import take_map
from diabolo.kernels.form import BatchNormValues, Form, StageInputs, plain_stage
from diabolo.kernels.library import StageStructure, find_library

_CHEAP = 36  # multiplications a value below which a convolution is computed again rather than kept for backward


def run_stages(x: Tensor, stages: Sequence[StageInputs]) -> tuple[Tensor, list[tuple[Tensor, Tensor]]]:
    """Runs stages one after the other in the native engine, which must be there.

    Args:
        x: Float[Tensor, "batch channels height width"], float32 on the CPU; best in channels-last memory.
        stages: at least one.

    Returns:
        Float[Tensor, "batch out height' width'"] in channels-last memory; for each stage mean and biased variance of
        the batch by channel (empty where its bn takes none), which carry no gradient.

    Raises:
        ValueError: a tensor is not as `StageInputs` says; the native code would read past its end.
    """
    _require_sizes(x, stages)
    parameters: list[Tensor | None] = [
        value for stage in stages for value in (stage.weight, stage.bias, stage.gamma, stage.beta)
    ]
    forms = tuple(stage.form for stage in stages)
    if not torch.is_grad_enabled():  # inside of the operation it looks as if gradients were wanted, and much is kept
        x, parameters = x.detach(), [None if value is None else value.detach() for value in parameters]
    z, *found = _Stages.apply(x, forms, tuple(stage.values for stage in stages), *parameters)
    return z, list(zip(found[::2], found[1::2], strict=True))


def run_stage(
    form: Form,
    x: Tensor,
    weight: Tensor,
    bias: Tensor | None,
    gamma: Tensor | None = None,
    beta: Tensor | None = None,
    values: BatchNormValues | None = None,
) -> tuple[Tensor, Tensor, Tensor]:
    """One stage alone: what comes out, mean and variance, as `run_stages`."""
    stage = StageInputs(form=form, weight=weight, bias=bias, gamma=gamma, beta=beta, values=values)
    z, ((mean, variance),) = run_stages(x, [stage])
    return z, mean, variance


def _require_sizes(x: Tensor, stages: Sequence[StageInputs]) -> None:
    if not _is_float(x) or x.dim() != 4 or not x.numel():
        raise ValueError(f"`x` (={x.dtype}, {tuple(x.shape)}) must be a float32 batch of maps on the CPU, not empty")
    channels = x.shape[1]
    for stage in stages:
        weight, values = stage.weight, stage.values
        if not _is_float(weight) or weight.shape[1:] != (channels, 3, 3) or not len(weight):
            raise ValueError(
                f"`weight` (={weight.dtype}, {tuple(weight.shape)}) must be float32 (out, {channels}, 3, 3)"
            )
        channels = len(weight)
        vectors = {"bias": stage.bias, "gamma": stage.gamma, "beta": stage.beta}
        if values is not None:
            vectors |= {"mean": values.mean, "variance": values.variance}
        if (stage.form.bn and (values is None or stage.gamma is None or stage.beta is None)) or (
            stage.form.side and values is None
        ):
            raise ValueError("`form.bn` needs `gamma`, `beta` and `values`; `form.side` needs `values`")
        for name, value in vectors.items():
            if value is None:
                continue
            if not _is_float(value) or value.shape != (channels,) or not value.is_contiguous():
                shape = f"{value.dtype}, {tuple(value.shape)}"
                raise ValueError(f"`{name}` (={shape}) must be a dense float32 ({channels},) on the CPU")


def _is_float(value: Tensor) -> bool:
    return value.dtype == torch.float32 and value.device.type == "cpu"


@dataclass(kw_only=True)
class _Kept:
    """Tensors of one stage that backward needs."""

    x: Tensor
    weight: Tensor
    bias: Tensor | None
    gamma: Tensor | None
    beta: Tensor | None
    z: Tensor | None = None
    raw: Tensor | None = None
    index: Tensor | None = None
    y: Tensor | None = None
    mean: Tensor
    variance: Tensor


_FIELDS = tuple(_Kept.__dataclass_fields__)


def _dense(x: Tensor) -> Tensor:
    return x.contiguous(memory_format=torch.channels_last)


def _pointer(x: Tensor | None) -> int | None:
    return None if x is None else x.data_ptr()


def _structure(form: Form, kept: _Kept, kernel: Tensor, eps: float, training: bool) -> StageStructure:
    images, channels, height, width = kept.x.shape
    return StageStructure(
        images=images,
        height=height * 2 if form.up else height,
        width=width * 2 if form.up else width,
        channels_in=channels,
        channels_out=len(kernel),
        up=form.up,
        pool=form.pool,
        relu=form.relu,
        bn=form.bn,
        relu_after=form.relu_after,
        side=form.side,
        training=training,
        threads=min(torch.get_num_threads(), images),  # each thread has sums of its own for all weights
        x=kept.x.data_ptr(),
        weight=kernel.data_ptr(),
        bias=_pointer(kept.bias),
        gamma=_pointer(kept.gamma),
        beta=_pointer(kept.beta),
        mean=kept.mean.data_ptr(),
        variance=kept.variance.data_ptr(),
        eps=eps,
        z=_pointer(kept.z),
        raw=_pointer(kept.raw),
        index=_pointer(kept.index),
        y=_pointer(kept.y),
    )


class _Stages(torch.autograd.Function):
    @staticmethod
    def forward(
        ctx: Any,
        x: Tensor,
        forms: tuple[Form, ...],
        values: tuple[BatchNormValues | None, ...],
        *parameters: Tensor | None,
    ) -> tuple[Tensor, ...]:
        wants_gradient = any(ctx.needs_input_grad)
        x = _dense(x)
        kept: list[_Kept] = []
        before: StageStructure | None = None
        statistics: list[Tensor] = []
        for number, form in enumerate(forms):
            is_last = number == len(forms) - 1
            stage = _allocate(form, x, parameters[4 * number : 4 * number + 4], values[number], wants_gradient, is_last)
            structure = _forward(form, stage, values[number], before)
            statistics += (stage.mean, stage.variance)
            assert stage.z is not None or stage.raw is not None
            left = stage.z is None  # its map is the next one's
            x = stage.raw if left else stage.z  # type: ignore[assignment]
            before = structure if left else None
            if not wants_gradient:
                kept = [stage]  # the last one alone: `before` points into it
                continue
            if form.bn or not form.relu:
                stage.z = None
            kept.append(stage)
        ctx.forms, ctx.eps = forms, [0.0 if value is None else value.eps for value in values]
        if wants_gradient:
            ctx.save_for_backward(*(getattr(stage, name) for stage in kept for name in _FIELDS))
        ctx.mark_non_differentiable(*statistics)
        return (x, *statistics)

    @staticmethod
    def backward(ctx: Any, *gradients: Tensor) -> tuple[Tensor | None, ...]:
        forms, eps, wanted = ctx.forms, ctx.eps, ctx.needs_input_grad
        saved = ctx.saved_tensors
        size = len(_FIELDS)
        kept = [_Kept(**dict(zip(_FIELDS, saved[i : i + size], strict=True))) for i in range(0, len(saved), size)]
        if torch.is_grad_enabled():  # a gradient of the gradient is wanted: through torch's own operations
            return _plain_backward(forms, eps, kept, wanted, gradients[0])
        kernels = [stage.weight.contiguous() for stage in kept]
        structures = [
            _structure(form, stage, kernel, one, training=True)
            for form, stage, kernel, one in zip(forms, kept, kernels, eps, strict=True)
        ]
        found: list[Tensor | None] = [None] * len(wanted)
        dz: Tensor | None = _dense(gradients[0])
        sums = None
        for number in range(len(forms) - 1, -1, -1):
            first = 3 + 4 * number
            wants_dx = wanted[0] or any(wanted[3:first])
            is_left = number > 0 and forms[number - 1].bn > 0
            sums_before = (
                torch.empty(2 * kept[number].x.shape[1], dtype=torch.float64) if is_left and wants_dx else None
            )
            assert dz is not None
            dz, *of_parameters = _backward(
                kept[number], kernels[number], structures[number], structures[number - 1] if is_left else None,
                dz, wants_dx, sums, sums_before,
            )  # fmt: skip
            sums = sums_before
            for place, value in enumerate(of_parameters, first):
                found[place] = value if wanted[place] else None
            if not wants_dx:
                break
        found[0] = dz if wanted[0] else None
        return tuple(found)


def _allocate(
    form: Form,
    x: Tensor,
    parameters: tuple[Tensor | None, ...],
    values: BatchNormValues | None,
    wants_gradient: bool,
    is_last: bool,
) -> _Kept:
    """Room for all that a stage writes."""
    weight, bias, gamma, beta = parameters
    assert weight is not None
    images, channels, height, width = x.shape
    out = len(weight)
    if form.up:
        height, width = 2 * height, 2 * width
    after = ((height + 1) // 2, (width + 1) // 2) if form.pool else (height, width)
    training = values is not None and values.training
    takes_statistics = training and (form.bn > 0 or form.side)
    if form.bn and not training:
        assert values is not None
        mean, variance = values.mean, values.variance
    else:
        mean, variance = (torch.empty(out if takes_statistics else 0) for _ in range(2))
    stage = _Kept(x=x, weight=weight, bias=bias, gamma=gamma, beta=beta, mean=mean, variance=variance)
    if form.bn and training:
        stage.raw = take_map(images, out, *after)
    if not (form.bn and training) or is_last:
        stage.z = torch.empty((images, *after, out)).permute(0, 3, 1, 2) if is_last else take_map(images, out, *after)
    if form.pool and wants_gradient:
        stage.index = take_map(images, out, *after, torch.uint8)
    if form.bn == 1 and wants_gradient:
        if not form.pool:
            stage.y = stage.raw
        elif channels * (4 if form.up else 9) > _CHEAP:
            stage.y = take_map(images, out, height, width)
    return stage


def _forward(form: Form, stage: _Kept, values: BatchNormValues | None, before: StageStructure | None) -> StageStructure:
    library = find_library()
    assert library is not None, "the stage engine is not built"
    kernel = stage.weight.contiguous()
    eps = 0.0 if values is None else values.eps
    structure = _structure(form, stage, kernel, eps, values is not None and values.training)
    structure.come_after(before)
    library.forward(structure)
    return structure


def _backward(
    stage: _Kept,
    kernel: Tensor,
    structure: StageStructure,
    before: StageStructure | None,
    dz: Tensor,
    wants_dx: bool,
    sums: Tensor | None,
    sums_before: Tensor | None,
) -> tuple[Tensor | None, ...]:
    """Gradients of x, weight, bias, γ and β."""
    library = find_library()
    assert library is not None
    x, weight = stage.x, stage.weight
    dx = take_map(*x.shape) if wants_dx else None
    dweight = torch.empty_like(kernel)
    dbias, dgamma, dbeta = (None if t is None else torch.empty_like(t) for t in (stage.bias, stage.gamma, stage.beta))
    structure.come_after(before)
    structure.dz, structure.dx, structure.dweight = dz.data_ptr(), _pointer(dx), dweight.data_ptr()
    structure.dbias, structure.dgamma, structure.dbeta = _pointer(dbias), _pointer(dgamma), _pointer(dbeta)
    structure.bn_sums, structure.bn_sums_before = _pointer(sums), _pointer(sums_before)
    library.backward(structure)
    return dx, torch.empty_like(weight).copy_(dweight), dbias, dgamma, dbeta


def _plain_backward(
    forms: tuple[Form, ...], eps: list[float], kept: list[_Kept], wanted: tuple[bool, ...], dz: Tensor
) -> tuple[Tensor | None, ...]:
    inputs: list[Tensor | None] = [kept[0].x, None, None]
    x = kept[0].x
    for form, stage, one in zip(forms, kept, eps, strict=True):
        parameters = (stage.weight, stage.bias, stage.gamma, stage.beta)
        inputs += parameters
        x = plain_stage(form, x, *parameters, one)
    chosen = [value for value, want in zip(inputs, wanted, strict=True) if want and value is not None]
    second = iter(torch.autograd.grad(x, chosen, dz, create_graph=True))
    return tuple(next(second) if want else None for want in wanted)
