"""`diabolo report` and `diabolo draw`: what they write, say, and refuse; and what they do not load."""

import json
import os
import re
import shutil
import subprocess
import sys
import xml.etree.ElementTree as ElementTree
from html import unescape
from pathlib import Path

import pytest
from cli_builders import LINE, PROGRAM, Command
from syrupy.assertion import SnapshotAssertion

LAZY = ("torch", "matplotlib", "keras")


@pytest.fixture
def run(trained: Path, tmp_path: Path) -> Path:
    """A copy of a finished run."""
    return Path(shutil.copytree(trained, tmp_path / "small"))


def test_report_of_a_run_lies_in_its_folder_and_shows_pictures(diabolo: Command, run: Path) -> None:
    answer = diabolo("report", run, "--no-references")

    assert answer.code == 0, answer.err
    assert re.fullmatch(
        rf"model reaches \d+\.\d\d dB on 12 test images\.\nReport: {re.escape(str(run))}/report\.html\n", answer.out
    )
    html = (run / "report.html").read_text(encoding="utf-8")
    assert html.count("data:image/png;base64,") > 20
    assert f"diabolo report {run} -o {run}/report.html --no-references" in unescape(html)
    assert "Standard deviation over" in html


def test_report_without_pictures_loads_no_torch(run: Path, tmp_path: Path) -> None:
    (run / "model.safetensors").unlink()
    code = (
        "import sys\nfrom diabolo.cli.main import main\n"
        "try:\n    main()\nexcept SystemExit:\n    pass\n"
        f"print([name for name in {LAZY!r} if name in sys.modules], file=sys.stderr)"
    )
    command = [sys.executable, "-c", code, "report", str(run), "-o", str(tmp_path / "x.html"), "--no-references"]
    for options in (["--no-pictures"], []):
        done = subprocess.run(
            [*command, *options],
            capture_output=True, text=True, env=dict(os.environ), check=True,
        )  # fmt: skip
        assert done.stderr == "[]\n", done.stderr
    assert "No pictures of model: there are no weights in its folder." in (tmp_path / "x.html").read_text()


def test_report_says_why_pictures_are_missing(diabolo: Command, run: Path) -> None:
    record = (run / "run.toml").read_text()
    (run / "run.toml").write_text(re.sub(r'(\[data\]\nname = )"[^"]*"', r'\1"/nowhere/few.npz"', record))
    answer = diabolo("report", run, "--no-references")

    assert answer.code == 0, answer.err
    assert "No pictures of model: " in (run / "report.html").read_text()
    assert "/nowhere/few.npz" in (run / "report.html").read_text()


def test_damaged_weights_are_said_not_shown(diabolo: Command, run: Path) -> None:
    (run / "model.safetensors").write_bytes(b"\x00" * 100)

    assert diabolo("report", run, "--no-references").code == 0
    assert "No pictures of model: " in (run / "report.html").read_text()


def test_report_of_several_names_what_it_leaves_out(
    diabolo: Command, run: Path, tmp_path: Path, snapshot: SnapshotAssertion
) -> None:
    second, broken = tmp_path / "second", tmp_path / "broken"
    shutil.copytree(run, second)
    shutil.copytree(run, broken)
    (second / "run.toml").write_text((second / "run.toml").read_text().replace("seed = 0", "seed = 1"))
    (broken / "history.csv").write_text("epoch\n")
    answer = diabolo("report", "small", "second", "broken", "missing", "--no-pictures", "--no-references")

    assert answer.code == 0
    assert re.sub(r"\d+\.\d\d ± 0\.00 dB", "N dB", answer.out) == snapshot(name="out")
    assert answer.err == snapshot(name="err")
    html = (tmp_path / "report.html").read_text()
    assert "<code>broken</code>" in html
    assert "<code>missing</code>" in html


def test_report_as_json(diabolo: Command, run: Path) -> None:
    answer = diabolo("report", run, "--no-pictures", "--no-references", "--json")
    values = json.loads(answer.out)

    assert set(values) == {"file", "verdict", "models", "left_out"}
    assert values["models"] == [{"model": "model", "runs": [str(run)]}]
    assert values["left_out"] == []
    assert Path(values["file"]).is_file()


def test_report_refuses(diabolo: Command, run: Path, tmp_path: Path, snapshot: SnapshotAssertion) -> None:
    (tmp_path / "empty").mkdir()
    (tmp_path / "file.txt").write_text("x")
    (run / "report.txt").mkdir()
    answers = [
        diabolo("report", "nowhere"),
        diabolo("report", "empty"),
        diabolo("report", "file.txt"),
        diabolo("report", "nowhere", "empty"),
        diabolo("report", run, "-o", "page.pdf", "--no-pictures", "--no-references"),
        diabolo("report", run, "-o", "file.txt/page.html", "--no-pictures", "--no-references"),
    ]

    assert [answer.code for answer in answers] == [2] * len(answers)
    assert "\n".join(answer.err for answer in answers) == snapshot


def test_help(diabolo: Command, snapshot: SnapshotAssertion) -> None:
    assert diabolo("report", "--help").out == snapshot(name="report")
    assert diabolo("draw", "--help").out == snapshot(name="draw")


def test_draw_writes_an_svg_file(diabolo: Command, tmp_path: Path) -> None:
    answer = diabolo("draw", "method-1", "-o", "figures/first.svg")

    assert answer.code == 0, answer.err
    assert answer.out.endswith("Drawing: figures/first.svg\n")
    root = ElementTree.parse(tmp_path / "figures" / "first.svg").getroot()
    assert root.tag == "{http://www.w3.org/2000/svg}svg"
    assert root[0].text == "Drawing of method-1"


def test_draw_takes_lines_runs_and_sizes(diabolo: Command, run: Path, tmp_path: Path) -> None:
    assert diabolo("draw", LINE, "--input", "28x28x3").out.endswith("Drawing: model.svg\n")
    assert "28×28×3" in (tmp_path / "model.svg").read_text()
    values = json.loads(diabolo("draw", run, "-o", "run.svg", "--json").out)
    assert values == {"name": "model", "line": LINE, "file": "run.svg"}


def test_draw_refuses(diabolo: Command, snapshot: SnapshotAssertion) -> None:
    answers = [
        diabolo("draw", "conv64 relu | con3"),
        diabolo("draw", "method-2", "-o", "figure.png"),
        diabolo("draw", "method-2", "--input", "32"),
        diabolo("draw", "conv3 pool | conv3"),
    ]

    assert [answer.code for answer in answers] == [2] * len(answers)
    assert "\n".join(answer.err for answer in answers) == snapshot


def test_draw_loads_no_torch(tmp_path: Path) -> None:
    code = (
        "import sys\nfrom diabolo.api.draw import draw\n"
        "draw('method-2').save(sys.argv[1])\n"
        f"print([name for name in {('numpy', 'jinja2', *LAZY)!r} if name in sys.modules])"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path / "a.svg")], capture_output=True, text=True, check=True
    )
    assert done.stdout == "[]\n"


def test_python_drawing_shows_itself() -> None:
    from diabolo.api.draw import draw

    drawing = draw("method-2")
    assert drawing._repr_svg_() == drawing.svg
    assert drawing.svg.startswith("<svg ")
    assert Path(PROGRAM).exists()
