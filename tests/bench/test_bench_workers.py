"""Workers: the talk with them, and that they end."""

import os
import sys
import time
from dataclasses import replace
from pathlib import Path

import pytest

from diabolo.bench.engines import ENGINES, Engine
from diabolo.bench.task import Task
from diabolo.bench.workers import Worker, WorkerError

PYTHON = Path(sys.executable)


def engine(name: str) -> Engine:
    return next(engine for engine in ENGINES if engine.name == name)


def has_ended(pid: int) -> bool:
    try:
        os.kill(pid, 0)
    except ProcessLookupError:
        return True
    return False


def start(name: str, tmp_path: Path) -> Worker:
    return Worker(engine(name), PYTHON, threads=1, scratch=tmp_path)


@pytest.mark.parametrize("name", ["diabolo-plain", "torch-channels-last"])
def test_a_worker_trains_reconstructs_and_ends(name: str, tmp_path: Path, task: Task) -> None:
    with start(name, tmp_path) as worker:
        assert "torch" in worker.versions
        worker.ask("prepare", task=task.message())
        for _ in range(2):  # a second turn goes on where the first one ended
            assert len(worker.ask("train", num_steps=2)) == 2
            assert len(worker.ask("infer", num_steps=3)) == 3
        assert all(seconds > 0 for seconds in worker.ask("train", num_steps=1))
        assert worker.ask("train", num_steps=0) == []
        worker.ask("prepare", task=replace(task, batch=2).message())
        assert len(worker.ask("train", num_steps=2)) == 2
        assert 20 < worker.ask("peak_memory") < 20_000
        pid = worker.pid
    assert has_ended(pid)


def test_the_whole_job(tmp_path: Path, task: Task) -> None:
    for name in ("diabolo-plain", "torch-eager"):
        with start(name, tmp_path) as worker:
            before = worker.ask("peak_memory")
            worker.ask("whole", task=task.message(), test_images=str(task.images), num_steps=2)
            assert worker.ask("peak_memory") >= before


def test_an_error_is_told_and_the_worker_goes_on(tmp_path: Path, task: Task) -> None:
    with start("torch-eager", tmp_path) as worker:
        with pytest.raises(WorkerError, match="FileNotFoundError"):
            worker.ask("prepare", task={**task.message(), "images": str(tmp_path / "none.npy")})
        with pytest.raises(WorkerError, match="no_such_thing"):
            worker.ask("no_such_thing")
        worker.ask("prepare", task=task.message())
        assert len(worker.ask("train", num_steps=1)) == 1


def test_an_engine_that_cannot_start(tmp_path: Path) -> None:
    broken = replace(engine("torch-eager"), job="no_such_job")
    with pytest.raises(WorkerError, match="no_such_job"):
        Worker(broken, PYTHON, threads=1, scratch=tmp_path)
    dies = tmp_path / "dies"
    dies.write_text("#!/bin/sh\necho the engine is ill >&2\nexit 3\n")
    dies.chmod(0o755)
    with pytest.raises(WorkerError, match="exit status 3: the engine is ill"):
        Worker(engine("torch-eager"), dies, threads=1, scratch=tmp_path)


def test_no_answer_in_time_ends_the_worker(tmp_path: Path) -> None:
    job = tmp_path / "sleeps"
    job.write_text("#!/bin/sh\necho '{\"result\": {}}'\nexec sleep 600\n")
    job.chmod(0o755)
    worker = Worker(engine("torch-eager"), job, threads=1, scratch=tmp_path)
    started = time.monotonic()
    with pytest.raises(WorkerError, match=r"no answer within 0\.2 s"):
        worker.ask("train", seconds=0.2, num_steps=1)
    assert has_ended(worker.pid)
    assert time.monotonic() - started < 60
    with pytest.raises(WorkerError):
        worker.ask("train", seconds=0.2, num_steps=1)


def test_a_worker_that_is_killed(tmp_path: Path) -> None:
    worker = start("torch-eager", tmp_path)
    os.kill(worker.pid, 9)
    with pytest.raises(WorkerError, match="killed"):
        worker.ask("peak_memory")
    worker.close()  # a second time does no harm


def test_what_an_engine_prints_does_not_get_among_the_answers(tmp_path: Path, task: Task) -> None:
    program = (
        "import sys; sys.path.insert(0, sys.argv[1]); from serving import serve\n"
        "class Job:\n"
        "    def versions(self): print('hello'); return {'job': '1'}\n"
        "    def speak(self): print('noise'); sys.stdout.flush(); return 5\n"
        "serve(Job)\n"
    )
    script = tmp_path / "noisy.py"
    script.write_text(program)
    python = tmp_path / "python"
    python.write_text(f'#!/bin/sh\nexec "{PYTHON}" "{script}" "$1"\n')
    python.chmod(0o755)
    with Worker(engine("torch-eager"), python, threads=1, scratch=tmp_path) as worker:
        assert worker.versions == {"job": "1"}
        assert worker.ask("speak") == 5


def test_another_environment_sees_nothing_of_ours(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("PYTHONPATH", "/ours")
    monkeypatch.setenv("TF_ENABLE_ONEDNN_OPTS", "0")
    monkeypatch.setenv("DIABOLO_ENGINE", "fused")
    shows = tmp_path / "shows"
    shows.write_text("#!/bin/sh\nenv > " + str(tmp_path / "env.txt") + "\necho '{\"result\": {}}'\n")
    shows.chmod(0o755)
    with Worker(engine("keras-tensorflow-onednn"), shows, threads=3, scratch=tmp_path):
        pass
    seen = dict(line.split("=", 1) for line in (tmp_path / "env.txt").read_text().splitlines() if "=" in line)
    assert "PYTHONPATH" not in seen
    assert "DIABOLO_ENGINE" not in seen
    assert seen["TF_ENABLE_ONEDNN_OPTS"] == "1"
    assert seen["KERAS_BACKEND"] == "tensorflow"
    assert seen["OMP_NUM_THREADS"] == "3"
