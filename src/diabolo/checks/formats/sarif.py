"""Findings as SARIF 2.1.0 (OASIS standard), which code hosts and editors read.

https://docs.oasis-open.org/sarif/sarif/v2.1.0/sarif-v2.1.0.html
"""

import json
from collections.abc import Sequence
from pathlib import PurePath
from typing import Any
from urllib.parse import quote

from diabolo.checks.checked import Checked, findings_of
from diabolo.checks.finding import Edit, Finding
from diabolo.checks.rule import Rule
from diabolo.checks.rules import all_rules, family_of
from diabolo.checks.subject import Subject
from diabolo.graph import Place

_LEVELS = {"error": "error", "warning": "warning", "note": "note"}
_SCHEMA = "https://docs.oasis-open.org/sarif/sarif/v2.1.0/errata01/os/schemas/sarif-schema-2.1.0.json"


def render_sarif(results: Sequence[Checked]) -> str:
    """One SARIF log with one run: every rule that found something, and every finding with its fix."""
    from importlib.metadata import version  # slow to import, and only this format needs it

    found = findings_of(results)
    codes = sorted({finding.code for finding in found})
    rules = [all_rules()[code] for code in codes]
    log = {
        "$schema": _SCHEMA,
        "version": "2.1.0",
        "runs": [
            {
                "tool": {
                    "driver": {
                        "name": "diabolo",
                        "semanticVersion": version("diabolo"),
                        "rules": [_rule(rule) for rule in rules],
                    }
                },
                "columnKind": "unicodeCodePoints",
                "results": [
                    _result(finding, result.subject, codes) for result in results for finding in result.findings
                ],
            }
        ],
    }
    return json.dumps(log, indent=2, ensure_ascii=False)


def _rule(rule: Rule) -> dict[str, Any]:
    return {
        "id": rule.code,
        "name": "".join(word.capitalize() for word in rule.name.split("-")),
        "shortDescription": {"text": f"{rule.summary[0].upper()}{rule.summary[1:]}."},
        "fullDescription": {"text": " ".join(rule.why.split())},
        "help": {"text": " ".join(rule.remedy.split())},
        "defaultConfiguration": {"level": _LEVELS[rule.severity]},
        "properties": {"tags": [family_of(rule)]},
    }


def _result(finding: Finding, subject: Subject, codes: list[str]) -> dict[str, Any]:
    place = None if subject.is_line else finding.place
    result: dict[str, Any] = {
        "ruleId": finding.code,
        "ruleIndex": codes.index(finding.code),
        "level": _LEVELS[finding.severity],
        "message": {"text": f"{finding.message}. {finding.remedy}".strip()},
        "locations": [_location(finding, place)],
    }
    if finding.fix is not None and place is not None and not place.cell:
        result["fixes"] = [
            {
                "description": {"text": finding.fix.message},
                "artifactChanges": [
                    {
                        "artifactLocation": {"uri": _uri(place)},
                        "replacements": [_replacement(edit) for edit in finding.fix.edits],
                    }
                ],
            }
        ]
    return result


def _location(finding: Finding, place: Place | None) -> dict[str, Any]:
    logical = [name for name in (finding.model, finding.node) if name]
    location: dict[str, Any] = {}
    if place is not None:
        physical: dict[str, Any] = {"artifactLocation": {"uri": _uri(place)}}
        if not place.cell:  # a notebook's JSON has other lines than its cells
            physical["region"] = _region(place)
        location["physicalLocation"] = physical
    if logical:
        location["logicalLocations"] = [{"fullyQualifiedName": ".".join(logical)}]
    return location or {"message": {"text": "a model in memory"}}


def _uri(place: Place) -> str:
    """The file as a URI, relative where its name is."""
    path = PurePath(place.source)
    return path.as_uri() if path.is_absolute() else quote(path.as_posix())


def _region(place: Place) -> dict[str, int]:
    return {
        "startLine": place.row,
        "startColumn": place.start + 1,
        "endLine": place.last_row,
        "endColumn": place.end + 1,
    }


def _replacement(edit: Edit) -> dict[str, Any]:
    return {"deletedRegion": _region(edit.place), "insertedContent": {"text": edit.text}}
