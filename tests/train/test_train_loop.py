"""The loop: what each event says, checked against sums made by hand; and trainings that go wrong."""

import math

import numpy as np
import pytest
import torch
from train_builders import DEAD_BRANCH, NOISY, PLAIN, model, parts, random_images, recipe, run

from diabolo.errors import RecipeError
from diabolo.train import (
    Checkpoint,
    Diverged,
    EpochDone,
    ImageSource,
    Started,
    StepDone,
    Stopped,
    Trained,
    TrainingImages,
    evaluate,
    loss_for,
    train,
)

UNBOUNDED = "conv4 relu pool | up conv3"


def test_the_events_of_a_training() -> None:
    events = run(epochs=2)
    epoch = [*[StepDone] * 5, EpochDone, Checkpoint]
    assert [type(event) for event in events] == [Started, *epoch, *epoch, Trained]
    started = events[0]
    assert (started.num_epochs, started.steps_per_epoch, started.num_train, started.num_validation) == (2, 5, 45, 10)
    assert (started.first_epoch, started.first_step, started.is_resumed) == (1, 0, False)
    rows = [event.row for event in events if isinstance(event, EpochDone)]
    assert [row.epoch for row in rows] == [1, 2]
    assert events[-1].history == tuple(rows)
    assert all(row.seconds > 0 and row.images_per_second == pytest.approx(45 / row.seconds) for row in rows)


def test_the_running_loss_weighs_images_and_starts_anew_each_epoch() -> None:
    """The last step has 5 images of 45, so a mean over steps would be another number."""
    losses: list[tuple[float, int]] = []
    watched = model("conv4 pool | up conv3 sigmoid")
    watched.layers["conv_2"].register_forward_hook(
        lambda layer, args, output: losses.append(output.detach().clone()) if watched.training else None
    )
    images = parts()
    events = list(train(watched, images, recipe(epochs=2)))
    from diabolo.train import epoch_order

    for number, done in enumerate([event for event in events if isinstance(event, EpochDone)]):
        order = images.train_indices[epoch_order(45, 0, number + 1)]
        target = images.train[order].transpose(0, 3, 1, 2).astype(np.float64) / 255
        logits = torch.cat(losses[5 * number : 5 * number + 5]).double().numpy()
        per_image = (np.logaddexp(0, logits) - target * logits).mean(axis=(1, 2, 3))
        assert done.row.loss == pytest.approx(per_image.mean(), rel=1e-6)


def test_a_row_is_what_evaluation_gives_for_the_weights_of_its_moment() -> None:
    trained, images = model(), parts()
    loss = loss_for("bce", trained)
    for event in train(trained, images, recipe()):
        if isinstance(event, EpochDone):
            source = ImageSource(images.train, torch.device("cpu"))
            measured = evaluate(trained, source, images.validation_indices, loss)
            row = event.row
            assert (row.val_loss, row.val_mse, row.val_psnr, row.val_ssim) == (
                measured.loss, measured.mse, measured.psnr, measured.ssim,
            )  # fmt: skip
            floor = loss.floor(images.validation[images.validation_indices])
            assert row.val_excess == pytest.approx(measured.loss - floor, abs=1e-12)
            assert 0 < row.val_excess < row.val_loss
            assert row.train_loss != row.loss


def test_the_train_loss_is_measured_on_a_fixed_part() -> None:
    images = parts()
    everything = run(num_train_eval=1000, epochs=1)[-1].history[0]
    trained = model()
    list(train(trained, images, recipe(epochs=1)))
    source = ImageSource(images.train, torch.device("cpu"))
    measured = evaluate(trained, source, images.train_indices, loss_for("bce", trained))
    assert everything.train_loss == pytest.approx(measured.loss, rel=1e-6)
    few = run(num_train_eval=5, epochs=1)[-1].history[0]
    assert few.train_loss != pytest.approx(everything.train_loss, rel=1e-6)
    assert few.val_loss == everything.val_loss


def test_the_weights_to_keep() -> None:
    """A rate that first helps and then harms: the best epoch is not the last."""
    settings = {"learning_rate": 3.0, "schedule": "cosine", "warmup": 1.0, "epochs": 6}
    for keep in ("best", "last"):
        done = [event for event in run(keep=keep, **settings) if isinstance(event, EpochDone)]
        losses = [event.row.val_loss for event in done]
        lowest = [losses[index] == min(losses[: index + 1]) for index in range(6)]
        assert [event.is_kept for event in done] == (lowest if keep == "best" else [True] * 6)
        assert not lowest[-1]
    trained = run(keep="best", **settings)[-1]
    assert isinstance(trained, Trained)
    assert trained.best_epoch == losses.index(min(losses)) + 1


