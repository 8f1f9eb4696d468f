"""`diabolo data`: its output for people and for machines."""

import json
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from folder_builders import save_images
from syrupy.assertion import SnapshotAssertion
from typer.testing import CliRunner

from diabolo.cli.data import _line_reporter, app, progress_display
from diabolo.data import Progress, load_data
from diabolo.data.fetch import get
from diabolo.data.folder_cache import list_cached_folders
from diabolo.errors import DataError

runner = CliRunner()


def test_list(snapshot: SnapshotAssertion, tmp_path: Path) -> None:
    result = runner.invoke(app, ["list"])
    assert result.exit_code == 0
    assert result.stdout.replace(str(tmp_path), "TMP") == snapshot
    record = json.loads(runner.invoke(app, ["list", "--json"]).stdout)
    assert [item["name"] for item in record["datasets"]] == ["cifar10", "cifar10-sample", "cifar100"]
    assert [item["state"] for item in record["datasets"]] == ["not fetched", "in the package", "not fetched"]


def test_get_the_sample() -> None:
    result = runner.invoke(app, ["get", "cifar10-sample"])
    assert result.stdout.splitlines()[1] == get("cifar10-sample").digest
    record = json.loads(runner.invoke(app, ["get", "cifar10-sample", "--json"]).stdout)
    assert (record["num_train"], record["image_shape"], record["notes"]) == (2000, [32, 32, 3], [])


def test_get_never_takes_the_sample(monkeypatch: pytest.MonkeyPatch, snapshot: SnapshotAssertion) -> None:
    monkeypatch.setenv("DIABOLO_OFFLINE", "1")
    result = runner.invoke(app, ["get", "cifar10"])
    assert isinstance(result.exception, DataError)
    assert str(result.exception) == snapshot


def test_get_an_unknown_name(snapshot: SnapshotAssertion) -> None:
    assert str(runner.invoke(app, ["get", "cifar11"]).exception) == snapshot


def test_verify(tmp_path: Path) -> None:
    good = runner.invoke(app, ["verify", "cifar10-sample"])
    assert good.exit_code == 0
    assert good.stdout.splitlines()[-1] == "cifar10-sample is good (in the package)"
    folder = tmp_path / "user-cache" / "cifar10"
    folder.mkdir(parents=True)
    np.save(folder / "test_labels.npy", np.zeros(10_000, np.uint8))
    bad = runner.invoke(app, ["verify", "cifar10"])
    assert bad.exit_code == 1
    assert bad.stdout.splitlines()[0] == "train         is missing"
    assert "test_labels   has changed (wrong sha256)" in bad.stdout
    record = json.loads(runner.invoke(app, ["verify", "cifar10", "--json"]).stdout)
    assert record["good"] is False


def test_folders_in_the_cache(tmp_path: Path, monkeypatch: pytest.MonkeyPatch, snapshot: SnapshotAssertion) -> None:
    monkeypatch.setattr("diabolo.data.folder.MANY_FILES", 1)
    for name in ("cats", "new\nline"):
        save_images(tmp_path / name, 20)
        load_data(tmp_path / name)
    homes = {one.folder: one.home.name for one in list_cached_folders(tmp_path / "user-cache")}
    (damaged := tmp_path / "user-cache" / "folders" / "x-0123").mkdir()
    (damaged / "record.npz").write_text("x")

    def lines(*arguments: str) -> list[str]:
        result = runner.invoke(app, arguments)
        assert result.exit_code == 0, result.exception
        text = result.stdout
        for folder, home in homes.items():
            text = text.replace(home, folder.name[:3].upper())
        return [" ".join(line.split()) for line in text.replace(str(tmp_path), "TMP").splitlines()]

    assert lines("list")[4:] == snapshot
    record = json.loads(runner.invoke(app, ["list", "--json"]).stdout)["folders"]
    assert [(one["is_there"], one["num_images"], one["image_shape"]) for one in record] == [
        (True, 20, [8, 8, 3]),
        (True, 20, [8, 8, 3]),
        (False, 0, None),
    ]
    shutil.rmtree(tmp_path / "cats")
    assert "which is not there" in "\n".join(lines("list"))
    assert lines("clean") == snapshot
    assert lines("clean", str(tmp_path / "new\nline")) == snapshot
    assert lines("clean") == snapshot
    assert list_cached_folders(tmp_path / "user-cache") == []
    assert len(list((tmp_path / "new\nline").iterdir())) == 20, "the images themselves are there"


def test_clean_names_what_it_does_not_find(tmp_path: Path, snapshot: SnapshotAssertion) -> None:
    assert str(runner.invoke(app, ["clean", "cifar10"]).exception).replace(str(tmp_path), "TMP") == snapshot
    assert str(runner.invoke(app, ["clean", "--all", "cifar10"]).exception) == snapshot


def test_clean_a_data_set_and_all(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("diabolo.data.folder.MANY_FILES", 1)
    cache = tmp_path / "user-cache"
    for name in ("cifar10", "cifar100"):
        (cache / name).mkdir(parents=True)
        np.save(cache / name / "test_labels.npy", np.zeros(10, np.uint8))
    save_images(tmp_path / "p", 5)
    load_data(tmp_path / "p")
    record = json.loads(runner.invoke(app, ["clean", "cifar10", "--json"]).stdout)
    assert [(one["what"], one["num_bytes"]) for one in record["removed"]] == [("cifar10", 138)]
    assert not (cache / "cifar10").exists()
    (cache / "unknown").write_text("of another program")
    record = json.loads(runner.invoke(app, ["clean", "--all", "--json"]).stdout)
    assert [one["what"] for one in record["removed"]] == ["cifar100", str(tmp_path / "p")]
    assert (cache / "unknown").exists()


def test_plain_lines_without_a_terminal(capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr("diabolo.cli.data._SECONDS_BETWEEN_LINES", 0.0)
    report = _line_reporter()
    report(Progress(stage="downloading x", done=1 << 20, total=3 << 20, unit="bytes"))
    report(Progress(stage="waiting", done=2, total=None, unit="seconds"))
    assert capsys.readouterr().err == "downloading x: 1.0 of 3.0 MiB\nwaiting: 2 seconds\n"
    monkeypatch.setattr("diabolo.cli.data._SECONDS_BETWEEN_LINES", 60.0)
    with progress_display() as quiet:
        quiet(Progress(stage="x", done=1, total=None, unit="files"))
    assert capsys.readouterr().err == ""


def test_help_imports_nothing_heavy() -> None:
    code = (
        "import sys, diabolo.cli.data; print([m for m in ('numpy', 'torch', 'PIL', 'rich', 'diabolo.data') "
        "if m in sys.modules])"
    )
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
