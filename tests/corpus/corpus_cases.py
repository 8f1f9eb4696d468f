"""Reads the labelled cases of `cases/`, lets the doctor look at each, and says what it found, missed and invented.

A case is a file with labels that are taken out before the doctor reads it:

- Python (`.py`) and lines (`.line`) open with rows `#: key: value`; a notebook and a Keras configuration
  (`.keras.json`) have them in their JSON. Keys: `modelled on`, `shows`; `may`, codes that are true here and beside the
  point; for lines and archives `expect`, codes that must be found; for lines `input`, the image's shape.
- A row that ends in `# expect: AE101 AE301` must be named by findings of these codes, at the row or in a call that
  begins there. Of codes with the same letter, `AE103/a`, one finding is enough: a defect that lies between two rows may
  be reported at either.

Every error and every warning that no label asks for is false; notes that nobody asked for are left alone.
"""

import json
import re
import tempfile
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, replace
from functools import cache
from pathlib import Path

from diabolo.checks import Finding, Subject, diagnose, read_line
from diabolo.checks.source.read import read_cells, read_source

CASES = Path(__file__).parent / "cases"
_HEADER = re.compile(r"^#: ([a-z ]+): (.*)$")
_LABEL = re.compile(r"\s*# expect: ((?:AE\d{3}(?:/[a-z])?\s*)+)$")
_ANYWHERE = (0, 0)


@dataclass(frozen=True, kw_only=True)
class Expectation:
    """A defect that is there, and all that would name it."""

    answers: frozenset[tuple[str, tuple[int, int]]]
    """Codes, each with its cell and row; row 0: anywhere."""

    @property
    def codes(self) -> tuple[str, ...]:
        """The codes that would do."""
        return tuple(sorted({code for code, _ in self.answers}))

    @property
    def is_choice(self) -> bool:
        """Whether several codes would do."""
        return len(self.codes) > 1

    def describe(self, first_row: int = 0) -> str:
        """Its codes and rows, as the rows count in the file with its labels."""
        places = sorted(place for _, place in self.answers if place != _ANYWHERE)
        rows = [f"cell {cell} row {row}" if cell else f"row {row + first_row}" for cell, row in dict.fromkeys(places)]
        return f"{' or '.join(self.codes)}{' at ' if rows else ''}{' or '.join(rows)}"


@dataclass(frozen=True, kw_only=True)
class Case:
    """One labelled file."""

    path: Path
    """Where it is."""
    modelled_on: str
    """The thread or mistake that it was made after."""
    shows: str
    """What is wrong or tricky."""
    may: frozenset[str]
    """Codes that are true here and not what the case is about."""
    expectations: tuple[Expectation, ...]
    """What must be found; nothing for clean cases."""
    subject: Subject
    """What the doctor reads, without the labels."""
    first_row: int
    """Rows that the labels took at the top of the file."""

    @property
    def name(self) -> str:
        """Folder and file name."""
        return f"{self.path.parent.name}/{self.path.name}"

    @property
    def is_broken(self) -> bool:
        """Whether something is to be found."""
        return self.path.parent.name == "broken"


@dataclass(frozen=True, kw_only=True)
class Verdict:
    """What the doctor made of a case."""

    case: Case
    """The case."""
    found: tuple[Expectation, ...]
    """Expectations that a finding meets."""
    missed: tuple[Expectation, ...]
    """Expectations that none does."""
    false: tuple[Finding, ...]
    """Errors and warnings that nothing asked for."""
    notes: tuple[Finding, ...]
    """Notes that nothing asked for."""

    @property
    def is_right(self) -> bool:
        """Whether all was found and nothing invented."""
        return not self.missed and not self.false

    def __str__(self) -> str:
        lines = [f"{self.case.name}: missed {missed.describe(self.case.first_row)}" for missed in self.missed]
        for finding in self.false:
            row = 0 if finding.place is None else finding.place.row + self.case.first_row
            lines.append(f"{self.case.name}:{row}: false {finding.severity} {finding.code} {finding.message}")
        return "\n".join(lines)


@cache
def case_paths() -> tuple[Path, ...]:
    """All cases, broken ones first."""
    return tuple(sorted(path for path in CASES.rglob("*") if path.is_file()))