def test_a_bottlenecks_penalty_joins_the_training_loss_and_no_other() -> None:
    def rows(beta: float) -> list:
        line = f"conv4 pool | gaussian4[beta={beta}] | up conv3 sigmoid"
        return [event.row for event in run(line, learning_rate=0, batch_size=100, epochs=1) if hasattr(event, "row")]

    small, large = rows(0.001)[0], rows(5)[0]
    assert large.loss > small.loss + 0.001
    assert (large.train_loss, large.val_loss) == (small.train_loss, small.val_loss)
    pulled, free = (
        run(f"conv4 pool | gaussian4[beta={beta}] | up conv3 sigmoid", learning_rate=0.05)[-1].history[-1].val_loss
        for beta in (100, 0.0001)
    )
    assert pulled > free + 0.001, "the penalty has a gradient"


@pytest.mark.parametrize("loss", ["bce", "mse", "l1"])
@pytest.mark.parametrize("optimiser", ["adam", "adam-keras", "adamw", "muon", "sgd"])
def test_every_loss_falls_with_every_optimiser(loss: str, optimiser: str) -> None:
    rate = {"sgd": {"bce": 0.1, "mse": 0.3, "l1": 0.1}[loss]}.get(optimiser, 0.02)
    history = run(loss=loss, optimiser=optimiser, learning_rate=rate, epochs=8)[-1].history
    assert history[-1].train_excess < 0.95 * history[0].train_excess


def test_a_loss_in_decibels_falls() -> None:
    """Its floor is far off, so that a share of the excess says nothing: a decibel is a fifth of the MSE."""
    history = run("conv8 relu conv8 | conv3", loss="psnr", optimiser="adam", learning_rate=0.01, epochs=8)[-1].history
    assert history[-1].train_loss < history[0].train_loss - 1
    assert history[-1].val_loss == pytest.approx(-history[-1].val_psnr, abs=0.5), "outputs a little outside of [0, 1]"


def test_the_clipped_gradient_has_the_norm_asked_for() -> None:
    """Plain SGD from rest moves by 1.9 · rate · gradient, so one step shows the norm of the gradient."""
    moved = {}
    for clip in (0.0, 1e-3):
        trained = model()
        before = torch.cat([value.detach().flatten().clone() for value in trained.parameters()])
        settings = {"optimiser": "sgd", "schedule": "constant", "warmup": 0, "learning_rate": 1.0, "clip_norm": clip}
        list(train(trained, parts(), recipe(epochs=1, batch_size=100, **settings)))
        after = torch.cat([value.detach().flatten() for value in trained.parameters()])
        moved[clip] = float((after - before).norm()) / 1.9
    assert moved[1e-3] == pytest.approx(1e-3, rel=1e-2)
    assert moved[0.0] > 2e-3


def test_bfloat16_is_used_in_training_steps_and_not_in_evaluation() -> None:
    seen = {True: set(), False: set()}
    watched = model()
    watched.layers["conv_1"].register_forward_hook(
        lambda layer, args, output: seen[watched.training].add(output.dtype) and None
    )
    events = list(train(watched, parts(), recipe(precision="bfloat16")))
    assert seen == {True: {torch.bfloat16}, False: {torch.float32}}
    assert all(value.dtype == torch.float32 for value in watched.state_dict().values())
    full = run()[-1].history
    assert events[-1].history[-1].val_loss != full[-1].val_loss
    assert events[-1].history[-1].val_loss == pytest.approx(full[-1].val_loss, rel=0.05)


@pytest.mark.parametrize("num_train", [1, 2, 3])
@pytest.mark.parametrize("batch_size", [1, 2, 100])
@pytest.mark.parametrize("line", [PLAIN, NOISY])
def test_tiny_data_sets(num_train: int, batch_size: int, line: str) -> None:
    trained = run(line, images=parts(num_train, 1), batch_size=batch_size)[-1]
    assert isinstance(trained, Trained)
    assert all(math.isfinite(row.val_loss) for row in trained.history)


