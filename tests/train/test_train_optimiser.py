"""Optimisers against float64 implementations of the published updates, and schedules against closed forms."""

import math
import subprocess
import sys

import numpy as np
import pytest
import torch
from torch import nn
from train_builders import recipe

from diabolo.train.adam import KerasAdam
from diabolo.train.optimiser import learning_rate, make_optimiser

RNG = np.random.default_rng()


def keras_adam(w: np.ndarray, gradients: list[np.ndarray], rate: float, decay: float) -> np.ndarray:
    """Keras 3's Adam.update_step and Optimizer._apply_weight_decay, in float64."""
    m, v = np.zeros_like(w), np.zeros_like(w)
    for step, gradient in enumerate(gradients, start=1):
        w = w - w * decay * rate
        alpha = rate * math.sqrt(1 - 0.999**step) / (1 - 0.9**step)
        m = m + (gradient - m) * (1 - 0.9)
        v = v + (gradient**2 - v) * (1 - 0.999)
        w = w - alpha * m / (np.sqrt(v) + 1e-7)
    return w


@pytest.mark.parametrize("decay", [0.0, 0.1])
@pytest.mark.parametrize("scale", [1.0, 1e-6], ids=["usual gradients", "gradients near epsilon"])
def test_keras_adam_is_the_update_of_keras(decay: float, scale: float) -> None:
    """Steps are up to 0.01 each; float32 rounds weights near 1 by 6e-8 a step, and the moments by as much of theirs."""
    start, gradients = RNG.normal(size=50), [scale * RNG.normal(size=50) for _ in range(30)]
    parameter = nn.Parameter(torch.tensor(start, dtype=torch.float32))
    optimiser = KerasAdam([parameter], 0.01, decay)
    for gradient in gradients:
        parameter.grad = torch.tensor(gradient, dtype=torch.float32)
        optimiser.step()
    wanted = keras_adam(start, gradients, 0.01, decay)
    np.testing.assert_allclose(parameter.detach().numpy(), wanted, atol=2e-5, rtol=0)
    assert np.abs(wanted - start).max() > 0.02
    plain = keras_adam(start, gradients, 0.01, 0.0)
    assert decay == 0 or np.abs(wanted - plain).max() > 1e-3


def test_keras_adam_goes_on_where_it_was() -> None:
    """The place of epsilon depends on the number of the step: gradients near epsilon show it."""
    start, gradients = RNG.normal(size=50), [1e-6 * RNG.normal(size=50) for _ in range(6)]
    parameter = nn.Parameter(torch.tensor(start, dtype=torch.float32))
    optimiser = KerasAdam([parameter], 0.01)
    for number, gradient in enumerate(gradients):
        if number == 3:
            state = optimiser.state[parameter]
            optimiser = KerasAdam([parameter], 0.01, num_steps=3)
            optimiser.state[parameter] = state
        parameter.grad = torch.tensor(gradient, dtype=torch.float32)
        optimiser.step()
    wanted = keras_adam(start, gradients, 0.01, 0.0)
    np.testing.assert_allclose(parameter.detach().numpy(), wanted, atol=1e-5, rtol=0)


@pytest.mark.parametrize("name", ["adam", "adamw", "sgd"])
def test_the_others_are_what_the_recipe_says(name: str) -> None:
    """One step from rest by hand: Adam moves by lr · sign(g) where |g| ≫ ε, SGD with Nesterov by lr · 1.9 · g."""
    start = torch.tensor([1.0, -2.0], dtype=torch.float64)
    gradient = torch.tensor([0.5, 0.25], dtype=torch.float64)
    parameter = nn.Parameter(start.clone())
    parameter.grad = gradient.clone()
    chosen = recipe(optimiser=name, learning_rate=0.1, weight_decay=0.3)
    make_optimiser([parameter], chosen).step()
    coupled = gradient + 0.3 * start
    wanted = {
        "adam": start - 0.1 * coupled.sign(),
        "adamw": start * (1 - 0.1 * 0.3) - 0.1 * gradient.sign(),
        "sgd": start - 0.1 * 1.9 * coupled,
    }[name]
    torch.testing.assert_close(parameter.detach(), wanted, atol=1e-6, rtol=0)


@pytest.mark.parametrize("name", ["adam", "adamw", "sgd"])
def test_the_others_are_torchs_own_to_the_last_bit(name: str) -> None:
    """Over steps, in channels-last memory, with a parameter that never gets a gradient."""
    chosen = recipe(optimiser=name, learning_rate=0.02, weight_decay=0.1)
    makers = {
        "adam": lambda them: torch.optim.Adam(them, lr=0.02, weight_decay=0.1, fused=True),
        "adamw": lambda them: torch.optim.AdamW(them, lr=0.02, weight_decay=0.1, fused=True),
        "sgd": lambda them: torch.optim.SGD(them, lr=0.02, weight_decay=0.1, momentum=0.9, nesterov=True, fused=True),
    }
    start = [torch.randn(5, 3, 3, 3).to(memory_format=torch.channels_last), torch.randn(7), torch.randn(2)]
    theirs, ours = ([nn.Parameter(value.clone()) for value in start] for _ in range(2))
    reference, optimiser = makers[name](theirs), make_optimiser(ours, chosen)
    for _ in range(10):
        for their, our in zip(theirs[:2], ours[:2], strict=True):
            their.grad = torch.randn_like(their)
            our.grad = their.grad.clone()
        reference.step()
        optimiser.step()
    for their, our, value in zip(theirs, ours, start, strict=True):
        assert torch.equal(their, our)
        assert torch.equal(our, value) == (our.grad is None)
    for their, our in zip(theirs[:2], ours[:2], strict=True):
        mine = optimiser.state[our]
        kept = {key: value for key, value in reference.state[their].items() if value is not None}
        assert kept.keys() == mine.keys()
        assert all(torch.equal(value, mine[key]) for key, value in kept.items())
    assert ours[2] not in optimiser.state


