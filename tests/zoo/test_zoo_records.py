"""The zoo finds its records by itself, in order, and answers a wrong name with the likeliest."""

import shlex

import pytest

from diabolo.api.preflight import examine_graph
from diabolo.errors import DiaboloError
from diabolo.graph import build_graph
from diabolo.train import find_recipe
from diabolo.zoo import ZooModel, find_model, zoo

QUESTION = ["method-1", "method-2", "pool-bn", "bn-relu"]


def test_the_questions_models_come_first_and_the_rest_by_name() -> None:
    names = list(zoo())
    assert names[:4] == QUESTION
    assert names[4:] == sorted(names[4:])


@pytest.mark.parametrize("model", zoo().values(), ids=list(zoo()))
def test_every_record_is_complete(model: ZooModel) -> None:
    assert find_model(model.name) is model
    assert model.about.endswith(".")
    assert model.source
    assert bool(build_graph(model.line).unconnected) == (model.not_connected is not None)


def test_nobody_can_change_the_zoo() -> None:
    with pytest.raises(TypeError):
        zoo()["method-3"] = zoo()["method-2"]  # type: ignore[index]


@pytest.mark.parametrize("name", ["method_2", "Method-2", "methud-2"])
def test_a_misspelt_name_is_answered_with_the_likeliest(name: str) -> None:
    with pytest.raises(DiaboloError, match=f"no model `{name}` in the zoo; did you mean `method-2`?"):
        find_model(name)


@pytest.mark.parametrize("name", ["", "transformer", "x" * 5000])
def test_a_name_like_none_is_answered_with_all_of_them(name: str) -> None:
    with pytest.raises(DiaboloError, match="there are method-1, method-2, pool-bn, bn-relu") as caught:
        find_model(name)
    assert len(str(caught.value)) < 1000


@pytest.mark.parametrize("model", zoo().values(), ids=list(zoo()))
def test_the_recipe_is_one_and_the_command_is_read_back(model: ZooModel) -> None:
    chosen = find_recipe(model.recipe).with_settings(model.settings)
    assert {name: getattr(chosen, name) for name in model.settings} == dict(model.settings)
    assert shlex.split(model.command(seed=3))[:3] == ["diabolo", "train", model.name]
    assert "--recipe" not in model.command(), "the record says which"


@pytest.mark.parametrize("model", zoo().values(), ids=list(zoo()))
def test_the_doctor_is_content_or_the_record_says_why_not(model: ZooModel) -> None:
    found = {finding.code for finding in examine_graph(build_graph(model.line))}
    assert found == set(model.findings_expected), "every finding has a reason, and every reason its finding"
    assert all(model.findings_expected.values())
