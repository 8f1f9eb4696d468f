"""`diabolo bench` as a user runs it: its messages, JSON, and Ctrl-C."""

import json
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest
from cli_builders import LINE, Command, environment
from syrupy.assertion import SnapshotAssertion

from diabolo.bench import PARTS
from diabolo.bench.engines import ENGINES

ENDLESS = [
    sys.executable, "-m", "diabolo", "bench", LINE, "--parts", "compare", "--batch", "4", "--rounds", "100000",
    "--threads", "1",
]  # fmt: skip

pytestmark = pytest.mark.skipif(not Path("/proc/self/stat").exists(), reason="looks at processes in /proc")


@pytest.mark.parametrize(
    "arguments",
    [
        ("--engines", "diabolo-fsed"),
        ("--parts", "compare,speed"),
        ("vq-line", "--engines", "diabolo-plain"),
        ("conv8[k=5] pool | up conv3 sigmoid", "--engines", "diabolo-plain"),
        ("--engines", "keras-jax", "--no-install", "--venvs", "venvs"),
    ],
)
def test_messages(diabolo: Command, snapshot: SnapshotAssertion, arguments: tuple[str, ...]) -> None:
    answer = diabolo("bench", *arguments)
    assert answer.code == 2
    assert answer.out == ""
    last = answer.err.strip().splitlines()[-1]
    assert last.startswith("diabolo: ")
    assert last == snapshot


def test_help_names_every_engine_and_part(diabolo: Command) -> None:
    answer = diabolo("bench", "--help")
    words = answer.out.replace(",", " ").replace(".", " ").split()
    assert not [engine.name for engine in ENGINES if engine.name not in words]
    assert not [part for part in PARTS if part not in words]


def test_json_is_one_document_on_stdout(diabolo: Command) -> None:
    answer = diabolo("bench", "--quick", "--parts", "compare", "--engines", "diabolo-plain", "--threads", "1", "--json")
    assert answer.code == 0
    report = json.loads(answer.out)
    assert report["engines"]["diabolo-plain"]["training_images_per_second"]["n"] == 2
    assert "round 2 of 2" in answer.err


def test_the_table_is_on_stdout(diabolo: Command, tmp_path: Path) -> None:
    out = tmp_path / "results"
    answer = diabolo(
        "bench", LINE, "--quick", "--parts", "compare,variants", "--engines",
        "torch-eager,diabolo-plain", "--threads", "1", "--out", out,
    )  # fmt: skip
    assert answer.code == 0
    assert "diabolo-plain is faster by" in answer.out
    assert "torch eager, NCHW" in answer.out
    assert "only" in answer.err  # variants: of the question's layers
    assert json.loads((out / "bench.json").read_text())["model"] == LINE


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_ctrl_c_ends_the_workers_and_shows_what_there_is(tmp_path: Path, number: signal.Signals) -> None:
    command = [*ENDLESS, "--engines", "torch-eager,diabolo-plain", "--out", str(tmp_path)]
    process = subprocess.Popen(
        command,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={**os.environ, **environment(tmp_path / "cache")},
    )
    assert process.stderr is not None
    for line in process.stderr:
        if line.startswith("  round 2 "):
            break
    workers = _children(process.pid)
    assert len(workers) == 2
    process.send_signal(number)
    out, err = process.communicate(timeout=60)
    assert process.returncode == 130
    assert "stopped; all workers have ended" in err
    assert "Interrupted" in out
    assert "torch eager, NCHW" in out
    assert not [pid for pid in workers if Path(f"/proc/{pid}").exists()]
    report = json.loads((tmp_path / "bench.json").read_text())
    assert report["complete"] is False
    assert report["engines"]["torch-eager"]["training_images_per_second"]["n"] >= 2


def test_a_benchmark_that_is_killed_leaves_no_worker(tmp_path: Path) -> None:
    command = [*ENDLESS, "--engines", "diabolo-plain"]
    process = subprocess.Popen(
        command, stderr=subprocess.PIPE, text=True, env={**os.environ, **environment(tmp_path / "cache")}
    )
    assert process.stderr is not None
    for line in process.stderr:
        if line.startswith("  round 1 "):
            break
    (worker,) = _children(process.pid)
    process.kill()
    process.wait()
    process.stderr.close()
    for _ in range(300):
        if not _runs(worker):
            return
        time.sleep(0.1)
    pytest.fail("the worker outlived the benchmark by half a minute")


def _children(pid: int) -> list[int]:
    found = []
    for folder in Path("/proc").glob("[0-9]*"):
        try:
            fields = (folder / "stat").read_text().rsplit(")", 1)[1].split()
        except OSError:
            continue
        if int(fields[1]) == pid:
            found.append(int(folder.name))
    return found


def _runs(pid: int) -> bool:
    try:
        return Path(f"/proc/{pid}/stat").read_text().rsplit(")", 1)[1].split()[0] != "Z"
    except OSError:
        return False
