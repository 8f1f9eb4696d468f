"""Every example of every rule, read by the front end that it is written for."""

from dataclasses import replace

import pytest

from diabolo.checks import Example, Finding, Rule, Subject, all_rules, diagnose, read_line
from diabolo.checks.source.read import read_source


def subject_of(example: Example) -> Subject:
    """The example as a subject."""
    if example.code:
        return read_source(example.code, "example.py")
    return replace(read_line(example.line), activity=example.activity)


def findings_in(example: Example) -> list[Finding]:
    """All that all rules find in an example."""
    return list(diagnose(subject_of(example)))


def cases(kind: str) -> list[object]:
    """(rule, example) for each example that fires, or that is clean."""
    return [
        pytest.param(rule, example, id=f"{rule.code}-{kind}-{number}")
        for rule in all_rules().values()
        for number, example in enumerate(getattr(rule, kind), 1)
    ]


def told(found: list[Finding]) -> list[str]:
    """Findings in short, for the message of a failing test."""
    return [f"{finding.severity} {finding.code} {finding.message}" for finding in found]


__all__ = ["Example", "Rule", "cases", "findings_in", "subject_of", "told"]
