"""Mending: applies the fixes of findings to a source, reads it again, and goes on until nothing is left to mend."""

import difflib
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from diabolo.checks.checked import Checked
from diabolo.checks.finding import Finding, Fix
from diabolo.checks.subject import Subject
from diabolo.checks.text import row_starts, span_of

_MOST_ROUNDS = 10

Texts = tuple[str, ...]
"""The text of a file, or the texts of a notebook's cells."""


@dataclass(frozen=True, kw_only=True)
class Mended:
    """A source after mending."""

    texts: Texts
    """As they are now."""
    applied: tuple[Finding, ...]
    """Findings that were mended, in the order in which they were."""
    result: Checked
    """What is found in the texts as they are now."""
    refused: str = ""
    """Why a round was not taken: the fixes would have left text that cannot be read. Empty: all is well."""


def mend(texts: Texts, examine: Callable[[Texts], Checked], *, unsafe: bool = False) -> Mended:
    """Applies every fix that may be applied; where two touch the same text, the later waits for the next round.

    Args:
        texts: of one file or notebook, or one of our lines.
        examine: reads texts and runs the rules.
        unsafe: also takes fixes that change the function computed.
    """
    result = examine(texts)
    applied: list[Finding] = []
    for _ in range(_MOST_ROUNDS):
        chosen = _compatible(result.findings, texts, unsafe=unsafe)
        if not chosen:
            break
        changed = apply([finding.fix for finding in chosen if finding.fix is not None], texts)
        after = examine(changed)
        if _num_unreadable(after.subject) > _num_unreadable(result.subject):
            names = ", ".join(sorted({finding.code for finding in chosen}))
            refused = f"the fixes of {names} would leave text that cannot be read; this is a mistake of diabolo"
            return Mended(texts=texts, applied=tuple(applied), result=result, refused=refused)
        if changed == texts:
            break
        applied.extend(chosen)
        texts, result = changed, after
    return Mended(texts=texts, applied=tuple(applied), result=result)


def apply(fixes: Iterable[Fix], texts: Texts) -> Texts:
    """The texts with all edits of some fixes, which must not overlap; an edit that occurs twice counts once."""
    mended = list(texts)
    edits = {edit for fix in fixes for edit in fix.edits}
    for index, text in enumerate(texts):
        starts = row_starts(text)
        here = [edit for edit in edits if max(edit.place.cell, 1) - 1 == index]
        spans = sorted(((*span_of(starts, edit.place), edit.text) for edit in here), reverse=True)
        for start, end, replacement in spans:
            text = text[:start] + replacement + text[end:]
        mended[index] = text
    return tuple(mended)


def difference(name: str, before: str, after: str) -> str:
    """A unified diff of two texts; empty where they are equal."""
    rows = difflib.unified_diff(
        before.splitlines(keepends=True), after.splitlines(keepends=True), fromfile=name, tofile=name
    )
    return "".join(row if row.endswith("\n") else f"{row}\n\\ No newline at end of file\n" for row in rows)


def _compatible(findings: Sequence[Finding], texts: Texts, *, unsafe: bool) -> list[Finding]:
    """Findings whose fixes may be applied together, the first ones of the source first."""
    starts = [row_starts(text) for text in texts]
    taken: set[tuple[int, int, int, str]] = set()
    chosen = []
    for finding in findings:
        fix = finding.fix
        if fix is None or not (fix.is_safe or unsafe):
            continue
        spans = set()
        for edit in fix.edits:
            cell = max(edit.place.cell, 1) - 1
            spans.add((cell, *span_of(starts[cell], edit.place), edit.text))
        if any(_collide(span, other) for span in spans for other in taken):
            continue
        taken |= spans
        chosen.append(finding)
    return chosen


def _collide(one: tuple[int, int, int, str], other: tuple[int, int, int, str]) -> bool:
    """Whether two edits touch the same text and are not the same edit; two insertions at one place collide, too."""
    if one == other or one[0] != other[0]:
        return False
    return (one[1] < other[2] and other[1] < one[2]) or one[1] == other[1]


def _num_unreadable(subject: Subject) -> int:
    return sum(problem.rule == "AE001" for problem in subject.problems)
