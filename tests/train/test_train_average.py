"""Averaged weights: the stated formula, what is judged by them, and that the training itself does not notice."""

import numpy as np
import pytest
import torch
from train_builders import NOISY, PLAIN, final_state, model, parts, recipe, same_tensors

from diabolo.errors import RunError
from diabolo.train import Checkpoint, EpochDone, ImageSource, StepDone, Trained, evaluate, loss_for, train
from diabolo.train.average import WeightAverage

LINES = [PLAIN, NOISY, "conv4 relu pool | vq8 | up conv3 sigmoid"]


def taken(trained: torch.nn.Module) -> dict[str, torch.Tensor]:
    return {name: value.clone() for name, value in trained.state_dict().items()}


@pytest.mark.parametrize("line", LINES)
@pytest.mark.parametrize("decay", [0.5, 0.998])
def test_the_average_is_the_one_that_the_formula_gives(line: str, decay: float) -> None:
    """In float64 from the weights after each step; the average itself is kept in float32: 15 steps of rounding."""
    trained, images = model(line), parts()
    expected = {name: value.double() for name, value in taken(trained).items()}
    for event in train(trained, images, recipe(ema=decay), seed=0):
        if isinstance(event, StepDone):
            step = 5 * (event.epoch - 1) + event.step - 1
            share = min(decay, (1 + step) / (10 + step))
            for name, value in taken(trained).items():
                kept = 0.0 if "vq_1" in name else share  # codes are copied
                expected[name] = kept * expected[name] + (1 - kept) * value.double()
        elif isinstance(event, EpochDone | Trained):
            for name, value in taken(trained).items():
                torch.testing.assert_close(value.double(), expected[name], rtol=1e-5, atol=1e-6)


@pytest.mark.parametrize("line", LINES)
def test_training_goes_on_as_if_there_were_no_average(line: str) -> None:
    states = {}
    for ema in (0.0, 0.9):
        for event in train(model(line), parts(), recipe(ema=ema), seed=0):
            if isinstance(event, Checkpoint):
                states[ema] = event.state().tensors
    averages = {name for name in states[0.9] if name.startswith("average.")}
    assert averages == {f"average.{name}" for name in model(line).state_dict()}
    own = {name: value for name, value in states[0.9].items() if name not in averages}
    assert same_tensors(own, states[0.0])


def test_an_epoch_is_judged_by_the_averaged_weights() -> None:
    trained, images = model(), parts()
    rows = []
    for event in train(trained, images, recipe(ema=0.9), seed=0):
        if isinstance(event, EpochDone):
            rows.append(event.row)
            source, loss = ImageSource(images.train, torch.device("cpu")), loss_for("bce", trained)
            measured = evaluate(trained, source, images.validation_indices, loss)
            assert (event.row.val_loss, event.row.val_psnr) == (measured.loss, measured.psnr)
    plain = [event.row for event in train(model(), images, recipe(), seed=0) if isinstance(event, EpochDone)]
    assert rows[-1].loss == plain[-1].loss
    assert rows[-1].val_loss != plain[-1].val_loss


def test_a_training_that_is_not_read_to_its_end_keeps_its_own_weights() -> None:
    """A reader that leaves at `EpochDone` finds the weights of the training, not their average."""
    images = parts()
    trained, other = model(), model()
    for event in (events := train(trained, images, recipe(ema=0.9))):
        if isinstance(event, EpochDone):
            break
    events.close()
    for event in train(other, images, recipe()):
        if isinstance(event, EpochDone):
            break
    assert same_tensors(taken(trained), taken(other))


@pytest.mark.parametrize("line", LINES)
def test_a_resume_at_any_step_changes_no_bit(line: str) -> None:
    chosen = recipe(ema=0.95, augment="flip")
    whole = final_state(line, chosen)
    assert same_tensors(final_state(line, chosen, stops=[0, 3, 4, 1, 5, 2]).tensors, whole.tensors)
    trained = model(line, seed=9)
    *_, end = train(trained, parts(), chosen, resume=whole)
    assert isinstance(end, Trained)
    averages = {name[8:]: value for name, value in whole.tensors.items() if name.startswith("average.")}
    assert same_tensors(taken(trained), averages)


def test_a_state_without_its_averages_is_refused() -> None:
    state = final_state(PLAIN, recipe(ema=0.9))
    del state.tensors["average.layers.conv_1.weight"]
    with pytest.raises(RunError, match="the averaged weights in this run's state do not belong to this line"):
        list(train(model(), parts(), recipe(ema=0.9), resume=state))


def test_codes_are_those_of_the_training() -> None:
    seen: dict[str, torch.Tensor] = {}
    trained = model("conv4 relu pool conv4 | lloyd[bits=9] | conv4 up conv3 sigmoid")
    for event in train(trained, parts(), recipe(ema=0.95)):
        if isinstance(event, StepDone):
            seen = taken(trained)
        elif isinstance(event, EpochDone):
            now = taken(trained)
            for name in seen:
                assert torch.equal(now[name], seen[name]) == name.startswith("layers.lloyd_1."), name


def test_whole_numbers_and_layouts_are_kept() -> None:
    layer = torch.nn.BatchNorm2d(3).train()
    layer.weight.data = torch.arange(3.0)
    average = WeightAverage(layer, 0.9)
    layer(torch.randn(4, 3, 2, 2))
    average.update(0)
    assert average.tensors["num_batches_tracked"] == 1
    trained = model()
    strides = [value.stride() for value in WeightAverage(trained, 0.9).tensors.values()]
    assert strides == [value.stride() for value in trained.state_dict().values()]


def test_averaging_ends_nearer_to_the_best_than_noisy_steps_do() -> None:
    """What it is for: with a constant rate that is too large, steps rattle about the optimum, their mean does not."""
    settings = {"schedule": "constant", "warmup": 0, "learning_rate": 0.1, "batch_size": 2, "optimiser": "adam"}
    line, images = "conv4 | conv3 sigmoid", parts()
    ends = {
        ema: [
            event.row.val_loss
            for event in train(model(line), images, recipe(ema=ema, epochs=8, loss="mse", **settings))
            if isinstance(event, EpochDone)
        ]
        for ema in (0.0, 0.97)
    }
    assert np.mean(ends[0.97][-3:]) < np.mean(ends[0.0][-3:])
