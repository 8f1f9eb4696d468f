"""The engine's stages against float64 torch, forward and backward, on each instruction set that the processor has."""

import pytest
import torch
from hypothesis import HealthCheck, assume, given, settings
from hypothesis import strategies as st
from stage_cases import FORMS, make_case, relative_error, smallest_margin

from diabolo.kernels import Form

FORWARD, GRADIENT = 1e-5, 1e-4


def check(case) -> None:
    z, _, _ = case.run()
    exact, leaves = case.exact()
    assert z.shape == exact.shape
    assert z.is_contiguous(memory_format=torch.channels_last)
    assert relative_error(z, exact) < FORWARD
    if z.grad_fn is None:
        return
    dz = torch.randn(z.shape, generator=torch.Generator().manual_seed(1))
    got = dict(zip(case.inputs, torch.autograd.grad(z, list(case.inputs.values()), dz), strict=True))
    wanted = dict(zip(leaves, torch.autograd.grad(exact, list(leaves.values()), dz.double()), strict=True))
    # Below these sizes a gradient is the rounding of its terms: bn takes the bias's away, and γ = 0 nearly all.
    terms = {"bias": max(0.1, dz.abs().sum().item() * 1e-3), "weight": 1e-2, "x": 1e-3, "gamma": 1e-2, "beta": 1e-2}
    for name, gradient in got.items():
        error = (gradient.double() - wanted[name]).abs().max().item()
        assert error < GRADIENT * max(wanted[name].abs().max().item(), terms[name]), name


@pytest.mark.parametrize("form", FORMS, ids=str)
def test_every_form(form, instruction_set):
    check(make_case(form, 0))


@pytest.mark.parametrize("gammas", ["positive", "negative", "zero", "mixed"])
@pytest.mark.parametrize("form", [form for form in FORMS if form.bn], ids=str)
def test_any_sign_of_gamma(form, gammas, instruction_set):
    check(make_case(form, 1, gammas=gammas))


