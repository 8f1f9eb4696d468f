"""Findings for people: place, message, the source line with a marker, why it matters, what to write."""

import textwrap
from collections.abc import Callable, Sequence

from diabolo.checks.checked import Checked, count_by_severity, findings_of
from diabolo.checks.finding import SEVERITIES, Finding
from diabolo.checks.rules import all_rules
from diabolo.checks.subject import Subject
from diabolo.errors import caret, counted

Style = Callable[[str, str], str]
"""(text, role) -> text with the terminal's codes around it. Roles: `place`, `error`, `warning`, `note`, `marker`,
`quiet`."""


def render(results: Sequence[Checked], *, width: int = 100, style: Style | None = None) -> str:
    """All findings, and a closing line that counts them.

    Args:
        results: subjects with their findings.
        width: columns to which explanations are wrapped; places, messages and source lines are left whole.
        style: puts colours in; none by default.
    """
    style = style or (lambda text, role: text)
    explained: set[str] = set()
    parts = []
    for result in results:
        for finding in result.findings:
            is_first = finding.code not in explained
            explained.add(finding.code)
            parts.append(_finding(finding, result.subject, width, style, is_first=is_first))
    parts.append(summary(results, style=style))
    return "\n\n".join(parts)


def headline(finding: Finding, subject: Subject, style: Style | None = None) -> str:
    """`file.py:12:11: AE101 result of … is never used`; a finding that is no error says what it is."""
    style = style or (lambda text, role: text)
    kind = "" if finding.severity == "error" else f"{finding.severity}: "
    code = style(finding.code, finding.severity)
    mendable = "" if finding.fix is None else f" {style('[*]', 'marker')}"
    return f"{style(where(finding, subject), 'place')}: {code}{mendable} {kind}{finding.message}"


def where(finding: Finding, subject: Subject) -> str:
    """The place of a finding in one word or two, columns counted from 1; `line` for one of our lines."""
    place = finding.place
    if place is None:
        return " ".join(part for part in (finding.model or "model", finding.node) if part)
    position = f"{place.row}:{place.start + 1}"
    if place.cell:
        return f"{place.source}:cell {place.cell}:{position}"
    return f"{'line' if subject.is_line else place.source}:{position}"


def _finding(finding: Finding, subject: Subject, width: int, style: Style, *, is_first: bool) -> str:
    lines = [headline(finding, subject, style)]
    place = finding.place
    row = subject.row(place) if place is not None else ""
    if place is not None and row.strip():
        end = place.end if place.last_row == place.row else len(row.rstrip())
        source, marker = caret(row, place.start, end).split("\n")
        lines += [source, style(marker, finding.severity)]
    rule = all_rules().get(finding.code)
    if is_first and rule is not None and finding.severity != "note":
        lines.append(_wrapped(first_paragraph(rule.why), width, style("Why:", "quiet"), "Why:"))
    if finding.remedy:
        lines.append(_wrapped(finding.remedy, width, style("Do:", "quiet"), "Do:"))
    return "\n".join(lines)


def first_paragraph(text: str) -> str:
    """The first paragraph of a rule's text, as one line."""
    return " ".join(text.split("\n\n")[0].split())


def _wrapped(text: str, width: int, label: str, plain_label: str) -> str:
    indent = " " * 4
    hanging = " " * (len(indent) + 5)
    body = textwrap.fill(
        " ".join(text.split()),
        width=max(40, width),
        initial_indent=f"{indent}{plain_label:<5}",
        subsequent_indent=hanging,
        break_long_words=False,
        break_on_hyphens=False,
    )
    return body.replace(plain_label, label, 1)


def summary(results: Sequence[Checked], *, style: Style | None = None) -> str:
    """`4 errors, 1 note in question.py. 4 can be mended: --unsafe-fixes`."""
    style = style or (lambda text, role: text)
    models = sum(len(result.subject.graphs) + len(result.subject.loose) for result in results)
    counts = count_by_severity(results)
    if not counts:
        return f"Nothing found in {counted(models, 'model')}." if models else "No model found."
    listed = ", ".join(style(counted(number, severity), severity) for severity, number in counts.items())
    text = f"{listed} in {counted(models, 'model')}." if models else f"{listed}."
    fixes = [finding.fix for finding in findings_of(results) if finding.fix is not None]
    safe = sum(fix.is_safe for fix in fixes)
    if safe:
        text += f" {safe} can be mended with `--fix`: the function stays the same."
    if len(fixes) > safe:
        text += f" {len(fixes) - safe} can be mended with `--unsafe-fixes`: the function changes."
    worst = min(findings_of(results), key=lambda finding: SEVERITIES.index(finding.severity))
    return f"{text} More: `diabolo rule {worst.code}`."