def read_case(path: Path) -> Case:
    """Reads a case and its labels."""
    if path.suffix == ".ipynb":
        return _read_notebook(path)
    if path.suffix == ".json":
        return _read_archive(path)
    rows = path.read_text(encoding="utf-8").splitlines()
    header: list[tuple[str, str]] = []
    while rows and (match := _HEADER.match(rows[0])):
        header.append((match[1], match[2]))
        rows.pop(0)
    keys = dict(header)
    if path.suffix == ".line":
        shape = tuple(int(side) for side in keys.get("input", "32 32 3").split())
        assert len(shape) == 3, f"{path.name}: `input` needs three numbers"
        subject = read_line("\n".join(rows).strip(), shape)
        return _case(path, keys, _anywhere(keys), subject)
    text, answers = _without_labels(rows, cell=0)
    return replace(_case(path, keys, answers, read_source(text, path.name, is_guarded=False)), first_row=len(header))


def judge(case: Case) -> Verdict:
    """Lets the doctor look at a case."""
    findings = diagnose(case.subject)
    met: set[Expectation] = set()
    asked: set[Finding] = set()
    for finding in findings:
        for expectation in case.expectations:
            if any(_answers(finding, code, place) for code, place in expectation.answers):
                met.add(expectation)
                asked.add(finding)
    others = [finding for finding in findings if finding not in asked and finding.code not in case.may]
    return Verdict(
        case=case,
        found=tuple(expectation for expectation in case.expectations if expectation in met),
        missed=tuple(expectation for expectation in case.expectations if expectation not in met),
        false=tuple(finding for finding in others if finding.severity != "note"),
        notes=tuple(finding for finding in others if finding.severity == "note"),
    )


def _answers(finding: Finding, code: str, where: tuple[int, int]) -> bool:
    if finding.code != code:
        return False
    return where == _ANYWHERE or (finding.place is not None and (finding.place.cell, finding.place.row) == where)


def _case(path: Path, keys: dict[str, str], expectations: tuple[Expectation, ...], subject: Subject) -> Case:
    assert "modelled on" in keys, f"{path.name} does not say what it is modelled on"
    assert "shows" in keys, f"{path.name} does not say what it shows"
    unknown = set(keys) - {"modelled on", "shows", "may", "expect", "input"}
    assert not unknown, f"{path.name}: labels of unknown kinds {sorted(unknown)}"
    return Case(
        path=path,
        modelled_on=keys["modelled on"],
        shows=keys["shows"],
        may=frozenset(keys.get("may", "").split()),
        expectations=expectations,
        subject=subject,
        first_row=0,
    )


def _anywhere(keys: dict[str, str]) -> tuple[Expectation, ...]:
    codes = keys.get("expect", "").split()
    return tuple(Expectation(answers=frozenset({(code, _ANYWHERE)})) for code in codes)


def _without_labels(rows: list[str], *, cell: int) -> tuple[str, tuple[Expectation, ...]]:
    """The text as its author would have it, and what its labels say."""
    text: list[str] = []
    single: list[Expectation] = []
    choices: dict[str, set[tuple[str, tuple[int, int]]]] = {}
    for number, row in enumerate(rows, start=1):
        match = _LABEL.search(row)
        text.append(row if match is None else row[: match.start()])
        for word in match[1].split() if match else ():
            code, _, letter = word.partition("/")
            if letter:
                choices.setdefault(letter, set()).add((code, (cell, number)))
            else:
                single.append(Expectation(answers=frozenset({(code, (cell, number))})))
    grouped = [Expectation(answers=frozenset(answers)) for _, answers in sorted(choices.items())]
    return "\n".join(text) + "\n", (*single, *grouped)


def _read_notebook(path: Path) -> Case:
    notebook = json.loads(path.read_text(encoding="utf-8"))
    texts: list[str] = []
    expectations: list[Expectation] = []
    for number, cell in enumerate(notebook["cells"], start=1):
        text, answers = _without_labels("".join(cell["source"]).splitlines(), cell=number)
        texts.append(text.removesuffix("\n"))
        expectations.extend(answers)
    is_code = tuple(cell["cell_type"] == "code" for cell in notebook["cells"])
    subject = read_cells(tuple(texts), path.name, is_code=is_code, is_guarded=False)
    return _case(path, notebook["metadata"]["corpus"], tuple(expectations), subject)


def _read_archive(path: Path) -> Case:
    """A `.keras` archive is made of the configuration: a zip file could not be reviewed."""
    from diabolo.api.check import read_anything

    content = json.loads(path.read_text(encoding="utf-8"))
    with tempfile.TemporaryDirectory() as folder:
        archive = Path(folder, path.name.removesuffix(".json"))
        with zipfile.ZipFile(archive, "w") as written:
            written.writestr("config.json", json.dumps(content["config"]))
            written.writestr("metadata.json", json.dumps({"keras_version": "3.5.0", "date_saved": "2026-01-01"}))
        subject = read_anything(archive)
    return _case(path, content["corpus"], _anywhere(content["corpus"]), subject)


def read_all() -> Iterator[Case]:
    """All cases."""
    return map(read_case, case_paths())
