"""Runs of stages, where bn is finished by the next one, against float64 torch; and the buffers that they use again."""

import gc

import pytest
import torch
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from stage_cases import EPS, FORMS, make_case, relative_error, smallest_margin

import diabolo.kernels.stage as stage_module
from diabolo.kernels import BatchNormValues, Form, StageInputs, plain_stage, run_stages
from diabolo.kernels.buffers import take_map


def make_run(forms, seed, *, images=4, channels=(5, 9, 8, 3), side=9):
    """Stages one after the other, and leaves of the first one's input and all parameters."""
    x, stages, height = None, [], side
    for number, form in enumerate(forms):
        case = make_case(
            form, seed + number, images=images, channels=channels[number], out=channels[number + 1],
            height=height, width=height + 1,
        )  # fmt: skip
        x = case.x if x is None else x
        out = len(case.weight)
        values = BatchNormValues(eps=EPS, training=True, mean=torch.zeros(out), variance=torch.ones(out))
        stages.append(
            StageInputs(
                form=form, weight=case.weight, bias=case.bias, gamma=case.gamma, beta=case.beta,
                values=values if form.bn else None,
            )
        )  # fmt: skip
    leaves = [x]
    for stage in stages:
        leaves += [value for value in (stage.weight, stage.bias, stage.gamma, stage.beta) if value is not None]
    return x, stages, leaves


def exact_run(x, stages):
    """The same in float64: the output, and its leaves in the same order."""
    x = first = x.detach().double().requires_grad_()
    leaves = [first]
    for stage in stages:
        given = [
            None if value is None else value.detach().double().requires_grad_()
            for value in (stage.weight, stage.bias, stage.gamma, stage.beta)
        ]
        leaves += [value for value in given if value is not None]
        x = plain_stage(stage.form, x, *given, EPS)
    return x, leaves


def plain_run(x, stages):
    """The same by torch in float32."""
    for stage in stages:
        x = plain_stage(stage.form, x, stage.weight, stage.bias, stage.gamma, stage.beta, EPS)
    return x


def check(x, stages, leaves):
    z, statistics = run_stages(x, stages)
    assert len(statistics) == len(stages)
    exact, exact_leaves = exact_run(x, stages)
    assert relative_error(z, exact) < 2e-5  # of two or three stages
    dz = torch.randn(z.shape, generator=torch.Generator().manual_seed(1))
    got = torch.autograd.grad(z, leaves, dz)
    wanted = torch.autograd.grad(exact, exact_leaves, dz.double())
    plain = torch.autograd.grad(plain_run(x, stages), leaves, dz)
    plain = torch.autograd.grad(plain_run(x, stages), leaves, dz)
    largest = max(gradient.abs().max().item() for gradient in wanted)
    # Sums that cancel (the gradient of a bias right before bn is 0) keep the rounding of their terms: 1e-6 of the
    # largest gradient, in torch's float32 as here.
    rounding = max((a.double() - b).abs().max().item() for a, b in zip(plain, wanted, strict=True))
    for a, b in zip(got, wanted, strict=True):
        allowed = max(1e-4 * max(b.abs().max().item(), 1e-2 * largest), 4 * rounding)
        assert (a.double() - b).abs().max() <= allowed


@pytest.mark.parametrize("second", [Form(relu=True, bn=1), Form(up=True, relu=True), Form(pool=True)], ids=str)
@pytest.mark.parametrize("first", FORMS, ids=str)
def test_every_form_before_another(first, second, instruction_set):
    check(*make_run([first, second], 20))