@pytest.mark.parametrize("name", ["adam", "adam-keras", "adamw", "muon", "sgd"])
def test_a_skipped_step_changes_nothing(name: str) -> None:
    """Neither weights nor moments nor Adam's count, at the first step and later; 0 skips nothing."""
    parameter = nn.Parameter(torch.randn(3, 3))
    chosen = recipe(optimiser=name, learning_rate=0.02, weight_decay=0.1)
    optimiser = make_optimiser([parameter], chosen, matrices=[parameter])
    for skip in (1.0, 0.0, 1.0, 1.0):
        before = parameter.detach().clone()
        kept = {key: value.clone() for key, value in optimiser.state.get(parameter, {}).items()}
        parameter.grad = torch.full((3, 3), float("nan")) if skip else torch.randn(3, 3)
        optimiser.step(skip=torch.tensor(skip))
        assert torch.equal(parameter, before) == bool(skip)
        if skip:
            assert all(torch.equal(optimiser.state[parameter][key], value) for key, value in kept.items())
    assert torch.isfinite(parameter).all()


def test_making_and_using_an_optimiser_leaves_torchs_compiler_alone() -> None:
    """Its import takes as long as torch's own; start-up under 3 s has no room for it."""
    program = (
        "import sys, torch\n"
        "from diabolo.train import find_recipe\n"
        "from diabolo.train.optimiser import make_optimiser\n"
        "weight = torch.nn.Parameter(torch.ones(3, 3))\n"
        "for name in ('adam', 'adam-keras', 'adamw', 'muon', 'sgd'):\n"
        "    recipe = find_recipe('fast').with_settings({'optimiser': name})\n"
        "    optimiser = make_optimiser([weight], recipe, matrices=[weight])\n"
        "    weight.grad = torch.ones(3, 3)\n"
        "    optimiser.step()\n"
        "print('torch._dynamo' in sys.modules)\n"
    )
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "False"


def test_a_constant_schedule_is_constant() -> None:
    chosen = recipe(schedule="constant", warmup=0, learning_rate=0.003)
    assert {learning_rate(chosen, step, 17) for step in range(17)} == {0.003}


def test_one_cycle_rises_from_a_25th_and_falls_to_a_250_000th() -> None:
    chosen = recipe(schedule="one-cycle", warmup=0.25, learning_rate=0.01)
    rates = [learning_rate(chosen, step, 101) for step in range(101)]
    assert rates[0] == pytest.approx(0.01 / 25, rel=1e-12)
    assert rates[25] == max(rates) == pytest.approx(0.01, rel=1e-12)
    assert rates[100] == pytest.approx(0.01 / 250_000, rel=1e-9)
    for step, rate in enumerate(rates):
        low, high, share = (0.0004, 0.01, step / 25) if step <= 25 else (0.01, 4e-8, (step - 25) / 75)
        assert rate == pytest.approx(low + (high - low) * (1 - math.cos(math.pi * share)) / 2, rel=1e-9)


def test_one_cycle_is_torchs() -> None:
    """torch counts its phases by 0.3 · 101 − 1 = 29.3 and 100 steps, this one by shares of 100: the same curve here."""
    chosen = recipe(schedule="one-cycle", warmup=0.29, learning_rate=0.01)
    parameter = nn.Parameter(torch.zeros(1))
    optimiser = torch.optim.SGD([parameter], lr=1.0)
    schedule = torch.optim.lr_scheduler.OneCycleLR(
        optimiser, max_lr=0.01, total_steps=101, pct_start=30 / 101, cycle_momentum=False
    )
    for step in range(101):
        assert learning_rate(chosen, step, 101) == pytest.approx(optimiser.param_groups[0]["lr"], rel=1e-6)
        optimiser.step()
        if step < 100:
            schedule.step()


def test_cosine_rises_linearly_and_falls_to_zero() -> None:
    chosen = recipe(schedule="cosine", warmup=0.2, learning_rate=0.5)
    rates = [learning_rate(chosen, step, 51) for step in range(51)]
    assert rates[0] == 0.5 / 51
    assert rates[1:11] == pytest.approx([0.05 * step for step in range(1, 11)], rel=1e-12)
    assert rates[10:] == pytest.approx(
        [0.25 * (1 + math.cos(math.pi * (step - 10) / 40)) for step in range(10, 51)], rel=1e-9, abs=1e-15
    )
    assert rates[50] == 0.0
    no_warmup = recipe(schedule="cosine", warmup=0, learning_rate=0.5)
    assert learning_rate(no_warmup, 0, 51) == 0.5


@pytest.mark.parametrize("schedule", ["constant", "cosine", "one-cycle"])
@pytest.mark.parametrize("warmup", [0.0, 0.3, 1.0])
@pytest.mark.parametrize("num_steps", [1, 2, 3])
def test_schedules_of_very_few_steps_give_usable_rates(schedule: str, warmup: float, num_steps: int) -> None:
    chosen = recipe(schedule=schedule, warmup=warmup, learning_rate=0.1)
    rates = [learning_rate(chosen, step, num_steps) for step in range(num_steps)]
    assert all(0 <= rate <= 0.1 for rate in rates)
    assert rates[0] > 0
