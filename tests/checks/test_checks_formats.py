"""Findings as text, JSON, GitHub annotations and SARIF."""

import json
import re

from syrupy.assertion import SnapshotAssertion

from diabolo.checks import Checked, Edit, Finding, Fix, Subject
from diabolo.checks.formats import render, render_github, render_json, render_sarif
from diabolo.graph import Place, build_graph

TEXT = "x = Input((32, 32, 3))\nb = BatchNormalization()(x)  # 中文, 100 %\ny = f(\n    x,\n)\n"


def finding(row: int, start: int, end: int, severity: str = "error", code: str = "AE101", **more: object) -> Finding:
    place = Place(source="dir/my file.py", row=row, start=start, end=end, end_row=int(more.pop("end_row", 0)))  # type: ignore[call-overload]
    values: dict = {
        "name": "dead-branch", "message": "result of `b`, 100 %: never used", "remedy": "Use it:\nnow.", **more,
    }  # fmt: skip
    return Finding(code=code, severity=severity, place=place, **values)  # type: ignore[arg-type]


def results() -> list[Checked]:
    edit = Edit(place=Place(source="dir/my file.py", row=3, start=4, end=5), text="b")
    fix = Fix(edits=(edit,), is_safe=False, message="Let `y` take `b`")
    subject = Subject(source="dir/my file.py", text=TEXT, graphs=(build_graph("conv3 | conv3"),))
    found = (finding(2, 4, 27, fix=fix), finding(3, 4, 1, "warning", end_row=5), finding(1, 0, 1, "note"))
    live = Finding(
        code="AE101",
        name="dead-branch",
        severity="error",
        message="m",
        remedy="r",
        place=None,
        node="bn_1",
        model="net",
    )
    return [Checked(subject=subject, findings=found), Checked(subject=Subject(source="net"), findings=(live,))]


def test_text(snapshot: SnapshotAssertion) -> None:
    assert render(results(), width=80) == snapshot


def test_text_explains_a_rule_once() -> None:
    assert render(results()).count("Why:") == 1


def test_colours_change_nothing_else() -> None:
    coloured = render(results(), style=lambda text, role: f"\x1b[1m{text}\x1b[0m")
    assert "\x1b[1m" in coloured
    assert re.sub(r"\x1b\[\d+m", "", coloured) == render(results())


def test_nothing_found_is_said() -> None:
    subject = Subject(source="f.py", text="", graphs=(build_graph("conv3 | conv3"),))
    assert render([Checked(subject=subject, findings=())]) == "Nothing found in 1 model."
    assert render([]) == "No model found."


def test_json() -> None:
    content = json.loads(render_json(results()))
    assert content["counts"] == {"error": 2, "warning": 1, "note": 1}
    first = content["findings"][0]
    assert (first["file"], first["row"], first["column"], first["end_column"]) == ("dir/my file.py", 2, 5, 28)
    assert first["fix"] == {"is_safe": False, "message": "Let `y` take `b`"}
    assert content["findings"][3]["file"] is None
    assert content["models"][0]["layers"] == 2


def test_github_annotations_are_escaped(snapshot: SnapshotAssertion) -> None:
    text = render_github(results())
    assert len(text.splitlines()) == 4
    assert text == snapshot


def test_sarif(snapshot: SnapshotAssertion) -> None:
    text = render_sarif(results())
    run = json.loads(text)["runs"][0]
    assert [result["level"] for result in run["results"]] == ["error", "warning", "note", "error"]
    for result in run["results"]:
        assert run["tool"]["driver"]["rules"][result["ruleIndex"]]["id"] == result["ruleId"]
    assert run["results"][0]["fixes"][0]["artifactChanges"][0]["replacements"][0]["insertedContent"]["text"] == "b"
    assert {key: value for key, value in run.items() if key != "tool"} == snapshot
