"""Each rule finds its defect in the examples that have it, and nothing in the corrected and the tricky ones."""

import ast

import pytest
from rule_examples import Example, Rule, cases, findings_in, told

from diabolo.checks import all_rules


@pytest.mark.parametrize(("rule", "example"), cases("fires"))
def test_it_fires(rule: Rule, example: Example) -> None:
    found = findings_in(example)
    assert [finding for finding in found if finding.code == rule.code], told(found)


@pytest.mark.parametrize(("rule", "example"), cases("clean"))
def test_it_leaves_clean_examples_alone(rule: Rule, example: Example) -> None:
    found = findings_in(example)
    assert told([finding for finding in found if finding.code == rule.code]) == []
    assert told([finding for finding in found if finding.severity == "error"]) == []


@pytest.mark.parametrize(("rule", "example"), cases("fires"))
def test_findings_say_where(rule: Rule, example: Example) -> None:
    rows = (example.code or example.line).split("\n")
    for finding in findings_in(example):
        if finding.code != rule.code or example.activity is not None:
            continue
        place = finding.place
        assert place is not None, told([finding])
        assert 1 <= place.row <= place.last_row <= len(rows)
        assert rows[place.row - 1][place.start : place.end if place.row == place.last_row else None].strip()


@pytest.mark.parametrize(("rule", "example"), [*cases("fires"), *cases("clean")])
def test_source_examples_are_python(rule: Rule, example: Example) -> None:
    if example.code and rule.code != "AE001":
        ast.parse(example.code)


def test_at_least_thirty_rules_fire_on_source_text() -> None:
    from_source = {rule.code for rule in all_rules().values() if any(example.code for example in rule.fires)}
    assert len(from_source) >= 30
