"""The run folder and its lock, with real processes."""

import json
import os
import platform
import signal
import subprocess
import sys
from pathlib import Path

import pytest

from diabolo.errors import OutputError, RunError
from diabolo.runs import RunFolder, free_folder

HOLDER = (
    "import sys, time; from pathlib import Path; from diabolo.runs import RunFolder\n"
    "with RunFolder(path=Path(sys.argv[1])).writing():\n"
    "    print('writing', flush=True)\n"
    "    time.sleep(60)\n"
)


@pytest.fixture
def holder(tmp_path: Path):
    """Another process that writes a run."""
    process = subprocess.Popen([sys.executable, "-c", HOLDER, str(tmp_path / "run")], stdout=subprocess.PIPE, text=True)
    assert process.stdout is not None
    assert process.stdout.readline() == "writing\n"
    yield process
    process.kill()
    process.wait()
    process.stdout.close()


def test_a_second_writer_is_refused_with_process_and_host_until_the_first_dies(holder, tmp_path: Path) -> None:
    folder = RunFolder(path=tmp_path / "run")
    wanted = rf"is being written by process {holder.pid} on {platform.node()}; wait for it, or choose another `--out`"
    for _ in range(2):
        with pytest.raises(RunError, match=wanted), folder.writing():
            pytest.fail("two writers")
    os.kill(holder.pid, signal.SIGKILL)
    holder.wait()
    with folder.writing():
        owner = json.loads((folder.path / ".writer.json").read_text())
        assert (owner["pid"], owner["host"]) == (os.getpid(), platform.node())
    assert not (folder.path / ".writer.json").exists()


def test_a_second_writer_in_the_same_process_is_refused_too(tmp_path: Path) -> None:
    folder = RunFolder(path=tmp_path / "run")
    with folder.writing():
        with pytest.raises(RunError, match=f"process {os.getpid()}"), RunFolder(path=tmp_path / "run").writing():
            pytest.fail("two writers")
        with pytest.raises(RunError, match=f"process {os.getpid()}"), folder.writing():
            pytest.fail("two writers")


def test_the_lock_is_free_again_after_an_error(tmp_path: Path) -> None:
    folder = RunFolder(path=tmp_path / "run")
    with pytest.raises(ZeroDivisionError), folder.writing():
        raise ZeroDivisionError
    with folder.writing():
        pass


def test_an_unreadable_note_of_the_owner(tmp_path: Path) -> None:
    folder = RunFolder(path=tmp_path / "run")
    with folder.writing():
        for text in ("", "[]", '{"pid": 3}'):
            (folder.path / ".writer.json").write_text(text)
            with pytest.raises(RunError, match="is being written by another process"), folder.writing():
                pytest.fail("two writers")


@pytest.mark.parametrize("path", ["/proc/diabolo/run", "file/run"])
def test_a_folder_that_cannot_be_made(tmp_path: Path, path: str) -> None:
    (tmp_path / "file").touch()
    with pytest.raises(OutputError, match="cannot write"), RunFolder(path=tmp_path / path).writing():
        pytest.fail("written")


def test_names_that_are_free(tmp_path: Path) -> None:
    assert free_folder(tmp_path, "x") == tmp_path / "x"
    (tmp_path / "x").mkdir()
    (tmp_path / "x-2").touch()
    assert free_folder(tmp_path, "x") == tmp_path / "x-3"


def test_runs_are_read_without_torch() -> None:
    program = "import sys, diabolo.runs; sys.exit('torch' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", program], check=False).returncode == 0
