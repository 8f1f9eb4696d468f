"""What front ends could not do, as findings of the rules that report it."""

from collections.abc import Iterator

from diabolo.checks.finding import Finding
from diabolo.checks.rule import Rule
from diabolo.checks.subject import Subject


def problems_of(subject: Subject, rule: Rule) -> Iterator[Finding]:
    """The subject's problems that a rule reports."""
    for problem in subject.problems:
        if problem.rule == rule.code:
            yield rule.finding(
                problem.message,
                place=problem.place,
                remedy=problem.remedy or rule.remedy,
                model=problem.model,
            )
