"""The `diabolo` command as a process: signals, messages and exit codes of training and of using runs."""

import os
import re
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from PIL import Image
from run_builders import (
    PLAIN,
    SMALL,
    UNBOUNDED,
    contents,
    random_images,
    run_command,
    save_images,
    start_command,
    train,
)
from syrupy.assertion import SnapshotAssertion

from diabolo.use import load

SETTINGS = [part for name, value in SMALL.items() for part in ("--set", f"{name}={value}")]
LONG = [*SETTINGS, "--set", "epochs=100000"]


def shown(text: str, folder: Path) -> str:
    """What the user sees, without what differs from call to call: times, speeds, losses, folders."""
    text = text.replace(str(folder), "FOLDER")
    text = re.sub(r"\d+s - [\d,]+ img/s", "Ns - N img/s", text)
    return re.sub(r"sha256:[0-9a-f]+…", "sha256:…", text)


def last_paragraph(text: str, folder: Path) -> str:
    """The error at the end of the output."""
    return shown(text[text.rindex("diabolo: ") :], folder)


@pytest.mark.parametrize(("number", "code"), [(signal.SIGINT, 130), (signal.SIGTERM, 143)])
def test_a_signal_stops_after_the_step_and_says_how_to_go_on(tmp_path: Path, number: signal.Signals, code: int) -> None:
    out, log = tmp_path / "my run", tmp_path / "log"
    process = start_command(["train", PLAIN, "--data", str(save_images(tmp_path)), "--out", str(out), *LONG], log)
    while not (out / "history.csv").exists():
        assert process.is_alive(), log.read_text()
        time.sleep(0.01)
    os.kill(process.pid, number)
    process.join(30)
    assert process.exitcode == code
    text = log.read_text()
    assert "stopping after this step; again to stop at once" in text
    match = re.search(
        r"Stopped in epoch (\d+) after (\d+) of its steps; everything is saved\. Go on with: (.*)\n", text
    )
    assert match is not None
    assert match[3] == f"diabolo train --resume '{out}'"
    run = load(out)
    assert run.record.status == "stopped"
    assert len(run.history) == int(match[1]) - 1
    assert run.folder.curves_file.exists()


def test_a_real_process_answers_to_ctrl_c(tmp_path: Path) -> None:
    """The same with `python -m diabolo`, whose exit code the shell sees."""
    out = tmp_path / "run"
    command = [sys.executable, "-m", "diabolo", "train", PLAIN, "--data", str(save_images(tmp_path)), "--out", str(out)]
    process = subprocess.Popen([*command, *LONG], stderr=subprocess.PIPE, stdout=subprocess.DEVNULL, text=True)
    while not (out / "history.csv").exists():
        assert process.poll() is None
        time.sleep(0.01)
    process.send_signal(signal.SIGINT)
    _, errors = process.communicate(timeout=30)
    assert process.returncode == 130
    assert f"diabolo train --resume {out}" in errors


def test_a_second_trainer_is_refused(tmp_path: Path) -> None:
    out, log = tmp_path / "run", tmp_path / "log"
    process = start_command(["train", PLAIN, "--data", str(save_images(tmp_path)), "--out", str(out), *LONG], log)
    try:
        while not (out / "history.csv").exists():
            assert process.is_alive(), log.read_text()
            time.sleep(0.01)
        code, text = run_command(["train", "--resume", str(out)], tmp_path / "second")
        assert code == 2
        assert f"is being written by process {process.pid} on " in text
        code, text = run_command(
            ["train", PLAIN, "--data", str(save_images(tmp_path)), "--out", str(out)], tmp_path / "x"
        )
        assert code == 2
        assert "already holds a run" in text
    finally:
        process.kill()
        process.join()


def test_a_training_that_diverges(tmp_path: Path, snapshot: SnapshotAssertion) -> None:
    out = tmp_path / "run"
    options = [
        *SETTINGS,
        "--set",
        "loss=mse",
        "--set",
        "learning_rate=1e6",
        "--set",
        "schedule=constant",
        "--set",
        "warmup=0",
    ]
    command = ["train", UNBOUNDED, "--data", str(save_images(tmp_path)), "--out", str(out)]
    code, text = run_command([*command, *options, "--set", "optimiser=sgd"], tmp_path / "log")
    assert code == 1
    assert last_paragraph(text, tmp_path) == snapshot
    assert load(out).record.status == "diverged"
    assert (out / "state.safetensors").exists()


def test_a_disk_that_is_full_in_a_checkpoint(tmp_path: Path, snapshot: SnapshotAssertion) -> None:
    """The state no longer fits: an error, the earlier files as they were, and the run goes on when there is room."""
    out = tmp_path / "run"
    outcome = train(out, should_stop=iter([False] * 8 + [True]).__next__)
    before = {file.name: file.read_bytes() for file in out.iterdir() if file.suffix == ".safetensors"}
    assert outcome.run.record.status == "stopped"
    limit = len(before["state.safetensors"]) - 100
    assert limit > len(before["model.safetensors"])
    code, text = run_command(["train", "--resume", str(out)], tmp_path / "full", largest_file=limit)
    assert code == 2
    assert last_paragraph(text, tmp_path) == snapshot
    assert (out / "state.safetensors").read_bytes() == before["state.safetensors"]
    assert {file.suffix for file in out.iterdir() if file.name.startswith(".")} <= {".lock", ".json"}
    code, text = run_command(["train", "--resume", str(out)], tmp_path / "log")
    assert code == 0, text
    assert contents(out) == contents(train(tmp_path / "whole").run)