@settings(max_examples=60, derandomize=True, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    forms=st.lists(st.sampled_from([form for form in FORMS if not form.pool]), min_size=2, max_size=3),
    seed=st.integers(0, 2**31),
    channels=st.tuples(*[st.integers(1, 20)] * 4),
    side=st.integers(4, 11),
)
def test_any_run(forms, seed, channels, side, instruction_set):
    x, stages, leaves = make_run(forms, seed, channels=channels, side=side)
    value = x.detach().double()
    for stage in stages:  # each stage's own choices have to be clear
        case = make_case(stage.form, 0)
        case.x, case.weight, case.bias, case.gamma, case.beta = (
            value, stage.weight, stage.bias, stage.gamma, stage.beta
        )  # fmt: skip
        assume(smallest_margin(case) > 1e-4)
        given_values = [
            None if v is None else v.detach().double() for v in (stage.weight, stage.bias, stage.gamma, stage.beta)
        ]
        value = plain_stage(stage.form, value, *given_values, EPS)
    check(x, stages, leaves)


def test_a_run_is_its_stages_one_by_one_bit_for_bit(instruction_set):
    forms = [Form(relu=True, bn=1), Form(bn=1, relu_after=True), Form(relu=True)]
    x, stages, _ = make_run(forms, 30)
    with torch.no_grad():
        z, statistics = run_stages(x, stages)
        value = x
        for stage, (mean, variance) in zip(stages, statistics, strict=True):
            value, ((mean_alone, variance_alone),) = run_stages(value, [stage])
            assert torch.equal(mean, mean_alone)
            assert torch.equal(variance, variance_alone)
    assert torch.equal(z, value)


@pytest.mark.parametrize("mode", [torch.no_grad, torch.inference_mode])
def test_nothing_is_kept_where_no_gradient_is_wanted(mode, instruction_set, monkeypatch):
    x, stages, _ = make_run([Form(relu=True, bn=1, pool=True), Form(bn=1, relu_after=True)], 33)
    wanted, allocate = [], stage_module._allocate

    def watched(*arguments):
        wanted.append(arguments[4])
        return allocate(*arguments)

    monkeypatch.setattr(stage_module, "_allocate", watched)
    expected = run_stages(x, stages)[0]
    with mode():
        z, _ = run_stages(x, stages)
    assert wanted == [True, True, False, False]
    assert torch.equal(z, expected)


def test_only_the_stages_that_want_a_gradient_are_run_back(instruction_set):
    x, stages, leaves = make_run([Form(relu=True, bn=1), Form(relu=True, bn=1), Form()], 31)
    everything = torch.autograd.grad(run_stages(x, stages)[0].square().sum(), leaves)
    for value in leaves[:5]:  # x and the first stage
        value.requires_grad_(False)
    some = torch.autograd.grad(run_stages(x, stages)[0].square().sum(), leaves[5:])
    assert all(torch.equal(a, b) for a, b in zip(some, everything[5:], strict=True))


@pytest.mark.parametrize("seed", [32, 34])
def test_gradient_of_a_gradient_of_a_run(seed, instruction_set):
    """As exact as torch is in float32: sums that cancel cost both up to 2e-3 here, against float64."""
    x, stages, leaves = make_run([Form(bn=1, relu_after=True), Form(up=True, bn=1)], seed)
    second = []
    for output, inputs in ((run_stages(x, stages)[0], leaves), (plain_run(x, stages), leaves), exact_run(x, stages)):
        (first,) = torch.autograd.grad(output.square().sum(), inputs[1], create_graph=True)
        second.append(torch.autograd.grad(first.square().sum(), inputs[3])[0])
    fused, unfused, exact = second
    assert relative_error(fused, exact) < max(1e-4, 2 * relative_error(unfused, exact))


def test_a_buffer_comes_back_when_nothing_stands_on_it():
    first = take_map(7, 64, 32, 32)
    place, view = first.data_ptr(), first[3]
    del first
    gc.collect()
    other = take_map(7, 64, 32, 32)
    assert other.data_ptr() != place  # a view still stands on it
    view.fill_(1.0)
    other.fill_(2.0)
    assert view.eq(1).all()
    del view
    gc.collect()
    assert take_map(7, 64, 32, 32).data_ptr() == place
    assert other.is_contiguous(memory_format=torch.channels_last)
