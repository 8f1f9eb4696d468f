"""`[tool.diabolo.check]`, selections, comments that silence, and which files a walk finds."""

from pathlib import Path

import pytest

from diabolo.checks import Finding, Selection, Subject, all_rules, read_line
from diabolo.checks.config import _nearest, config_for
from diabolo.checks.diagnose import diagnose, is_silenced
from diabolo.checks.walk import find_files
from diabolo.errors import DiaboloError
from diabolo.graph import Place

DEAD = "conv16 relu (bn) pool | conv16 relu up conv3 sigmoid"


@pytest.fixture(autouse=True)
def _fresh() -> None:
    _nearest.cache_clear()


def project(folder: Path, text: str) -> Path:
    (folder / "pyproject.toml").write_text(f"[tool.diabolo.check]\n{text}\n")
    return folder


def codes(selection: Selection) -> list[str]:
    return [found.code for found in diagnose(read_line(DEAD), selection)]


def test_rules_are_chosen_by_code_beginning_and_name() -> None:
    assert "AE101" in codes(Selection(select=("AE101",)))
    assert "AE101" in codes(Selection(select=("dead-branch",)))
    assert "AE101" in codes(Selection(select=("ae1",), ignore=("AE",)))
    assert "AE101" not in codes(Selection(ignore=("AE1",)))
    assert "AE101" not in codes(Selection(select=("AE101",), ignore=("dead-branch",)))
    assert "AE101" in codes(Selection(select=("all",), ignore=("AE2",)))
    assert codes(Selection(ignore=("ALL",))) == []


def test_a_word_that_is_no_rule_is_refused() -> None:
    with pytest.raises(DiaboloError, match="`AE999` is no rule"):
        Selection(select=("AE999",))


def test_severities_change_what_is_found() -> None:
    found = diagnose(read_line(DEAD), Selection(select=("AE101",), severity={"dead-branch": "note"}))
    assert [(one.code, one.severity) for one in found] == [("AE101", "note")]


def test_the_nearest_table_counts(tmp_path: Path) -> None:
    project(tmp_path, "ignore = ['AE101']")
    inner = tmp_path / "a" / "b"
    inner.mkdir(parents=True)
    (inner / "pyproject.toml").write_text("[tool.ruff]\nselect = ['diabolo']\n")  # no table of ours: passed over
    config = config_for(inner / "model.py")
    assert config.ignore == ("AE101",)
    assert not config.selection().has(all_rules()["AE101"])
    _nearest.cache_clear()
    project(inner, "input = '28x28x1'")
    assert config_for(inner / "model.py").ignore == ()
    assert config_for(inner).input_shape == (28, 28, 1)


def test_per_file_ignores_and_exclusions(tmp_path: Path) -> None:
    project(tmp_path, "exclude = ['old', 'draft_*.py']\nper-file-ignores = { 'examples' = ['AE1'] }")
    for name in (
        "old/a.py",
        "draft_1.py",
        "examples/b.py",
        "c.py",
        ".venv/d.py",
        ".hidden/e.py",
        "notes.py",
        "f.ipynb",
    ):
        file = tmp_path / name
        file.parent.mkdir(exist_ok=True)
        file.write_text("import os" if name == "notes.py" else "import keras")
    found = list(find_files(tmp_path))
    assert [file.relative_to(tmp_path).as_posix() for file in found] == ["c.py", "f.ipynb", "examples/b.py"]
    config = config_for(tmp_path)
    assert not config.selection(tmp_path / "examples" / "b.py").has(all_rules()["AE101"])
    assert config.selection(tmp_path / "c.py").has(all_rules()["AE101"])


def test_links_to_folders_are_not_followed(tmp_path: Path) -> None:
    (tmp_path / "a.py").write_text("import torch")
    (tmp_path / "round").symlink_to(tmp_path, target_is_directory=True)
    assert [file.name for file in find_files(tmp_path)] == ["a.py"]


@pytest.mark.parametrize(
    ("text", "says"),
    [
        ("selct = ['AE101']", "did you mean `select`?"),
        ("select = 'AE101'", "must be a list of words"),
        ("select = ['AE999']", "`AE999` is no rule"),
        ("severity = { AE101 = 'bad' }", "must be one of error, warning, note"),
        ("severity = { AE999 = 'note' }", "which is no rule"),
        ("severity = 3", "are tables"),
        ("input = '28x28'", "must be height x width x channels"),
        ("input = 28", "must be height x width x channels"),
        ("per-file-ignores = { 'a' = ['XX'] }", "`XX` is no rule"),
    ],
)
def test_a_wrong_table_is_named_with_its_file(tmp_path: Path, text: str, says: str) -> None:
    project(tmp_path, text)
    with pytest.raises(DiaboloError) as caught:
        config_for(tmp_path)
    assert says in str(caught.value)
    assert str(tmp_path / "pyproject.toml") in str(caught.value)


def test_a_broken_file_is_named(tmp_path: Path) -> None:
    (tmp_path / "pyproject.toml").write_text("[tool.diabolo.check\n")
    with pytest.raises(DiaboloError, match="is no TOML"):
        config_for(tmp_path)


def silenced(text: str, row: int = 1, last: int = 0) -> bool:
    place = Place(source="f.py", row=row, end_row=last, start=0, end=1)
    finding = Finding(code="AE101", name="dead-branch", severity="error", message="m", remedy="r", place=place)
    return is_silenced(finding, Subject(source="f.py", text=text))


def test_comments_silence_their_rows() -> None:
    assert silenced("x = 1  # diabolo: ignore")
    assert silenced("x = 1  # diabolo: ignore[AE101]")
    assert silenced("x = 1  # diabolo: ignore[AE201, dead-branch]  # and more")
    assert silenced("x = f(\n  y)  # diabolo:ignore[ae101]", last=2)
    assert not silenced("x = 1  # diabolo: ignore[AE102]")
    assert not silenced("x = 1\ny = 2  # diabolo: ignore")
    assert not silenced("x = 1  # ignore")


def test_comments_silence_whole_files() -> None:
    assert silenced("x = 1\n# diabolo: ignore-file[AE101]")
    assert silenced("x = 1\n# diabolo: ignore-file")
    assert not silenced("x = 1\n# diabolo: ignore-file[AE102]")
    assert not silenced("x = 1  # diabolo: ignore-file[AE102]")
