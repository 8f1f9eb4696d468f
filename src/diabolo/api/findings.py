"""`Findings`: what the doctor found, as a sequence that prints well in a terminal and in a notebook."""

from collections.abc import Iterator, Sequence
from html import escape
from typing import overload

from diabolo.checks import Checked, Finding, Severity, Subject
from diabolo.checks.formats.text import headline, render, summary

# No text colour and no background of our own: both come from the notebook.
_FONT = "font:13px/1.5 system-ui,sans-serif"
_COLOURS: dict[Severity, str] = {"error": "#d1242f", "warning": "#bf8700", "note": "#2188ff"}


class Findings(Sequence[Finding]):
    """Findings of one or several subjects, in their order.

    Attributes:
        results: each subject with its findings.
    """

    def __init__(self, results: Sequence[Checked]) -> None:
        self.results = tuple(results)
        self._findings = tuple(finding for result in results for finding in result.findings)

    @property
    def subjects(self) -> tuple[Subject, ...]:
        """What was read."""
        return tuple(result.subject for result in self.results)

    @property
    def errors(self) -> tuple[Finding, ...]:
        """The model does not compute what its writer means."""
        return self._of("error")

    @property
    def warnings(self) -> tuple[Finding, ...]:
        """Likely mistakes, and needless losses."""
        return self._of("warning")

    @property
    def notes(self) -> tuple[Finding, ...]:
        """Worth knowing."""
        return self._of("note")

    def _of(self, severity: Severity) -> tuple[Finding, ...]:
        return tuple(finding for finding in self._findings if finding.severity == severity)

    @overload
    def __getitem__(self, index: int) -> Finding: ...
    @overload
    def __getitem__(self, index: slice) -> tuple[Finding, ...]: ...
    def __getitem__(self, index: int | slice) -> Finding | tuple[Finding, ...]:
        return self._findings[index]

    def __len__(self) -> int:
        return len(self._findings)

    def __iter__(self) -> Iterator[Finding]:
        return iter(self._findings)

    def __str__(self) -> str:
        return render(self.results)

    def __repr__(self) -> str:
        return f"<Findings: {summary(self.results)}>"

    def _repr_html_(self) -> str:
        items = "".join(_item(finding, result.subject) for result in self.results for finding in result.findings)
        return f'<div style="{_FONT}">{items}<div style="opacity:.75">{escape(summary(self.results))}</div></div>'


def _item(finding: Finding, subject: Subject) -> str:
    colour = _COLOURS[finding.severity]
    row = "" if finding.place is None else subject.row(finding.place)
    code = ""
    if finding.place is not None and row.strip():
        last = finding.place.end if finding.place.last_row == finding.place.row else len(row)
        before, marked, after = row[: finding.place.start], row[finding.place.start : last], row[last:]
        code = (
            f'<pre style="margin:2px 0;overflow-x:auto">{escape(before)}<span style="border-bottom:2px solid {colour}">'
            f"{escape(marked)}</span>{escape(after)}</pre>"
        )
    return (
        f'<div style="border-left:3px solid {colour};padding-left:8px;margin:6px 0">'
        f'<div style="overflow-wrap:anywhere">{_with_code(headline(finding, subject))}</div>{code}'
        f'<div style="opacity:.75">{_with_code(finding.remedy)}</div></div>'
    )


def _with_code(text: str) -> str:
    """Escaped, with what stands in backticks set as code."""
    parts = text.split("`")
    if len(parts) % 2 == 0:  # a backtick without its partner
        return escape(text)
    return "".join(f"<code>{escape(part)}</code>" if index % 2 else escape(part) for index, part in enumerate(parts))