def test_a_last_batch_of_one_value_a_channel_is_refused_before_the_first_step() -> None:
    flat = "flatten dense8 bn relu | dense192 unflatten sigmoid"
    with pytest.raises(
        RecipeError, match=r"`batch_size` \(=11\) leaves one of 45 train images.*`bn_1` cannot normalise"
    ):
        train(model(flat), parts(45), recipe(batch_size=11))
    assert isinstance(run(flat, images=parts(45), batch_size=9)[-1], Trained)
    assert isinstance(run(PLAIN, images=parts(45), batch_size=11, epochs=1)[-1], Trained)


def test_a_line_without_weights_is_refused() -> None:
    with pytest.raises(RecipeError, match="has no weights that reach its output"):
        run("(conv4) pool | up sigmoid")


def test_dead_branches_neither_move_nor_disturb() -> None:
    trained = model(DEAD_BRANCH)
    before = {name: value.clone() for name, value in trained.named_parameters()}
    list(train(trained, parts(), recipe(clip_norm=1.0)))
    moved = {name for name, value in trained.named_parameters() if not torch.equal(value, before[name])}
    assert {name for name in before if "bn" in name}.isdisjoint(moved)
    assert {name for name in before if "conv" in name} <= moved


def test_own_validation_images() -> None:
    train_images, others = random_images(20), random_images(7, seed=8)
    images = TrainingImages(
        train=train_images, train_indices=np.arange(20), validation=others, validation_indices=np.arange(7)
    )
    trained = model()
    *_, done = train(trained, images, recipe(epochs=1))
    measured = evaluate(trained, ImageSource(others, torch.device("cpu")), np.arange(7), loss_for("bce", trained))
    assert done.history[0].val_loss == measured.loss


def test_a_training_that_diverges_says_where_and_why() -> None:
    events = run(UNBOUNDED, loss="mse", learning_rate=1e6, warmup=0, schedule="constant", optimiser="sgd")
    diverged = events[-1]
    assert isinstance(diverged, Diverged)
    assert not math.isfinite(diverged.loss)
    assert diverged.epoch == 1
    assert diverged.step == 1 + sum(isinstance(event, StepDone) for event in events)
    assert "nothing bounds or normalises the output" in diverged.cause
    assert "learning_rate=0.01" in diverged.cause
    assert diverged.message.startswith(f"the loss became {diverged.loss} in epoch 1, step {diverged.step}: ")


@pytest.mark.parametrize("step", [1, 3, 5, 6, 10])
def test_weights_that_break_at_any_step_reach_no_state(step: int) -> None:
    """A step whose loss is finite leaves NaN: neither a checkpoint nor a stop right after it may keep them."""
    for stop in (False, True):
        trained = model()
        done, states = 0, []
        events = train(
            trained,
            parts(),
            recipe(),
            checkpoint_seconds=0,
            should_stop=lambda: stop and done == step,  # noqa: B023
        )
        for event in events:
            if isinstance(event, StepDone):
                done += 1
                if done == step:
                    with torch.no_grad():
                        trained.layers["conv_2"].weight[0] = float("nan")
            if isinstance(event, Started | Checkpoint | Stopped):
                states.append(event.state())
        assert isinstance(event, Diverged)
        assert done == step
        assert "`layers.conv_2.weight` is no longer finite" in event.cause
        assert states
        for state in states:
            assert all(bool(torch.isfinite(value).all()) for value in state.tensors.values())
        if stop and step % 5:
            assert event.message.startswith(f"the weights became NaN or infinite in epoch {event.epoch}, step ")


def test_causes_by_recipe() -> None:
    from diabolo.train.diagnosis import likely_cause

    broken = model()
    with torch.no_grad():
        broken.layers["conv_1"].bias[0] = float("inf")
    assert "`layers.conv_1.bias` is no longer finite: most likely the steps are too large" in likely_cause(
        broken, recipe(), ()
    )
    assert "`--set learning_rate=0.001` or `--set clip_norm=1`" in likely_cause(broken, recipe(), ())
    assert "clip_norm" not in likely_cause(broken, recipe(clip_norm=1), ())
    assert "try `--set precision=float32`" in likely_cause(broken, recipe(precision="bfloat16"), ())
    assert "the weights are finite, the output is not" in likely_cause(model(), recipe(), ())
