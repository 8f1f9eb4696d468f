"""The doctor is right about every case of the corpus: all that is wrong is found, nothing is invented."""

from collections import Counter
from pathlib import Path

import pytest
from corpus_cases import Case, Expectation, case_paths, judge, read_case

from diabolo.checks import all_rules


@pytest.mark.parametrize("path", case_paths(), ids=lambda path: f"{path.parent.name}/{path.name}")
def test_the_doctor_is_right(path: Path) -> None:
    verdict = judge(read_case(path))
    assert verdict.is_right, str(verdict)


@pytest.mark.parametrize("path", case_paths(), ids=lambda path: f"{path.parent.name}/{path.name}")
def test_a_case_is_broken_where_it_says_so(path: Path) -> None:
    case = read_case(path)
    assert bool(case.expectations) == case.is_broken
    assert {code for expectation in case.expectations for code in expectation.codes} | case.may <= set(all_rules())


def test_there_are_enough_cases_of_both_kinds() -> None:
    counts = Counter(path.parent.name for path in case_paths())
    assert set(counts) == {"broken", "clean"}
    assert counts["broken"] >= 100
    assert counts["clean"] >= 100
    assert len({path.stem for path in case_paths()}) == sum(counts.values())


def test_every_rule_that_reads_source_fires_in_two_cases() -> None:
    certain = Counter[str]()
    for case in map(read_case, case_paths()):
        certain.update({e.codes[0] for e in case.expectations if not e.is_choice})
    rare = {code: certain[code] for code in all_rules() if code[2] != "7" and certain[code] < 2}
    assert not rare


def test_a_miss_and_an_invention_are_seen() -> None:
    path = next(path for path in case_paths() if path.name == "question_method_1.py")
    right = read_case(path)
    assert judge(right).is_right
    moved = frozenset({("AE101", (0, 1))})
    wrong = Case(**{**vars(right), "expectations": (Expectation(answers=moved),)})
    verdict = judge(wrong)
    assert [expectation.describe() for expectation in verdict.missed] == ["AE101 at row 1"]
    assert [finding.code for finding in verdict.false] == ["AE101"] * 4
    assert f"missed AE101 at row {1 + right.first_row}" in str(verdict)
