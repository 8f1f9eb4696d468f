"""`diabolo explain`: its texts, its JSON, its errors, and a thousand runs."""

import json
import pickle
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from cli_builders import Command
from syrupy.assertion import SnapshotAssertion

sys.path.insert(0, str(Path(__file__).parent.parent / "explain"))

from made_runs import FLOOR, falling, make_run, settled


def test_help(diabolo: Command, snapshot: SnapshotAssertion) -> None:
    answer = diabolo("explain", "--help")
    assert answer.code == 0
    assert answer.out == snapshot


def test_two_runs(diabolo: Command, snapshot: SnapshotAssertion) -> None:
    make_run(Path("runs/first"), falling(), name="first")
    make_run(Path("runs/second"), settled(), name="second", line="conv8 relu bn pool | up conv3 sigmoid")
    answer = diabolo("explain", "runs/first", "runs/second")
    assert (answer.code, answer.err) == (0, "")
    assert answer.out == snapshot


def test_a_keras_history(diabolo: Command, snapshot: SnapshotAssertion) -> None:
    values = {"loss": list(settled() + FLOOR), "val_loss": list(settled() + FLOOR), "accuracy": [0.5] * 60}
    Path("history.json").write_text(json.dumps(values))
    answer = diabolo("explain", "history.json", "--loss", "bce", "--floor", str(FLOOR))
    assert answer.code == 0
    assert answer.out == snapshot


def test_json(diabolo: Command) -> None:
    make_run(Path("a"), falling(), name="a")
    make_run(Path("b"), np.full(5, 0.1), name="b")
    answer = json.loads(diabolo("explain", "a", "b", "missing", "--json").out)
    assert set(answer) == {"histories", "pair", "left_out"}
    first = answer["histories"][0]
    assert set(first) == {"name", "source", "num_epochs", "readings"}
    assert set(first["readings"][0]) == {
        "code", "name", "title", "sentence", "evidence", "next_step", "confidence", "first_epoch",
    }  # fmt: skip
    assert first["readings"][0]["code"] == "EX203"
    assert [part["source"] for part in answer["left_out"]] == ["missing"]


@pytest.mark.parametrize("name", ["nowhere", "history.pkl", "empty"])
def test_nothing_to_read(diabolo: Command, snapshot: SnapshotAssertion, name: str) -> None:
    Path("history.pkl").write_bytes(pickle.dumps({"loss": [1.0]}))
    Path("empty").mkdir()
    answer = diabolo("explain", name)
    assert (answer.code, answer.out) == (2, "")
    assert answer.err == snapshot


def test_names_are_just_names(diabolo: Command) -> None:
    name = "<img onerror=alert(1)>\x1b[31m"
    make_run(Path("evil"), falling(), name=name)
    answer = diabolo("explain", "evil")
    assert "\x1b" not in answer.out
    assert "<img onerror=alert(1)>" in answer.out

    import diabolo as library

    assert "<img" not in library.explain("evil")._repr_html_()


def test_many_runs_get_a_summary(diabolo: Command, snapshot: SnapshotAssertion) -> None:
    for seed in range(9):
        make_run(Path(f"runs/seed{seed}"), falling(40 + seed), seed=seed)
    make_run(Path("runs/torn"), falling(12), status="diverged")
    (Path("runs/half")).mkdir()
    Path("runs/half/history.csv").write_text("")
    answer = diabolo("explain", "runs")
    assert answer.code == 0
    assert answer.out == snapshot


def test_a_thousand_runs_without_torch() -> None:
    first = make_run(Path("runs/seed0"), falling(50))
    for seed in range(1, 1000):  # copied, since each file that diabolo writes waits for the disk
        shutil.copytree(first, f"runs/seed{seed}")
    code = (
        "import resource, sys\n"
        "from diabolo.cli.main import app\n"
        "app(['explain', 'runs'], standalone_mode=False)\n"
        "heavy = {'torch', 'matplotlib', 'PIL', 'keras'} & set(sys.modules)\n"
        "assert not heavy, heavy\n"
        "used = resource.getrusage(resource.RUSAGE_SELF)\n"
        "print(used.ru_utime + used.ru_stime)\n"
    )
    done = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    *_, seconds = done.stdout.split()
    assert "1,000 histories" in done.stdout
    assert float(seconds) < 10