@settings(max_examples=60, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(
    form=st.sampled_from(FORMS),
    seed=st.integers(0, 2**31),
    images=st.integers(1, 5),
    channels=st.integers(1, 40),
    out=st.integers(1, 40),
    height=st.integers(2, 19),
    width=st.integers(3, 19),
)
def test_any_shape(form, seed, images, channels, out, height, width, instruction_set):
    # The variance of a handful of values may be next to nothing, and the convolution's rounding grows by what bn
    # divides by; torch's own float32 is no nearer to float64 there.
    assume(not form.bn or images * height * width >= 128)
    case = make_case(form, seed, images=images, channels=channels, out=out, height=height, width=width)
    assume(smallest_margin(case) > 5e-6)
    check(case)


@pytest.mark.parametrize(("channels", "out"), [(1, 257), (257, 1), (257, 64), (64, 257), (128, 128)])
@pytest.mark.parametrize("form", [Form(relu=True, bn=1, pool=True), Form(up=True, bn=1, relu_after=True)], ids=str)
def test_many_channels(form, channels, out, instruction_set):
    check(make_case(form, 2, channels=channels, out=out, images=2))


@pytest.mark.parametrize(("height", "width"), [(1, 1), (1, 9), (9, 1), (2, 2), (1, 2)])
@pytest.mark.parametrize("form", [form for form in FORMS if not form.bn], ids=str)
def test_smallest_maps(form, height, width, instruction_set):
    check(make_case(form, 3, height=height, width=width, images=1))


@pytest.mark.parametrize("images", [1, 2, 333, 1000])
@pytest.mark.parametrize("form", [Form(relu=True, bn=1, pool=True), Form(bn=1, pool=True, relu_after=True)], ids=str)
def test_any_batch(form, images, instruction_set):
    check(make_case(form, 4, images=images, channels=3, out=8, height=8, width=8))


@pytest.mark.parametrize("form", [Form(bn=1, pool=True), Form(relu=True, bn=1), Form(pool=True, bn=2)], ids=str)
def test_statistics_far_from_zero(form, instruction_set):
    case = make_case(form, 5, images=200, channels=3, out=8, height=16, width=16, offset=10.0)
    _, mean, variance = case.run()
    x = torch.nn.functional.conv2d(case.x.double(), case.weight.double(), case.bias.double(), padding=1)
    x = torch.relu(x) if form.relu else x
    x = torch.nn.functional.max_pool2d(x, 2) if form.bn == 2 else x
    assert relative_error(mean, x.mean((0, 2, 3))) < 1e-6
    assert relative_error(variance, x.var((0, 2, 3), correction=0)) < 1e-5


def test_side_statistics_leave_the_line_alone(instruction_set):
    case, beside = (make_case(Form(relu=True, pool=True, side=side), 6) for side in (False, True))
    assert torch.equal(case.run()[0], beside.run()[0])
    _, mean, variance = beside.run()
    x = torch.nn.functional.conv2d(case.x.double(), case.weight.double(), case.bias.double(), padding=1).relu()
    assert relative_error(mean, x.mean((0, 2, 3))) < 1e-6
    assert relative_error(variance, x.var((0, 2, 3), correction=0)) < 1e-6


@pytest.mark.parametrize("threads", [1, 2, 3])
def test_same_bits_for_the_same_threads(threads, instruction_set):
    before = torch.get_num_threads()
    torch.set_num_threads(threads)
    try:
        runs = []
        for _ in range(3):
            case = make_case(Form(relu=True, bn=1, pool=True), 7, images=17)
            z, mean, variance = case.run()
            runs.append((z, mean, variance, *torch.autograd.grad(z.square().sum(), list(case.inputs.values()))))
        for run in runs[1:]:
            assert all(torch.equal(first, again) for first, again in zip(runs[0], run, strict=True))
        check(make_case(Form(relu=True, bn=1, pool=True), 8, images=2))
    finally:
        torch.set_num_threads(before)


def test_gradient_of_a_gradient(instruction_set):
    case = make_case(Form(bn=1, relu_after=True), 9)
    exact, leaves = case.exact()
    second = []
    for output, inputs in ((case.run()[0], case.inputs), (exact, leaves)):
        (first,) = torch.autograd.grad(output.square().sum(), inputs["weight"], create_graph=True)
        second.append(torch.autograd.grad(first.square().sum(), inputs["gamma"])[0])
    assert relative_error(second[0], second[1]) < GRADIENT


@pytest.mark.parametrize("wanted", ["x", "weight", "gamma"])
def test_only_what_wants_a_gradient_gets_one(wanted, instruction_set):
    case = make_case(Form(relu=True, bn=1, pool=True), 10)
    everything = torch.autograd.grad(case.run()[0].square().sum(), list(case.inputs.values()))
    for name, value in case.inputs.items():
        value.requires_grad_(name == wanted)
    (alone,) = torch.autograd.grad(case.run()[0].square().sum(), case.inputs[wanted])
    assert torch.equal(alone, everything[list(case.inputs).index(wanted)])


def test_layouts_of_the_inputs(instruction_set):
    case = make_case(Form(relu=True, bn=1, pool=True), 11)
    z = case.run()[0]
    case.x = case.x.detach().contiguous().requires_grad_()
    case.weight = case.weight.detach().contiguous().requires_grad_()
    other = case.run()[0]
    assert torch.equal(z, other)
    dz = torch.ones(1).expand(z.shape)
    got = torch.autograd.grad(other, [case.x, case.weight], dz)
    exact, leaves = case.exact()
    wanted = torch.autograd.grad(exact, [leaves["x"], leaves["weight"]], dz.double())
    assert all((a.double() - b).abs().max() < 1e-5 for a, b in zip(got, wanted, strict=True))


@pytest.mark.parametrize(
    ("changes", "message"),
    [
        ({"x": torch.zeros(2, 4, 7, 6)}, r"`weight` .* must be float32 \(out, 4, 3, 3\)"),
        ({"x": torch.zeros(0, 5, 7, 6)}, "`x` .* not empty"),
        ({"x": torch.zeros(2, 5, 7, 6).double()}, "`x` .* must be a float32 batch"),
        ({"weight": torch.zeros(9, 5, 5, 5)}, "`weight`"),
        ({"bias": torch.zeros(8)}, r"`bias` \(=torch.float32, \(8,\)\) must be a dense float32 \(9,\)"),
        ({"gamma": torch.zeros(1).expand(9)}, "`gamma` .* dense"),
        ({"beta": None}, "`form.bn` needs"),
    ],
)
def test_what_the_native_code_would_read_past_is_an_error(changes, message, instruction_set):
    case = make_case(Form(relu=True, bn=1, pool=True), 12)
    for name, value in changes.items():
        setattr(case, name, value)
    with pytest.raises(ValueError, match=message):
        case.run()
