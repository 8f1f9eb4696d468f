"""The rules' own texts: complete, in the house's form, with links that are links."""

import re

import pytest

from diabolo.checks import Rule, all_rules, family_of
from diabolo.checks.naming import called, listed
from diabolo.graph import Node, Place

RULES = pytest.mark.parametrize("rule", all_rules().values(), ids=all_rules())


@RULES
def test_the_name_is_the_defect(rule: Rule) -> None:
    assert re.fullmatch(r"[a-z]+(-[a-z]+)+|unreadable|checkerboard", rule.name)
    assert not rule.name.startswith(("avoid-", "prefer-", "use-"))


@RULES
def test_the_texts_are_there(rule: Rule) -> None:
    assert re.fullmatch(r"[a-z][^.]*", rule.summary.replace("e.g.", "")) or rule.summary[0].isupper()
    assert not rule.summary.endswith(".")
    for text in (rule.why, rule.remedy):
        assert len(text) > 30
        assert text.rstrip()[-1] in ".`)", text[-40:]
        assert "{" not in re.sub(r"`[^`]*`", "", text), "a gap that nobody filled"
    assert re.findall(r"\]\(", rule.why) == re.findall(r"\]\((?=https://)", rule.why)


@RULES
def test_there_are_examples(rule: Rule) -> None:
    if rule.code == "AE003":  # found in archives, which are no text
        return
    assert rule.fires
    assert rule.clean
    assert all(bool(example.code) != bool(example.line) for example in (*rule.fires, *rule.clean))


def test_every_family_has_rules() -> None:
    families = [family_of(rule) for rule in all_rules().values()]
    for family in ("reading", "wiring", "shapes", "normalisation", "loss", "sampling", "training"):
        assert families.count(family) >= 3


def _node(**fields: object) -> Node:
    return Node(
        **{
            "name": "bn_1",
            "kind": "bn",
            "title": "BatchNorm",
            "inputs": (),
            "shape": (),
            "section": "encoder",
            **fields,
        }
    )  # type: ignore[arg-type]


def test_nodes_are_called_as_their_writer_calls_them() -> None:
    line = "conv16 (bn) | conv3"
    assert called(_node(variable="bnorm1")) == "`bnorm1` (BatchNorm)"
    assert called(_node(variable="bnorm1"), brief=True) == "`bnorm1`"
    assert called(_node(place=Place(source=line, start=8, end=10))) == "`bn`"
    assert called(_node(place=Place(source="model.py", start=8, end=10, row=12))) == "`BatchNorm` in row 12"
    assert called(_node()) == "`bn_1` (BatchNorm)"


@pytest.mark.parametrize(
    ("names", "text"),
    [
        ([], ""),
        (["a"], "a"),
        (["a", "b"], "a and b"),
        (["a", "b", "c"], "a, b and c"),
        (list("abcde"), "a, b and 3 more"),
    ],
)
def test_lists_are_read_as_english(names: list[str], text: str) -> None:
    assert listed(names) == text
