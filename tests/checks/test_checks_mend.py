"""Mending: edits by place, rounds, what is refused, diffs."""

import pytest
from hypothesis import given
from hypothesis import strategies as st

from diabolo.checks import Checked, Edit, Finding, Fix, Problem, Subject, check_subject, read_line
from diabolo.checks.mend import Texts, apply, difference, mend
from diabolo.checks.text import row_starts, span_of, split_rows
from diabolo.graph import Place

METHOD_1 = "conv64 relu (bn) pool conv16 relu (bn) pool | conv16 relu (bn) up conv32 relu (bn) up conv3 sigmoid"


def edit(start: int, end: int, text: str, row: int = 1, **more: int) -> Edit:
    return Edit(place=Place(source="f.py", row=row, start=start, end=end, **more), text=text)


def finding(*edits: Edit, is_safe: bool = True, code: str = "AE101") -> Finding:
    fix = Fix(edits=edits, is_safe=is_safe, message="Mend it")
    return Finding(code=code, name="x", severity="error", message="m", remedy="r", place=edits[0].place, fix=fix)


def test_a_dead_branch_on_a_line_is_connected() -> None:
    mended = mend((METHOD_1,), lambda texts: check_subject(read_line(texts[0])), unsafe=True)
    assert mended.texts == (METHOD_1.replace("(bn)", "bn"),)
    assert len(mended.applied) == 4
    assert not [found for found in mended.result.findings if found.severity == "error"]


def test_a_fix_that_changes_the_function_waits_for_consent() -> None:
    mended = mend((METHOD_1,), lambda texts: check_subject(read_line(texts[0])))
    assert mended.texts == (METHOD_1,)
    assert mended.applied == ()
    assert len([found for found in mended.result.findings if found.code == "AE101"]) == 4


@given(
    st.lists(st.text(alphabet="ab\té中\f\u2028", max_size=8), min_size=1, max_size=6),
    st.sampled_from(["\n", "\r\n", "\r"]),
    st.data(),
)
def test_edits_change_their_place_and_nothing_else(rows: list[str], end: str, data: st.DataObject) -> None:
    text = end.join(rows)
    row = data.draw(st.integers(1, len(rows)))
    start = data.draw(st.integers(0, len(rows[row - 1])))
    stop = data.draw(st.integers(start, len(rows[row - 1])))
    changed = apply([Fix(edits=(edit(start, stop, "NEW", row),), is_safe=True, message="m")], (text,))[0]
    expected = [*rows]
    expected[row - 1] = rows[row - 1][:start] + "NEW" + rows[row - 1][stop:]
    assert changed == end.join(expected)


def test_an_edit_over_several_rows() -> None:
    place = Place(source="f.py", row=1, start=2, end=1, end_row=3)
    assert apply([Fix(edits=(Edit(place=place, text="-"),), is_safe=True, message="m")], ("abcd\nef\ngh",)) == ("ab-h",)


def test_edits_of_notebooks_go_to_their_cells() -> None:
    fixes = [Fix(edits=(edit(0, 1, "X", cell=2), edit(1, 2, "Y", cell=1)), is_safe=True, message="m")]
    assert apply(fixes, ("ab", "cd")) == ("aY", "Xd")


def test_fixes_that_touch_the_same_text_take_turns() -> None:
    """The first is applied, the second is found again (or not) in the text as it then is."""

    def examine(texts: Texts) -> Checked:
        found = [finding(edit(0, 3, "bbb")), finding(edit(2, 5, "ccc"))] if texts[0] == "aaaaa" else []
        return Checked(subject=Subject(source="f.py", text=texts[0]), findings=tuple(found))

    mended = mend(("aaaaa",), examine)
    assert mended.texts == ("bbbaa",)
    assert len(mended.applied) == 1


def test_the_same_edit_of_two_findings_is_made_once() -> None:
    def examine(texts: Texts) -> Checked:
        found = [finding(edit(1, 1, "x")), finding(edit(1, 1, "x"), code="AE102")] if "x" not in texts[0] else []
        return Checked(subject=Subject(source="f.py", text=texts[0]), findings=tuple(found))

    mended = mend(("ab",), examine)
    assert mended.texts == ("axb",)
    assert len(mended.applied) == 2


def test_fixes_that_never_end_are_given_up() -> None:
    def examine(texts: Texts) -> Checked:
        return Checked(subject=Subject(source="f.py", text=texts[0]), findings=(finding(edit(0, 0, "a")),))

    assert mend(("",), examine).texts == ("a" * 10,)


def test_a_fix_that_breaks_the_source_is_refused() -> None:
    def examine(texts: Texts) -> Checked:
        problems = (Problem(rule="AE001", message="broken"),) if "(" in texts[0] else ()
        found = () if problems else (finding(edit(0, 1, "(")),)
        return Checked(subject=Subject(source="f.py", text=texts[0], problems=problems), findings=found)

    mended = mend(("ab",), examine)
    assert mended.texts == ("ab",)
    assert mended.applied == ()
    assert "AE101" in mended.refused


@pytest.mark.parametrize("text", ["", "a", "a\n", "\n\n", "a\r\nb\rc\nd", "a\fb\u2028c"])
def test_rows_and_offsets_agree_with_the_parser(text: str) -> None:
    starts = row_starts(text)
    rows = split_rows(text)
    assert len(starts) == len(rows)
    for number, row in enumerate(rows, start=1):
        begin, end = span_of(starts, Place(source="", row=number, start=0, end=len(row)))
        assert text[begin:end] == row


def test_a_difference_says_where_a_last_newline_is_missing() -> None:
    assert difference("f.py", "a\nb", "a\nc") == (
        "--- f.py\n+++ f.py\n@@ -1,2 +1,2 @@\n a\n-b\n\\ No newline at end of file\n+c\n\\ No newline at end of file\n"
    )
    assert difference("f.py", "a\n", "a\n") == ""
