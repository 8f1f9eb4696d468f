"""A zoo model is trained by its record's recipe, unless the user says otherwise."""

import pytest

from diabolo.api.recipe import choose_recipe
from diabolo.errors import RecipeError
from diabolo.train import find_recipe
from diabolo.zoo import ZooModel, zoo

RECORD = ZooModel(
    name="tiny",
    line="conv4 | conv3",
    about="A test.",
    source="this file",
    kind="small",
    settings={"epochs": 7, "loss": "mse"},
)


def test_a_record_decides_and_says_so() -> None:
    chosen, notes = choose_recipe(RECORD, None, {})
    assert chosen == find_recipe("fast").with_settings({"epochs": 7, "loss": "mse"})
    assert notes == (
        "`tiny` is trained as its record in the zoo says: fast with epochs=7, loss=mse; `--recipe` chooses another "
        "recipe, `--set` changes a choice",
    )


def test_settings_win_over_the_records_and_are_named() -> None:
    chosen, (note,) = choose_recipe(RECORD, None, {"epochs": "2"})
    assert (chosen.epochs, chosen.loss) == (2, "mse")
    assert "loss=mse, changed by epochs=2; " in note


def test_a_recipe_that_is_named_stands_for_itself() -> None:
    assert choose_recipe(RECORD, "keras", {}) == (find_recipe("keras"), ())
    assert choose_recipe(RECORD, "fast", {"epochs": 2}) == (find_recipe("fast").with_settings({"epochs": 2}), ())


def test_models_without_a_recipe_of_their_own_take_fast_and_nothing_is_said() -> None:
    for model in (None, zoo()["method-2"]):
        assert choose_recipe(model, None, {}) == (find_recipe("fast"), ())


def test_a_wrong_setting_is_refused_for_zoo_models_too() -> None:
    with pytest.raises(RecipeError, match="did you mean `epochs`"):
        choose_recipe(RECORD, None, {"epoch": 2})
