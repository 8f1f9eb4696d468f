"""Runs the rules over a subject: which of them, in what order their findings come, and which a comment silences."""

import re
from collections.abc import Iterable
from dataclasses import dataclass

from diabolo.checks.finding import Finding
from diabolo.checks.rule import Rule
from diabolo.checks.rules import all_rules
from diabolo.checks.subject import Subject
from diabolo.errors import DiaboloError, clip

_COMMENT = re.compile(r"#\s*diabolo:\s*ignore(?:\[([^\]]*)\])?", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Selection:
    """Which rules run; codes, their beginnings (`AE1`) and names."""

    select: tuple[str, ...] = ()
    """Only these; empty: all."""
    ignore: tuple[str, ...] = ()
    """Not these; a longer beginning beats a shorter one."""

    def __post_init__(self) -> None:
        for word in (*self.select, *self.ignore):
            if not any(_matches(word, rule) for rule in all_rules().values()):
                raise DiaboloError(f"`{clip(word)}` is no rule and begins none; `diabolo rule` lists them")

    def has(self, rule: Rule) -> bool:
        """Whether a rule runs."""
        chosen = max((len(word) for word in self.select if _matches(word, rule)), default=0 if self.select else 1)
        dropped = max((len(word) for word in self.ignore if _matches(word, rule)), default=0)
        return chosen > dropped


def diagnose(subject: Subject, selection: Selection | None = None) -> tuple[Finding, ...]:
    """What the rules find in a subject, in the order of the source; silenced findings are left out.

    Raises:
        DiaboloError: the selection names no rule.
    """
    selection = selection or Selection()
    found: list[Finding] = []
    for rule in all_rules().values():
        if selection.has(rule):
            found.extend(finding for finding in rule.check(subject) if not is_silenced(finding, subject))
    return tuple(sorted(dict.fromkeys(found), key=_order))


def is_silenced(finding: Finding, subject: Subject) -> bool:
    """Whether a comment `# diabolo: ignore` or `# diabolo: ignore[AE101, dead-branch]` stands in the finding's rows."""
    place = finding.place
    if place is None or (subject.text is None and not subject.cells):
        return False
    text = subject.cells[place.cell - 1] if place.cell else subject.text or ""
    rows = text.splitlines()[place.row - 1 : place.last_row]
    return any(_silences(match.group(1), finding) for row in rows for match in _COMMENT.finditer(row))


def _silences(words: str | None, finding: Finding) -> bool:
    if words is None:
        return True
    return any(word.strip().lower() in (finding.code.lower(), finding.name) for word in words.split(","))


def _matches(word: str, rule: Rule) -> bool:
    return word == rule.name or word.upper() == "ALL" or (len(word) >= 2 and rule.code.startswith(word.upper()))


def _order(finding: Finding) -> tuple[str, int, int, int, str]:
    place = finding.place
    if place is None:
        return "", 0, 0, 0, finding.code
    return place.source, place.cell, place.row, place.start, finding.code


def count_by(values: Iterable[Finding]) -> dict[str, int]:
    """Findings by severity, the worst first; severities that do not occur are left out."""
    counts: dict[str, int] = {}
    for severity in ("error", "warning", "note"):
        number = sum(finding.severity == severity for finding in values)
        if number:
            counts[severity] = number
    return counts
