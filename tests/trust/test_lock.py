"""The lock of a run folder where the file system has no locks, and what killed writers leave."""

import errno
import fcntl
import json
import os
import platform
import subprocess
import sys
from dataclasses import asdict, replace
from pathlib import Path

import pytest

from diabolo.errors import RunError
from diabolo.files import remove_leftovers
from diabolo.runs import RunFolder
from diabolo.runs.lock import OWNER_FILE, Owner, read_owner


@pytest.fixture(params=[errno.ENOSYS, errno.ENOLCK, errno.EOPNOTSUPP])
def folder(request: pytest.FixtureRequest, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> RunFolder:
    """A run folder on a file system that has no locks."""

    def no_locks(*_: object) -> None:
        raise OSError(request.param, os.strerror(request.param))

    monkeypatch.setattr(fcntl, "flock", no_locks)
    path = tmp_path / "run"
    path.mkdir()
    return RunFolder(path=path)


def test_a_file_takes_the_place_of_the_lock(folder: RunFolder) -> None:
    with folder.writing():
        assert read_owner(folder.path) == Owner.current()
        with pytest.raises(RunError, match=f"being written by process {os.getpid()} on"), folder.writing():
            pytest.fail("two writers")
    assert [path.name for path in folder.path.iterdir() if path.name != ".writer.lock"] == []


def dead_process() -> int:
    process = subprocess.Popen([sys.executable, "-c", ""])
    process.wait()
    return process.pid


@pytest.mark.parametrize("change", ["pid", "boot", "started"])
def test_the_lock_of_a_dead_process_of_this_machine_is_taken_over(folder: RunFolder, change: str) -> None:
    value: object = dead_process() if change == "pid" else "another"
    left = replace(Owner.current(), **{change: value})
    assert left.is_dead
    (folder.path / OWNER_FILE).write_text(json.dumps(asdict(left)))
    with folder.writing():
        assert read_owner(folder.path) == Owner.current()


@pytest.mark.parametrize("change", [{"host": "elsewhere"}, {"space": "pid:[1]"}])
def test_a_process_that_cannot_be_seen_keeps_its_lock_and_the_message_says_what_to_do(
    folder: RunFolder, change: dict[str, str]
) -> None:
    owner = replace(Owner.current(), pid=1, **change)
    (folder.path / OWNER_FILE).write_text(json.dumps(asdict(owner)))
    with pytest.raises(RunError) as caught, folder.writing():
        pytest.fail("two writers")
    host = change.get("host", platform.node())
    assert str(caught.value) == (
        f"`{folder.path}` is being written by process 1 on {host}, which cannot be seen from here; wait for it, or "
        "choose another `--out`. Only if you are sure that it is gone, delete "
        f"`{folder.path / OWNER_FILE}` and try again"
    )
    (folder.path / OWNER_FILE).unlink()
    with folder.writing():
        pass


def test_the_next_writer_removes_what_a_killed_one_left_and_nothing_else(tmp_path: Path) -> None:
    folder = RunFolder(path=tmp_path)
    left = [".state-0123abcd.safetensors", ".run-00000000.toml", "..writer-4324ba5f.json"]
    kept = [".report-0123abcd.html", ".state-xyz.safetensors", "state-0123abcd.safetensors", "notes.txt"]
    for name in (*left, *kept):
        (tmp_path / name).touch()
    with folder.writing():
        pass
    assert sorted(path.name for path in tmp_path.iterdir()) == sorted([*kept, ".writer.lock"])


def test_leftovers_of_a_folder_that_is_not_there(tmp_path: Path) -> None:
    remove_leftovers(tmp_path / "nowhere", ["run.toml"])
