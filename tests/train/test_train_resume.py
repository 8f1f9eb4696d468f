"""A training that is stopped anywhere and resumed ends in the same bits as one that is not."""

import random
from dataclasses import replace

import pytest
import torch
from train_builders import DEAD_BRANCH, NOISY, PLAIN, final_state, model, parts, recipe, same_state, same_tensors

from diabolo.errors import RunError
from diabolo.train import Checkpoint, EpochDone, Started, StepDone, Stopped, Trained, read_state, train, write_state

VQ = "conv4 relu pool | vq8 | up conv3 sigmoid"
FSQ = "conv4 relu pool conv2 | fsq[levels=4,3] | up conv3 sigmoid"


@pytest.mark.parametrize(
    ("line", "settings"),
    [
        (PLAIN, {}),
        (NOISY, {}),
        (DEAD_BRANCH, {}),
        (VQ, {}),
        (FSQ, {}),
        (PLAIN, {"optimiser": "adam", "weight_decay": 0.01}),
        (PLAIN, {"optimiser": "adamw", "weight_decay": 0.01, "schedule": "cosine"}),
        (PLAIN, {"optimiser": "sgd", "clip_norm": 0.1, "loss": "mse", "schedule": "constant", "warmup": 0}),
        (PLAIN, {"optimiser": "muon", "weight_decay": 0.01, "clip_norm": 0.1}),
        (PLAIN, {"precision": "bfloat16", "loss": "l1"}),
        (PLAIN, {"keep": "last", "batch_size": 1000, "epochs": 15}),
    ],
    ids=str,
)
def test_stopping_at_random_steps_changes_no_bit(line: str, settings: dict) -> None:
    chosen = recipe(**settings)
    whole = final_state(line, chosen)
    stops = [random.Random(f"{line}{settings}").randrange(5) for _ in range(6)]
    assert whole.progress.epoch == chosen.epochs
    assert same_state(final_state(line, chosen, stops=[0, *stops]), whole)


@pytest.mark.parametrize("line", [PLAIN, NOISY])
def test_every_checkpoint_leads_to_the_same_end(line: str) -> None:
    """Also the one after an epoch's last step, before its evaluation."""
    chosen, images = recipe(epochs=2), parts()
    states = []
    for event in train(model(line), images, chosen, checkpoint_seconds=0):
        if isinstance(event, Started | Checkpoint):
            states.append(event.state())
    assert [(state.progress.epoch, state.progress.step) for state in states] == [
        (0, 0), *((0, step) for step in range(1, 6)), (1, 0), *((1, step) for step in range(1, 6)), (2, 0)
    ]  # fmt: skip
    for state in states:
        *_, trained = train(resumed := model(line, seed=5), images, chosen, resume=state)
        assert isinstance(trained, Trained)
        end = replace(states[-1], tensors={f"model.{name}": value for name, value in resumed.state_dict().items()})
        kept = {name: value for name, value in states[-1].tensors.items() if name.startswith("model.")}
        assert same_tensors(end.tensors, kept)
        assert [replace(row, seconds=0, images_per_second=0) for row in trained.history] == [
            replace(row, seconds=0, images_per_second=0) for row in states[-1].history
        ]


def test_the_state_that_is_put_back_has_the_memory_layout_of_the_model(tmp_path) -> None:
    """Kernels are chosen by layout, and another kernel adds in another order."""
    images, chosen = parts(), recipe()
    should_stop = iter([False] * 7 + [True]).__next__
    *_, stopped = train(model(), images, chosen, should_stop=should_stop)
    assert isinstance(stopped, Stopped)
    write_state(tmp_path / "state.safetensors", stopped.state())
    resumed = model(seed=3)
    strides = {name: value.stride() for name, value in resumed.state_dict().items()}
    assert resumed.layers["conv_2"].weight.is_contiguous(memory_format=torch.channels_last)
    events = train(resumed, images, chosen, resume=read_state(tmp_path / "state.safetensors"))
    assert isinstance(next(events), Started)
    assert {name: value.stride() for name, value in resumed.state_dict().items()} == strides
    next(events)
    assert {name: value.stride() for name, value in resumed.state_dict().items()} == strides


def test_a_stop_before_the_first_step_and_one_within_an_epoch() -> None:
    events = list(train(model(), parts(), recipe(), should_stop=lambda: True))
    assert [type(event) for event in events] == [Started, Stopped]
    assert (events[1].epoch, events[1].step) == (1, 0)
    should_stop = iter([False] * 7 + [True]).__next__
    *_, last_step, stopped = train(model(), parts(), recipe(), should_stop=should_stop)
    assert isinstance(last_step, StepDone)
    assert (stopped.epoch, stopped.step, len(stopped.state().history)) == (2, 2, 1)


def test_a_stop_that_is_asked_for_during_the_last_step_lets_the_training_finish() -> None:
    seen: list = []
    for event in train(model(), parts(), recipe(epochs=1), should_stop=lambda: len(seen) == 6):
        seen.append(event)  # Started and five steps: the request comes after the fifth
    assert [type(event) for event in seen[-3:]] == [EpochDone, Checkpoint, Trained]


def test_a_training_whose_epochs_are_all_done_goes_straight_to_its_end() -> None:
    state = final_state(PLAIN, recipe())
    events = list(train(model(seed=9), parts(), recipe(), resume=state))
    assert [type(event) for event in events] == [Started, Trained]
    assert events[1].history == state.history
    assert events[1].best_epoch == state.progress.best_epoch


def test_a_state_from_before_a_choice_existed_goes_on() -> None:
    whole, state = final_state(PLAIN, recipe()), None
    for event in train(model(), parts(), recipe(), should_stop=iter([False] * 7 + [True]).__next__):
        if isinstance(event, Stopped):
            state = event.state()
    assert state is not None
    older = replace(
        state, recipe={name: value for name, value in state.recipe.items() if name not in ("ema", "augment")}
    )
    *_, end = train(resumed := model(seed=3), parts(), recipe(), resume=older)
    assert isinstance(end, Trained)
    own = {f"model.{name}": value for name, value in resumed.state_dict().items()}
    assert same_tensors(own, {name: value for name, value in whole.tensors.items() if name in own})
    with pytest.raises(RunError, match=r"`augment` was 'none' and is now 'flip'"):
        list(train(model(), parts(), recipe(augment="flip"), resume=older))


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"line": NOISY}, "`line` was 'noise"),
        ({"seed": 1}, "`seed` was 0 and is now 1"),
        ({"batch_size": 9}, "`batch_size` was 10 and is now 9"),
        ({"epochs": 4}, "`epochs` was 3 and is now 4"),
    ],
)
def test_a_training_only_goes_on_as_it_began(change: dict, message: str) -> None:
    state = final_state(NOISY if "line" in change else PLAIN, recipe())
    seed = change.pop("seed", 0)
    change.pop("line", None)
    with pytest.raises(RunError, match=message):
        list(train(model(), parts(), recipe(**change), seed=seed, resume=state))
