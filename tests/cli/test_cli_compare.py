"""`diabolo compare` as a person uses it: trained, killed, stopped, started again, refused; and of runs on disk."""

import json
import os
import random
import shutil
import signal
import subprocess
import time
import tomllib
from pathlib import Path
from typing import Any

import pytest
from cli_builders import LINE, PROGRAM, Command, environment
from syrupy.assertion import SnapshotAssertion

OTHER = "conv4 bn relu pool | up conv3 sigmoid"
SPEEDS = ("seconds", "images_per_second", "made")
ONE_EPOCH = ("--seeds", "2", "--set", "epochs=1", "--set", "batch_size=16", "--no-references", "--no-report")


def command(few: Path, out: str, *more: str) -> list[str]:
    return ["compare", LINE, OTHER, "--data", str(few), "--out", out, "--engine", "plain", *(more or ONE_EPOCH)]


@pytest.fixture(scope="module")
def compared(few: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """The folder of a comparison that nothing interrupted."""
    folder = tmp_path_factory.mktemp("compared")
    done = subprocess.run(
        [PROGRAM, *command(few, "out")],
        cwd=folder,
        env={**os.environ, **environment(folder / "cache")},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    assert "[4/4]" in done.stdout
    return folder / "out"


def without_speeds(value: Any) -> Any:
    """A comparison without what differs from one training to the next of the same weights, and where it lies."""
    if isinstance(value, dict):
        return {name: without_speeds(item) for name, item in value.items() if name not in (*SPEEDS, "folder")}
    if isinstance(value, list):
        items = [item for item in value if not (isinstance(item, dict) and item.get("code") in ("time", "machines"))]
        return [without_speeds(item) for item in items]
    return value


def read(folder: Path) -> dict[str, Any]:
    values: dict[str, Any] = json.loads((folder / "comparison.json").read_text())
    return values


def test_runs_lie_by_model_and_seed(compared: Path) -> None:
    runs = sorted(str(path.parent.relative_to(compared)) for path in compared.rglob("run.toml"))
    assert runs == [f"model-{digest}/seed{seed}" for digest in ("990bc7", "bb6c2e") for seed in (0, 1)]
    for folder in runs:
        record = tomllib.loads((compared / folder / "run.toml").read_text())
        assert record["status"] == "finished"
        assert str(record["seed"]) == folder[-1]
        assert record["threads"] == 1
        assert (compared / folder / "test-psnr.npy").exists()
        assert "Test: loss" in (compared / folder / "train.log").read_text()
    values = read(compared)
    assert [model["line"] for model in values["models"]] == [LINE, OTHER]
    assert values["made"]["threads"] == 1


def test_a_comparison_that_was_killed_goes_on_to_the_same_table(compared: Path, few: Path, diabolo: Command) -> None:
    """SIGKILL at a random moment: its trainings stop by themselves, and the same command ends as if nothing was."""
    process = subprocess.Popen(
        [PROGRAM, *command(few, "out")], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL, start_new_session=True
    )
    moment = random.uniform(0.5, 6)
    try:
        process.wait(moment)
    except subprocess.TimeoutExpired:
        process.kill()
        process.wait()
    answer = diabolo(*command(few, "out"))
    assert answer.code == 0, (moment, answer)
    assert without_speeds(read(Path("out"))) == without_speeds(read(compared)), f"killed after {moment} s"


def test_what_is_finished_is_reused(compared: Path, few: Path, diabolo: Command) -> None:
    shutil.copytree(compared, "out")
    before = {path: path.stat().st_mtime_ns for path in Path("out").rglob("*.safetensors")}
    answer = diabolo(*command(few, "out"))
    assert answer.code == 0
    assert "4 of 4 runs are there already; 0 to train" in answer.out
    assert {path: path.stat().st_mtime_ns for path in Path("out").rglob("*.safetensors")} == before
    assert without_speeds(read(Path("out"))) == without_speeds(read(compared))
    assert "PSNR" in answer.out
    assert "\x1b" not in answer.out


def test_a_damaged_run_is_named_and_left_out(compared: Path, few: Path, diabolo: Command) -> None:
    shutil.copytree(compared, "out")
    Path("out/model-990bc7/seed1/run.toml").write_text("line = ")
    Path("out/model-bb6c2e/seed1/history.csv").unlink()
    answer = diabolo(*command(few, "out"), "--json")
    assert answer.code == 0
    values = json.loads(answer.out)
    assert [one["folder"] for one in values["left_out"]] == ["out/model-990bc7/seed1", "out/model-bb6c2e/seed1"]
    assert [[run["seed"] for run in model["runs"]] for model in values["models"]] == [[0], [0]]
    assert values["verdict"]["kind"] == "none"
    assert "delete the folder of a run that was left out" in answer.err


def test_a_folder_with_other_runs_is_refused(compared: Path, few: Path, diabolo: Command) -> None:
    shutil.copytree(compared, "out")
    answer = diabolo(*command(few, "out", "--seeds", "2", "--set", "epochs=2", "--set", "batch_size=16"))
    assert answer.code == 2
    assert "out/model-990bc7/seed0` holds a run that differs in `epochs` (was 1, now 2); " in answer.err
    assert "choose another `--out`, or delete that folder" in answer.err


def test_runs_that_are_there_are_compared_without_torch(compared: Path, diabolo: Command) -> None:
    answer = diabolo("compare", *sorted(compared.glob("model-*")), "--json")
    assert answer.code == 0
    assert without_speeds(json.loads(answer.out))["pairs"] == without_speeds(read(compared))["pairs"]
    assert not Path("comparison.json").exists()
    answer = diabolo("compare", compared, "--out", "kept", "--no-report")
    assert answer.code == 0
    assert answer.out.endswith("Numbers: kept/comparison.json\n")
    assert without_speeds(read(Path("kept")))["verdict"] == read(compared)["verdict"]


def test_ctrl_c_saves_everything_and_a_second_comparison_is_refused(few: Path, diabolo: Command) -> None:
    """Ctrl-C in a terminal goes to the whole group of processes; the trainings must not take it for their own."""
    long = command(few, "out", "--seeds", "1", "--set", "epochs=9000", "--set", "batch_size=16")
    process = subprocess.Popen(
        [PROGRAM, *long], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, start_new_session=True
    )
    histories = [Path(f"out/model-{digest}/seed0/history.csv") for digest in ("990bc7", "bb6c2e")]
    deadline = time.monotonic() + 120
    while not all(file.exists() for file in histories):
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < deadline
        time.sleep(0.05)
    refused = diabolo(*long)
    assert refused.code == 2
    assert f"`out` is being written by process {process.pid}" in refused.err
    os.killpg(process.pid, signal.SIGINT)
    _, errors = process.communicate(timeout=120)
    assert process.returncode == 128 + signal.SIGINT
    assert "Stopped; everything is saved. Go on with the same command: diabolo compare" in errors
    for file in histories:
        assert tomllib.loads((file.parent / "run.toml").read_text())["status"] == "stopped"


def test_a_training_that_diverges_is_named(few: Path, diabolo: Command) -> None:
    settings = ("--set", "loss=mse", "--set", "learning_rate=1e8", "--set", "epochs=30", "--set", "optimiser=sgd")
    words = ("compare", "conv4 pool | up conv3", "--data", few, "--out", "out", "--seeds", "1", *settings)
    for _ in range(2):  # the second time it is not trained again
        answer = diabolo(*words, "--no-references", "--no-report", "--engine", "plain")
        assert answer.code == 2
        assert (
            "there is no finished run to compare; the first of 1: out/model-6a235e/seed0: it diverged: the "
            in answer.err
        )
    assert "1 of 1 runs are there already" in answer.out


MISTAKES = {
    "no model": ("compare",),
    "a model twice": ("compare", LINE, LINE, "--data", "FEW"),
    "the same line twice": ("compare", "method-2", "FILE:same", "--data", "FEW"),
    "an unknown model": ("compare", "method-2", "methud-1", "--data", "FEW"),
    "a line that does not fit": ("compare", LINE, "conv4 pool | conv3 sigmoid", "--data", "FEW"),
    "no sigmoid for the loss": ("compare", LINE, "conv4 pool | up conv3", "--data", "FEW"),
    "no seeds": ("compare", LINE, "--seeds", "0"),
    "too many seeds": ("compare", LINE, OTHER, "--seeds", "1001", "--data", "FEW"),
    "an unknown metric": ("compare", LINE, OTHER, "--metric", "accuracy"),
    "an unknown recipe": ("compare", LINE, OTHER, "--recipe", "slow", "--data", "FEW"),
    "a folder and a line": ("compare", "FOLDER", LINE),
    "a folder without runs": ("compare", "FOLDER"),
    "runs with options of training": ("compare", "FOLDER", "--set", "epochs=3", "--recipe", "keras"),
}


@pytest.mark.parametrize("name", MISTAKES)
def test_mistakes_are_answered(name: str, few: Path, diabolo: Command, snapshot: SnapshotAssertion) -> None:
    Path("folder").mkdir()
    Path("models.py").write_text(f"same = {_line_of('method-2')!r}\n")
    known = {"FEW": str(few), "FOLDER": "folder", "FILE:same": "models.py:same"}
    answer = diabolo(*(known.get(word, word) for word in MISTAKES[name]))
    assert answer.code == 2
    assert answer.err.replace(str(few), "FEW") == snapshot
    assert not Path("runs").exists(), "nothing was written"


def test_help(diabolo: Command, snapshot: SnapshotAssertion) -> None:
    assert diabolo("compare", "--help").out == snapshot


def test_a_read_only_place_is_refused(few: Path, diabolo: Command) -> None:
    Path("file").write_text("in the way")
    answer = diabolo(*command(few, "file/out"))
    assert answer.code == 2
    assert "cannot write `file/out" in answer.err


def _line_of(name: str) -> str:
    from diabolo.zoo import zoo

    return zoo()[name].line
