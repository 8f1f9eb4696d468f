"""Mirrored images: half of them, chosen by (seed, step) alone, and only in training steps."""

import numpy as np
import pytest
import torch
from train_builders import model, parts, recipe

from diabolo.train import EpochDone, train
from diabolo.train.augment import augmented

IMAGES = torch.rand(2000, 3, 2, 4, generator=torch.Generator().manual_seed(0)).contiguous(
    memory_format=torch.channels_last
)


def mirrored(seed: int, step: int) -> np.ndarray:
    """Which images come out mirrored; each comes out as it was, or mirrored."""
    result = augmented(IMAGES, "flip", seed, step)
    same, other = (result == IMAGES).flatten(1).all(1), (result == IMAGES.flip(3)).flatten(1).all(1)
    assert bool((same ^ other).all())
    assert result.is_contiguous(memory_format=torch.channels_last)
    return other.numpy()


def test_half_of_the_images_are_mirrored_and_each_step_draws_anew() -> None:
    first, again, next_step, other_seed = mirrored(0, 0), mirrored(0, 0), mirrored(0, 1), mirrored(1, 0)
    assert (first == again).all()
    for drawn in (first, next_step, other_seed):
        assert abs(int(drawn.sum()) - 1000) < 112  # five deviations of a fair coin
    for drawn in (next_step, other_seed):
        assert abs(int((first == drawn).sum()) - 1000) < 112


def test_nothing_is_done_where_nothing_is_asked_for() -> None:
    assert augmented(IMAGES, "none", 0, 0) is IMAGES
    state = torch.random.get_rng_state()
    augmented(IMAGES, "flip", 0, 0)
    assert torch.equal(torch.random.get_rng_state(), state)


def test_training_steps_see_mirrored_images_and_evaluation_does_not() -> None:
    seen: dict[bool, list[torch.Tensor]] = {True: [], False: []}
    watched, images = model(), parts()
    watched.layers["conv_1"].register_forward_pre_hook(
        lambda layer, args: seen[watched.training].append(args[0].clone())
    )
    for event in train(watched, images, recipe(epochs=1, augment="flip", num_train_eval=45), seed=4):
        if isinstance(event, EpochDone):
            break
    plain = torch.from_numpy(images.train).permute(0, 3, 1, 2).float() / 255
    stepped = torch.cat(seen[True])
    straight = [bool((plain == image).flatten(1).all(1).any()) for image in stepped]
    turned = [bool((plain == image.flip(2)).flatten(1).all(1).any()) for image in stepped]
    assert all(one ^ other for one, other in zip(straight, turned, strict=True))
    assert 5 < sum(turned) < 40
    torch.testing.assert_close(torch.cat(seen[False])[:45], plain[:45], rtol=0, atol=0)


@pytest.mark.parametrize("value", ["mirror", 1, True])
def test_other_words_are_refused(value: object) -> None:
    with pytest.raises(ValueError, match=r"`augment` \(=.*\) must be one of none, flip"):
        recipe(augment=value)
