"""Recipes: every choice is checked, whoever makes it, and the message says which and how."""

from dataclasses import fields, replace
from typing import Any

import pytest

from diabolo.errors import RecipeError
from diabolo.train import Recipe, all_recipes, find_recipe, recipe_from_record

FAST = find_recipe("fast")
WRONG = {
    "epochs": [0, -1, 2.5, "3", True, None, 10**7],
    "batch_size": [0, 1.5, "10", False],
    "optimiser": ["Adam", "", 3, None],
    "learning_rate": [-0.1, float("nan"), float("inf"), "0.1", True],
    "schedule": ["linear"],
    "warmup": [-0.1, 1.1, float("nan")],
    "weight_decay": [-1, float("inf")],
    "clip_norm": [-1.0, "1"],
    "ema": [-0.1, 1.0, "0.9", float("nan"), True],
    "main_rate": [-0.1, 1001, "slow", float("nan"), True],
    "augment": ["flips", True],
    "loss": ["BCE", ["bce"]],
    "precision": ["float16"],
    "initialisation": ["zeros"],
    "validation": ["train"],
    "validation_fraction": [-0.1, 0.95, float("nan")],
    "keep": ["worst"],
    "num_train_eval": [0, 1.0],
    "name": [3],
}


def test_every_choice_has_wrong_values_to_test() -> None:
    assert set(WRONG) == {field.name for field in fields(Recipe)}


@pytest.mark.parametrize(("name", "value"), [(name, value) for name, values in WRONG.items() for value in values])
def test_a_wrong_value_is_refused_by_name(name: str, value: Any) -> None:
    with pytest.raises(RecipeError, match=rf"^`{name}` \(=.*\) must be "):
        replace(FAST, **{name: value})


def test_texts_are_read_as_the_type_of_the_choice() -> None:
    changed = FAST.with_settings({"epochs": "7", "learning_rate": "3e-4", "batch_size": "1e2", "loss": "mse"})
    assert (changed.epochs, changed.learning_rate, changed.batch_size, changed.loss) == (7, 3e-4, 100, "mse")
    assert type(changed.epochs) is int
    assert type(changed.batch_size) is int
    assert changed.name == "fast"
    assert FAST.with_settings({}) == FAST


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"epoch": 3}, "a recipe has no choice `epoch`; did you mean `epochs`?"),
        ({"name": "x"}, "a recipe has no choice `name`; there are epochs, batch_size,"),
        ({"zzz": 1}, "a recipe has no choice `zzz`; there are epochs, batch_size,"),
        ({"epochs": "many"}, "`epochs` (=many) must be a whole number"),
        ({"epochs": "2.5"}, "`epochs` (=2.5) must be a whole number"),
        ({"epochs": "inf"}, "`epochs` (=inf) must be a whole number"),
        ({"epochs": True}, "`epochs` (=True) must be a whole number"),
        ({"learning_rate": "fast"}, "`learning_rate` (=fast) must be a number"),
        ({"learning_rate": "nan"}, "`learning_rate` (=nan) must be 0 to 1,000,000,000"),
        ({"epochs": 0}, "`epochs` (=0) must be 1 to 1,000,000"),
        ({"loss": "ssim"}, "`loss` (=ssim) must be one of bce, mse, l1, psnr, charbonnier, ms-ssim, or a"),
        ({"validation": "test"}, "`keep=best` with `validation=test` would choose weights by the test images"),
    ],
)
def test_settings_that_are_refused(settings: dict, message: str) -> None:
    with pytest.raises(RecipeError) as caught:
        FAST.with_settings(settings)
    assert str(caught.value).startswith(message)


def test_choices_that_change_nothing_are_named() -> None:
    assert FAST.idle_choices() == ()
    assert find_recipe("keras").idle_choices() == ()
    idle = FAST.with_settings({"schedule": "constant", "warmup": 0.3, "validation": "test", "keep": "last",
                               "validation_fraction": 0.2}).idle_choices()  # fmt: skip
    assert [text.split(" ")[0] for text in idle] == ["`warmup`", "`validation_fraction`"]


def test_named_recipes() -> None:
    assert {"fast", "keras"} <= all_recipes().keys()
    keras = find_recipe("keras")
    assert (keras.epochs, keras.batch_size, keras.optimiser, keras.learning_rate, keras.schedule) == (
        50, 1000, "adam-keras", 0.001, "constant",
    )  # fmt: skip
    assert (keras.loss, keras.validation, keras.keep, keras.initialisation) == ("bce", "test", "last", "glorot-uniform")
    with pytest.raises(RecipeError, match="no recipe `kera`; did you mean `keras`"):
        find_recipe("kera")
    with pytest.raises(RecipeError, match="no recipe `zzz`; there are fast, keras"):
        find_recipe("zzz")


def test_a_recipe_survives_its_record() -> None:
    for recipe in all_recipes().values():
        assert recipe_from_record({"name": recipe.name, **recipe.choices()}) == recipe
    values = {"name": "fast", **FAST.choices()}
    for changed, message in [
        ({key: value for key, value in values.items() if key != "loss"}, "lacks `loss`"),
        ({**values, "momentum": 1}, "has an unknown `momentum`"),
        ({**values, "epochs": "3"}, "`epochs`"),
    ]:
        with pytest.raises(RecipeError, match=message):
            recipe_from_record(changed)
