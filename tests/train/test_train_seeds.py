"""What depends on the seed, and on nothing else."""

import random

import numpy as np
import pytest
import torch
from train_builders import NOISY, PLAIN, final_state, model, parts, recipe, same_rows, same_state

from diabolo.train import epoch_order, train


@pytest.mark.parametrize("line", [PLAIN, NOISY])
def test_the_same_seed_gives_the_same_bits_and_another_others(line: str) -> None:
    first = final_state(line, recipe(), seed=4)
    torch.manual_seed(123)
    torch.rand(7)
    again, other = final_state(line, recipe(), seed=4), final_state(line, recipe(), seed=5)
    assert same_state(first, again)
    assert not same_rows(first.history, other.history)


@pytest.mark.parametrize("line", [PLAIN, NOISY])
def test_the_random_numbers_of_the_program_are_left_alone(line: str) -> None:
    """Also between two events, where the program may draw its own."""
    torch.manual_seed(1)
    np.random.seed(1)
    random.seed(1)
    before = torch.get_rng_state(), np.random.get_state()[1].copy(), random.getstate()
    drawn = []
    for _ in train(model(line), parts(), recipe()):
        assert torch.equal(torch.get_rng_state(), before[0])
        drawn.append(1)
    assert (np.random.get_state()[1] == before[1]).all()
    assert random.getstate() == before[2]
    assert len(drawn) > 15


def test_a_program_that_draws_between_the_events_changes_nothing() -> None:
    quiet = model(NOISY)
    list(train(quiet, parts(), recipe()))
    noisy = model(NOISY)
    for _ in train(noisy, parts(), recipe()):
        torch.rand(3)
    assert all(torch.equal(value, noisy.state_dict()[name]) for name, value in quiet.state_dict().items())


def test_noise_differs_in_every_step_of_every_epoch() -> None:
    """Read off the layer: what it adds to black images in four epochs of one step, and in one epoch of four."""
    for settings in ({"batch_size": 1000, "epochs": 4}, {"batch_size": 12, "epochs": 1}):
        added: list[torch.Tensor] = []
        watched = model(f"noise {PLAIN}")
        watched.layers["noise_1"].register_forward_hook(
            lambda layer, args, output, added=added: added.append(output.detach()) if layer.training else None
        )
        images = parts()
        images.train.fill(0)  # so that the output is the noise, bit for bit
        list(train(watched, images, recipe(**settings)))
        assert len({_key(one[:8]) for one in added}) == 4


def test_the_order_is_a_permutation_of_seed_and_epoch_alone() -> None:
    order = epoch_order(1000, seed=3, epoch=7)
    torch.manual_seed(99)
    assert (order == epoch_order(1000, seed=3, epoch=7)).all()
    assert sorted(order) == list(range(1000))
    for other in (epoch_order(1000, seed=3, epoch=8), epoch_order(1000, seed=4, epoch=7)):
        assert (order == other).mean() < 0.02


def test_every_image_is_trained_on_once_an_epoch() -> None:
    """Read off the batches themselves: a model that is asked for its first layer's input."""
    seen: list[torch.Tensor] = []
    watched = model()
    watched.layers["conv_1"].register_forward_pre_hook(
        lambda layer, args: seen.append(args[0].detach().clone()) if watched.training else None
    )
    images = parts()
    list(train(watched, images, recipe(epochs=2)))
    assert [len(batch) for batch in seen] == [10, 10, 10, 10, 5] * 2
    wanted = torch.from_numpy(images.train[images.train_indices]).permute(0, 3, 1, 2).float() / 255
    for epoch in (torch.cat(seen[:5]), torch.cat(seen[5:])):
        assert sorted(map(_key, epoch)) == sorted(map(_key, wanted))
    assert not torch.equal(torch.cat(seen[:5]), torch.cat(seen[5:]))


def _key(image: torch.Tensor) -> bytes:
    return image.contiguous().numpy().tobytes()
