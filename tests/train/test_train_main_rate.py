"""`main_rate`: layers on the main path learn at a rate of their own, or stay as they start."""

import pytest
import torch
from train_builders import SHAPE, parts, recipe

from diabolo.model import AutoEncoder, build_model, parameters_on_main_path
from diabolo.train import Stopped, Trained, TrainingState, train

LINE = "unshuffle2 res[skip=conv]{conv8 relu conv4} | res[skip=conv]{conv8 relu conv12} shuffle2"


def trained(line: str = LINE, stop_after: int | None = None, **settings: object) -> tuple[AutoEncoder, AutoEncoder]:
    """A model as it starts, and the same after its training, stopped once on the way if asked for."""
    start, model = (build_model(line, SHAPE, seed=0, engine="plain") for _ in range(2))
    chosen = recipe(loss="mse", schedule="constant", **settings)
    state: TrainingState | None = None
    if stop_after is not None:
        left = [stop_after]

        def should_stop() -> bool:
            left[0] -= 1
            return left[0] < 0

        for event in train(model, parts(), chosen, should_stop=should_stop):
            if isinstance(event, Stopped):
                state = event.state()
        assert state is not None
        model = build_model(line, SHAPE, seed=1, engine="plain")
    *_, last = train(model, parts(), chosen, resume=state)
    assert isinstance(last, Trained)
    return start, model


def test_a_rate_of_zero_keeps_the_main_path_and_trains_the_branches() -> None:
    start, model = trained(main_rate=0.0)
    main = {id(parameter) for parameter in parameters_on_main_path(model)}
    assert len(main) == 4
    for before, after in zip(start.parameters(), model.parameters(), strict=True):
        assert torch.equal(before, after) == (id(after) in main)
        assert after.requires_grad


def test_the_factor_scales_one_update_of_the_main_path_alone() -> None:
    """One step of SGD is the gradient times the rate; float32 rounds weights of about 1 by 6e-8."""
    settings = {"optimiser": "sgd", "epochs": 1, "batch_size": 45, "learning_rate": 0.1}
    start, whole = trained(main_rate=1.0, **settings)
    _, tenth = trained(main_rate=0.1, **settings)
    main = {id(parameter) for parameter in parameters_on_main_path(tenth)}
    moved = 0.0
    for before, one, other in zip(start.parameters(), whole.parameters(), tenth.parameters(), strict=True):
        factor = 0.1 if id(other) in main else 1.0
        torch.testing.assert_close(other - before, factor * (one - before), atol=5e-7, rtol=0)
        moved = max(moved, float((one - before).detach().abs().max()))
    assert moved > 1e-4


@pytest.mark.parametrize("optimiser", ["adamw", "adam-keras"])
def test_a_resumed_training_is_the_same(optimiser: str) -> None:
    _, whole = trained(main_rate=0.1, optimiser=optimiser)
    _, resumed = trained(main_rate=0.1, optimiser=optimiser, stop_after=7)
    for one, other in zip(whole.parameters(), resumed.parameters(), strict=True):
        assert torch.equal(one, other)


def test_a_line_with_nothing_but_a_main_path_stays_what_it_is() -> None:
    start, model = trained("unshuffle2 conv4 | conv12 shuffle2", main_rate=0.0)
    for before, after in zip(start.parameters(), model.parameters(), strict=True):
        assert torch.equal(before, after)
