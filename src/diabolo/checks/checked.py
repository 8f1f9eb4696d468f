"""`Checked`: one file, line or model with what the rules found in it; what every format prints."""

from collections.abc import Sequence
from dataclasses import dataclass

from diabolo.checks.diagnose import Selection, diagnose
from diabolo.checks.finding import SEVERITIES, Finding, Severity
from diabolo.checks.subject import Subject


@dataclass(frozen=True, kw_only=True)
class Checked:
    """A subject and its findings."""

    subject: Subject
    """What was read."""
    findings: tuple[Finding, ...]
    """What the rules found, in the order of the source."""


def check_subject(subject: Subject, selection: Selection | None = None) -> Checked:
    """Runs the rules over a subject."""
    return Checked(subject=subject, findings=diagnose(subject, selection))


def findings_of(results: Sequence[Checked]) -> tuple[Finding, ...]:
    """All findings of several subjects, in their order."""
    return tuple(finding for result in results for finding in result.findings)


def count_by_severity(results: Sequence[Checked]) -> dict[Severity, int]:
    """How many findings of each severity there are, the worst first; severities that do not occur are left out."""
    found = findings_of(results)
    counts = {severity: sum(finding.severity == severity for finding in found) for severity in SEVERITIES}
    return {severity: number for severity, number in counts.items() if number}
