"""`run.toml`: what is written comes back; what is missing, edited or of another version is refused in words."""

import re
import tomllib
from dataclasses import replace
from pathlib import Path

import pytest

from diabolo.errors import OutputError, RunError
from diabolo.runs import (
    FORMAT,
    RunRecord,
    command_line,
    current_machine,
    current_versions,
    read_record,
    without_home,
    write_record,
)

RECORD = RunRecord(
    name="method-2",
    line="conv4 relu bn pool | up conv3 sigmoid",
    input_shape=(8, 8, 3),
    seed=7,
    recipe={"name": "fast", "epochs": 3, "learning_rate": 0.01},
    data={"name": "cifar10", "digest": "sha256:0123456789abcdef0123", "source": "cache", "size": [8, 8]},
    command="diabolo train method-2 --set 'epochs=3'",
    threads=2,
    device="cpu",
    versions=current_versions(),
    machine=current_machine(),
    created="2026-01-02T03:04:05+00:00",
)


def test_a_record_comes_back(tmp_path: Path) -> None:
    file = tmp_path / "run.toml"
    write_record(file, RECORD)
    assert read_record(file) == RECORD
    tested = replace(RECORD, status="finished", test={"loss": 0.1 + 0.2, "psnr": 25.44, "num_images": 10})
    write_record(file, tested)
    assert read_record(file) == tested
    assert read_record(file).test["loss"] == 0.30000000000000004


def test_awkward_texts_come_back(tmp_path: Path) -> None:
    odd = replace(
        RECORD,
        name='a "quoted" \\ name',
        command="diabolo train '|'\n\t☃ 'é'",
        data={**RECORD.data, "name": "~/Bilder/é"},
    )
    write_record(tmp_path / "run.toml", odd)
    assert read_record(tmp_path / "run.toml") == odd


def test_what_a_later_version_adds_is_passed_over(tmp_path: Path) -> None:
    file = tmp_path / "run.toml"
    write_record(file, RECORD)
    file.write_text('new = "x"\n' + file.read_text())
    assert read_record(file) == RECORD


def test_the_message_for_another_format(tmp_path: Path) -> None:
    file = tmp_path / "run.toml"
    write_record(file, replace(RECORD, format=FORMAT + 1, versions={"diabolo": "9.1"}))
    with pytest.raises(RunError, match=rf"has run format {FORMAT + 1}.*reads format {FORMAT}.*that wrote it \(9\.1\)"):
        read_record(file)
    for text in ("", "x = 1\n", 'versions = "none"\n', "format = '1'\n"):
        file.write_text(text)
        with pytest.raises(RunError, match=r"has run format .*that wrote it \(unknown\)"):
            read_record(file)


@pytest.mark.parametrize(
    ("pattern", "replacement", "message"),
    [
        (r"^name = ", "Name = ", "lacks `name`"),
        (r"^seed = 7", "", "lacks `seed`"),
        (r"^seed = 7", "seed = '7'", "has `seed` = '7', which is not a whole number"),
        (r"^seed = 7", "seed = true", "has `seed` = True, which is not a whole number"),
        (r"^threads = 2", "threads = 0", "has `threads` = 0, which is less than 1"),
        (r"^line = .*$", "line = 3", "has `line` = 3, which is not a text"),
        (r"^input_shape = ", "shape = ", "has `input_shape` = None, which is not height, width and channels"),
        (r"^    8,\n", "", r"has `input_shape` = \[8, 3\]"),
        (r"^    8,\n", "    0,\n", r"has `input_shape` = \[0, 8, 3\]"),
        (r"^    8,\n", '    "8",\n', r"has `input_shape` = \['8', 8, 3\]"),
        (r"^status = .*$", "status = 'done'", "has `status` = 'done', which is none of running, stopped"),
        (r"^\[recipe\]", "[receipt]", "lacks `recipe`"),
        (r"^\[data\]", "[dates]", "lacks `data`"),
        (r"^digest = .*$", "", "lacks `digest` in its table `data`"),
        (r"^seed = 7", "seed = ", "cannot be read: .*it was edited or damaged"),
        (r"^seed = 7", "seed = 7\nseed = 8", "cannot be read"),
    ],
)
def test_an_edited_record_is_refused_by_the_name_of_what_is_wrong(
    tmp_path: Path, pattern: str, replacement: str, message: str
) -> None:
    file = tmp_path / "run.toml"
    write_record(file, RECORD)
    text, count = re.subn(pattern, replacement, file.read_text(), count=1, flags=re.MULTILINE)
    assert count == 1
    file.write_text(text)
    with pytest.raises(RunError, match=message):
        read_record(file)


def test_every_cut_of_the_file_is_refused_or_whole(tmp_path: Path) -> None:
    file = tmp_path / "run.toml"
    write_record(file, RECORD)
    whole = file.read_bytes()
    for length in range(0, len(whole) - 300, 7):
        file.write_bytes(whole[:length])
        with pytest.raises(RunError):
            read_record(file)


def test_a_record_that_is_not_there_or_cannot_be_read(tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"is no run: it holds no `run\.toml`; `diabolo train MODEL --out .*` makes one"):
        read_record(tmp_path / "run.toml")
    (tmp_path / "file").touch()
    with pytest.raises(RunError, match="is no run"):
        read_record(tmp_path / "file" / "run.toml")
    (tmp_path / "run.toml").mkdir()
    with pytest.raises(RunError, match="cannot be read"):
        read_record(tmp_path / "run.toml")
    (tmp_path / "binary").write_bytes(b"\xff\x00")
    with pytest.raises(RunError, match="cannot be read"):
        read_record(tmp_path / "binary")
    with pytest.raises(OutputError):
        write_record(Path("/proc/diabolo/run.toml"), RECORD)


def test_nothing_names_the_owner_of_the_machine(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("HOME", str(tmp_path / "alice"))
    home = tmp_path / "alice"
    assert without_home(str(home / "photos" / "x")) == "~/photos/x"
    assert without_home(str(home)) == "~"
    for other in (f"{home}2/x", "photos", "/tmp/x", "--lr=3", "cifar10"):
        assert without_home(other) == other
    monkeypatch.setattr("sys.argv", [f"{home}/venv/bin/diabolo", "train", "a | b", "--data", f"{home}/my photos"])
    assert command_line() == "diabolo train 'a | b' --data ~/'my photos'"
    assert Path("~/my photos").expanduser() == home / "my photos"
    monkeypatch.setattr("sys.argv", ["/x/site-packages/diabolo/__main__.py", "demo"])
    assert command_line() == "diabolo demo"
    monkeypatch.setattr("sys.argv", [f"{home}/kernel/ipykernel_launcher.py", "-f", f"{home}/kernel-1.json"])
    assert command_line() == "notebook"
    for program in ([], [""], ["-c"], ["-"]):
        monkeypatch.setattr("sys.argv", program)
        assert command_line() == "python"
    monkeypatch.setattr("sys.argv", ["/x/study.py", "3"])
    assert command_line() == "study.py 3"
    assert "alice" not in str(current_machine())
    for root in ("/", "~"):
        monkeypatch.setenv("HOME", root)
        assert without_home("/tmp/x") == "/tmp/x"


def test_the_file_is_ordinary_toml(tmp_path: Path) -> None:
    write_record(tmp_path / "run.toml", RECORD)
    values = tomllib.loads((tmp_path / "run.toml").read_text())
    assert values["recipe"] == RECORD.recipe
    assert values["versions"].keys() == {"python", "diabolo", "torch", "numpy"}
    assert "test" not in values
