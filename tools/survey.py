"""Lets the doctor look at code and models that nobody here wrote, and counts what it says; for `docs/survey.md`.

    python tools/survey.py sources OUT.json PACKAGE[/FOLDER]…    files of installed packages that may hold a network
    python tools/survey.py models  OUT.json [WORD…]              live models of `survey_models.py`, with random weights
    python tools/survey.py errors  OUT.json…                     the errors among the results, one a line
    python tools/survey.py table   OUT.json…                     what the results come to, as Markdown

Nothing of a package is imported for `sources`. A crash is an exception that the reader would hide from a user: it is
run without its guard here.
"""

import importlib.metadata
import importlib.util
import json
import sys
import time
import traceback
from collections import Counter
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from pathlib import Path
from typing import Any

from diabolo.checks import Subject, diagnose
from diabolo.checks.source.read import read_file
from diabolo.checks.walk import may_hold_network

_SEVERITIES = ("error", "warning", "note")


def survey_sources(packages: Sequence[str]) -> Iterator[dict[str, Any]]:
    """A record for each file of some installed packages, or of folders in them."""
    for word in packages:
        package, _, inner = word.partition("/")
        spec = importlib.util.find_spec(package)
        assert spec is not None, f"{package} is not installed"
        for folder in map(Path, spec.submodule_search_locations or ()):
            for path in sorted((folder / inner).rglob("*.py")):
                if may_hold_network(path):
                    name = f"{package}/{path.relative_to(folder)}"
                    yield _record("source", package, name, partial(_read_file, path))


def survey_models(words: Sequence[str]) -> Iterator[dict[str, Any]]:
    """A record for each live model whose name holds one of the words."""
    from survey_models import MODELS, build

    for model in MODELS:
        if not words or any(word in f"{model.package}/{model.name}" for word in words):
            try:
                subject, options = build(model)
            except Exception as error:  # a package that does not fit the others here says nothing about the doctor
                print(f"{model.package}/{model.name}: not built: {type(error).__name__}: {error}", file=sys.stderr)
                continue
            name = f"{model.package}/{model.name}"
            yield _record("model", model.package, name, partial(_read_model, subject, options))


def _read_file(path: Path, is_guarded: bool) -> Subject:
    return read_file(path, is_guarded=is_guarded)


def _read_model(model: Any, options: dict[str, Any], is_guarded: bool) -> Subject:
    from diabolo.api.check import read_anything

    return read_anything(model, **options)


def _record(kind: str, package: str, name: str, read: Callable[[bool], Subject]) -> dict[str, Any]:
    started = time.perf_counter()
    crash = None
    try:
        subject = read(False)
        findings = diagnose(subject)
    except Exception:
        crash = traceback.format_exc(limit=-4)
        try:
            subject = read(True)
            findings = diagnose(subject)
        except Exception:
            subject, findings = None, ()
    return {
        "kind": kind,
        "package": package,
        "version": _version(package),
        "name": name,
        "graphs": 0 if subject is None else len(subject.graphs),
        "nodes": 0 if subject is None else sum(len(graph.nodes) for graph in subject.graphs),
        "trainings": 0 if subject is None else len(subject.trainings),
        "seconds": round(time.perf_counter() - started, 3),
        "crash": crash,
        "findings": [
            {
                "code": finding.code,
                "severity": finding.severity,
                "row": None if finding.place is None else finding.place.row,
                "node": finding.node,
                "model": finding.model,
                "message": finding.message,
            }
            for finding in findings
        ],
    }


def _version(package: str) -> str:
    for name in importlib.metadata.packages_distributions().get(package, ()):
        return importlib.metadata.version(name)
    return ""


def tabulate(records: Sequence[dict[str, Any]]) -> str:
    """Markdown: a row for each package, then a row for each rule."""
    lines = ["| package | version | files or models | with a network | nodes | crashes | errors | warnings | notes |"]
    lines.append("|---|---|---:|---:|---:|---:|---:|---:|---:|")
    for kind in ("source", "model"):
        packages = sorted({record["package"] for record in records if record["kind"] == kind})
        for package in packages:
            chosen = [record for record in records if (record["kind"], record["package"]) == (kind, package)]
            lines.append(_row(f"{package}{', live' if kind == 'model' else ''}", chosen[0]["version"], chosen))
        chosen = [record for record in records if record["kind"] == kind]
        if chosen:
            lines.append(_row(f"**all {'files' if kind == 'source' else 'live models'}**", "", chosen))
    counts = Counter((finding["code"], finding["severity"]) for finding in _findings(records))
    lines += ["", "| rule | errors | warnings | notes |", "|---|---:|---:|---:|"]
    for code in sorted({code for code, _ in counts}):
        lines.append(f"| {code} | " + " | ".join(str(counts[code, severity]) for severity in _SEVERITIES) + " |")
    return "\n".join(lines)


def _row(name: str, version: str, records: Sequence[dict[str, Any]]) -> str:
    counts = Counter(finding["severity"] for finding in _findings(records))
    numbers = (
        len(records),
        sum(record["graphs"] > 0 for record in records),
        sum(record["nodes"] for record in records),
        sum(record["crash"] is not None for record in records),
        *(counts[severity] for severity in _SEVERITIES),
    )
    return f"| {name} | {version} | " + " | ".join(f"{number:,}" for number in numbers) + " |"


def _findings(records: Sequence[dict[str, Any]]) -> Iterator[dict[str, Any]]:
    for record in records:
        yield from record["findings"]


def main(words: Sequence[str]) -> int:
    """Surveys or reports."""
    command, files = words[0] if words else "", words[1:]
    if command in ("sources", "models") and files:
        survey = survey_sources if command == "sources" else survey_models
        records = []
        for record in survey(files[1:]):
            records.append(record)
            Path(files[0]).write_text(json.dumps(records, indent=1, ensure_ascii=False) + "\n", encoding="utf-8")
            errors = sum(finding["severity"] == "error" for finding in record["findings"])
            mark = "CRASH  " if record["crash"] else ""
            print(f"{record['seconds']:7.2f} s  {errors or '-':>3}  {mark}{record['name']}", flush=True)
        print(tabulate(records))
        return 0
    records = [record for file in files for record in json.loads(Path(file).read_text(encoding="utf-8"))]
    if command == "errors" and files:
        for record in records:
            for finding in record["findings"]:
                if finding["severity"] == "error":
                    place = finding["row"] or finding["node"]
                    print(f"{record['name']}:{place}: {finding['code']} {finding['message']}")
        return 0
    if command == "table" and files:
        print(tabulate(records))
        return 0
    print(__doc__, file=sys.stderr)
    return 2


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
