"""Runs the rules over a subject: which of them, in what order their findings come, and which a comment silences."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from functools import lru_cache

from diabolo.checks.finding import Finding, Severity
from diabolo.checks.rule import Rule
from diabolo.checks.rules import all_rules
from diabolo.checks.subject import Subject
from diabolo.checks.text import split_rows
from diabolo.errors import DiaboloError, clip

_COMMENT = re.compile(r"#\s*diabolo:\s*ignore(?!-)(?:\[([^\]]*)\])?", re.IGNORECASE)
_FILE_COMMENT = re.compile(r"#\s*diabolo:\s*ignore-file(?:\[([^\]]*)\])?", re.IGNORECASE)


@dataclass(frozen=True, kw_only=True)
class Selection:
    """Which rules run, and how bad they are; codes, their beginnings (`AE1`) and names."""

    select: tuple[str, ...] = ()
    """Only these; empty: all."""
    ignore: tuple[str, ...] = ()
    """Not these; of a selected and an ignored beginning the longer one decides; of equal ones, `ignore`."""
    severity: Mapping[str, Severity] = field(default_factory=dict)
    """Rules, by code or name, whose findings have another severity."""

    def __post_init__(self) -> None:
        for word in (*self.select, *self.ignore):
            if not any(_matches(word, rule) for rule in all_rules().values()):
                raise DiaboloError(f"`{clip(word)}` is no rule and begins none; `diabolo rule` lists them")

    def has(self, rule: Rule) -> bool:
        """Whether a rule runs."""
        chosen = max((_exactness(word, rule) for word in self.select), default=0)
        return chosen >= 0 and chosen > max((_exactness(word, rule) for word in self.ignore), default=-1)


def diagnose(subject: Subject, selection: Selection | None = None) -> tuple[Finding, ...]:
    """What the rules find in a subject, in the order of the source; silenced findings are left out.

    Raises:
        DiaboloError: the selection names no rule.
    """
    selection = selection or Selection()
    found: list[Finding] = []
    for rule in all_rules().values():
        if selection.has(rule):
            severity = selection.severity.get(rule.code) or selection.severity.get(rule.name)
            for finding in rule.check(subject):
                if not is_silenced(finding, subject):
                    found.append(finding if severity is None else replace(finding, severity=severity))
    once: dict[tuple[object, ...], Finding] = {}
    for finding in found:  # a loop in a source calls the layer of one place several times
        key = (finding.code, finding.place, finding.message, finding.node if finding.place is None else "")
        once.setdefault(key, finding)
    return tuple(sorted(once.values(), key=_order))  # findings without a place keep the order of the nodes


def is_silenced(finding: Finding, subject: Subject) -> bool:
    """Whether a comment silences a finding.

    `# diabolo: ignore` or `# diabolo: ignore[AE101, dead-branch]` does in the rows of the finding, and
    `# diabolo: ignore-file` with or without brackets anywhere in the file or the notebook's cells.
    """
    texts = subject.cells or (subject.text or "",)
    if any(_silences(words, finding) for text in texts for words in _whole_file(text)):
        return True
    place = finding.place
    if place is None or not any(texts):
        return False
    text = subject.cells[place.cell - 1] if place.cell else subject.text or ""
    if "ignore" not in text:
        return False
    rows = split_rows(text)[place.row - 1 : place.last_row]
    return any(_silences(match.group(1), finding) for row in rows for match in _COMMENT.finditer(row))


@lru_cache(maxsize=64)
def _whole_file(text: str) -> tuple[str | None, ...]:
    return tuple(match.group(1) for match in _FILE_COMMENT.finditer(text))


def _silences(words: str | None, finding: Finding) -> bool:
    if words is None:
        return True
    return any(word.strip().lower() in (finding.code.lower(), finding.name) for word in words.split(","))


def _matches(word: str, rule: Rule) -> bool:
    return _exactness(word, rule) >= 0


def _exactness(word: str, rule: Rule) -> int:
    """How closely a word names a rule: -1 not at all, 0 all of them, then the letters of a code's beginning."""
    upper = word.strip().upper()
    if upper == "ALL":
        return 0
    if word.strip().lower() == rule.name:
        return len(rule.code)
    return len(upper) if len(upper) >= 2 and rule.code.startswith(upper) else -1


def _order(finding: Finding) -> tuple[str, int, int, int, str]:
    place = finding.place
    if place is None:
        return "", 0, 0, 0, finding.code
    return place.source, place.cell, place.row, place.start, finding.code