def test_a_disk_that_is_full_from_the_start_leaves_no_run(tmp_path: Path) -> None:
    out = tmp_path / "run"
    command = ["train", PLAIN, "--data", str(save_images(tmp_path)), "--out", str(out), "--engine", "plain", *SETTINGS]
    code, text = run_command(command, tmp_path / "full", largest_file=1000)  # the log is held to that length too
    assert code == 2
    assert "cannot write" in text
    assert not (out / "run.toml").exists()
    code, text = run_command(command, tmp_path / "log")
    assert code == 0, text


def test_outputs_that_cannot_be_written(tmp_path: Path, snapshot: SnapshotAssertion) -> None:
    data = ["--data", str(save_images(tmp_path)), *SETTINGS]
    for out in ("/proc/diabolo/run", str(save_images(tmp_path) / "run")):
        code, text = run_command(["train", PLAIN, *data, "--out", out], tmp_path / "log")
        assert code == 2
        assert last_paragraph(text, tmp_path) == snapshot(name=out.replace(str(tmp_path), ""))


def test_runs_that_cannot_be_read(tmp_path: Path, snapshot: SnapshotAssertion) -> None:
    train(tmp_path / "run", should_stop=iter([False] * 8 + [True]).__next__)
    record, state, weights = (
        tmp_path / "run" / name for name in ("run.toml", "state.safetensors", "model.safetensors")
    )
    text, whole, kept = record.read_text(), state.read_bytes(), weights.read_bytes()

    def message(*arguments: str) -> str:
        code, answer = run_command([*arguments], tmp_path / "log")
        assert code == 2, answer
        assert "Traceback" not in answer
        return last_paragraph(answer, tmp_path)

    run = str(tmp_path / "run")
    assert message("train", "--resume", str(tmp_path / "none")) == snapshot(name="missing run")
    assert message("eval", str(tmp_path)) == snapshot(name="folder that is no run")
    record.write_text(text.replace("format = 1", "format = 7").replace('diabolo = "0', 'diabolo = "9'))
    assert message("eval", run) == snapshot(name="another version")
    record.write_text(text.replace("seed = 0", "seed = zero"))
    assert message("eval", run) == snapshot(name="bad TOML")
    record.write_text(text.replace("seed = 0", "seed = '0'"))
    assert message("train", "--resume", run) == snapshot(name="wrong type")
    record.write_text(text.replace('optimiser = "adam-keras"\n', ""))
    assert message("train", "--resume", run) == snapshot(name="missing choice")
    record.write_text(text)
    state.write_bytes(whole[: len(whole) // 2])
    assert message("train", "--resume", run) == snapshot(name="truncated checkpoint")
    state.write_bytes(b"")
    assert message("train", "--resume", run) == snapshot(name="empty checkpoint")
    state.write_bytes(whole[:-50] + bytes([whole[-50] ^ 1]) + whole[-49:])
    assert message("train", "--resume", run) == snapshot(name="flipped bit")
    state.write_bytes(whole)
    weights.write_bytes(kept[:-7])
    assert message("eval", run) == snapshot(name="truncated weights")
    weights.write_bytes(kept)
    np.save(tmp_path / "images.npy", random_images(seed=3))
    assert message("train", "--resume", run) == snapshot(name="other images")


def test_own_images_through_a_run(tmp_path: Path, snapshot: SnapshotAssertion) -> None:
    train(tmp_path / "run")
    folder = tmp_path / "in"
    (folder / "sub").mkdir(parents=True)
    for name, size in (("a.png", 8), ("sub/a.jpg", 8), ("large.png", 16)):
        Image.fromarray(random_images(4, seed=size)[0].repeat(size // 8, 0).repeat(size // 8, 1)).save(folder / name)
    (folder / "notes.txt").write_text("no image")
    (folder / "cut.png").write_bytes((folder / "a.png").read_bytes()[:40])
    base = ["reconstruct", str(tmp_path / "run")]
    code, text = run_command([*base, str(folder), "-o", str(tmp_path / "out")], tmp_path / "log")
    assert code == 0
    assert Image.open(tmp_path / "out/large.png").size == (16, 16)  # its own size: this model takes any
    shutil.rmtree(tmp_path / "out")
    code, text = run_command([*base, str(folder), "-o", str(tmp_path / "out"), "--fit", "crop"], tmp_path / "log")
    assert code == 0
    assert re.sub(r"[\d.]+ dB", "N dB", shown(text, tmp_path)) == snapshot(name="broken and non-image files skipped")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == ["a-2.png", "a.png", "large.png"]
    code, text = run_command([*base, str(folder / "notes.txt"), "-o", str(tmp_path / "out")], tmp_path / "log")
    assert code == 2
    assert last_paragraph(text, tmp_path) == snapshot(name="no image at all")
    (tmp_path / "empty").mkdir()
    code, text = run_command([*base, str(tmp_path / "empty"), "-o", str(tmp_path / "out")], tmp_path / "log")
    assert code == 2
    assert last_paragraph(text, tmp_path) == snapshot(name="empty folder")
