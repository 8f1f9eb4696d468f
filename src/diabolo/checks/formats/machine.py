"""Findings for machines: JSON, and the annotations that GitHub's workflows show beside the code."""

import json
from collections.abc import Sequence

from diabolo.checks.checked import Checked, count_by_severity, findings_of
from diabolo.checks.finding import Finding
from diabolo.checks.subject import Subject


def render_json(results: Sequence[Checked]) -> str:
    """One JSON document: the findings, the models looked at, and counts by severity."""
    content = {
        "findings": [finding.to_dict() for finding in findings_of(results)],
        "models": [
            {
                "source": result.subject.source,
                "name": graph.name or None,
                "origin": graph.origin,
                "layers": len(graph.layers) - 1,
            }
            for result in results
            for graph in (*result.subject.graphs, *result.subject.loose)
        ],
        "counts": count_by_severity(results),
    }
    return json.dumps(content, indent=2, ensure_ascii=False)


def render_github(results: Sequence[Checked]) -> str:
    """One workflow command a finding: `::error file=…,line=…,col=…,title=AE101 dead-branch::message`."""
    return "\n".join(_annotation(finding, result.subject) for result in results for finding in result.findings)


_LEVELS = {"error": "error", "warning": "warning", "note": "notice"}


def _annotation(finding: Finding, subject: Subject) -> str:
    place = None if subject.is_line else finding.place
    properties = {"title": f"{finding.code} {finding.name}"}
    if place is not None and not place.cell:
        properties = {
            "file": place.source,
            "line": str(place.row),
            "endLine": str(place.last_row),
            "col": str(place.start + 1),
            **properties,
        }
        if place.last_row == place.row:  # a command with columns in several lines is refused
            properties["endColumn"] = str(place.end + 1)
    elif place is not None:
        properties = {"file": place.source, **properties}
    listed = ",".join(f"{name}={_escape_property(value)}" for name, value in properties.items())
    cell = f"cell {place.cell}, row {place.row}: " if place is not None and place.cell else ""
    text = f"{cell}{finding.message}. {finding.remedy}".rstrip()
    return f"::{_LEVELS[finding.severity]} {listed}::{_escape(text)}"


def _escape(text: str) -> str:
    return text.replace("%", "%25").replace("\r", "%0D").replace("\n", "%0A")


def _escape_property(text: str) -> str:
    return _escape(text).replace(":", "%3A").replace(",", "%2C")
