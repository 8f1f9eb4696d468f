"""`diabolo demo` on sixty images: from nothing to pictures; twice; and killed in the middle."""

import csv
import json
import signal
import subprocess
import time
from pathlib import Path

from cli_builders import METRICS, PROGRAM, Command
from PIL import Image

MODELS = ["method-1", "method-2", "bn-relu"]


def losses(folder: Path) -> list[tuple[str, str]]:
    """Training and validation loss of each epoch, with all their digits."""
    with (folder / "history.csv").open(newline="") as file:
        return [(row["loss"], row["val_loss"]) for row in csv.DictReader(file)]


def test_from_nothing_and_again(diabolo: Command, few: Path, tmp_path: Path) -> None:
    first = diabolo("demo", "--data", few, "--epochs", "1")
    assert first.code == 0, first.err
    assert "Not connected:        4 layers are built" in first.out
    assert "PSNR" in first.out
    assert f"Runs:            {', '.join(f'demo/{name}' for name in MODELS)}" in first.out
    for picture in ("curves.png", "reconstructions.png"):
        with Image.open(tmp_path / "demo" / picture) as image:
            assert image.width > 500
    page = (tmp_path / "demo" / "report.html").read_text(encoding="utf-8")
    assert all(name in page for name in (*MODELS, "mean image"))
    written = {path: path.stat().st_mtime_ns for path in (tmp_path / "demo").rglob("*.safetensors")}
    assert len(written) == 6

    second = diabolo("demo", "--data", few, "--epochs", "1", "--json")
    assert second.code == 0
    values = json.loads(second.out)
    assert {"data", "models", "curves", "reconstructions", "report"} == set(values)
    assert [model["name"] for model in values["models"]] == MODELS
    assert [model["total_params"] for model in values["models"]] == [18_851, 19_363, 19_363]
    assert all(set(model["test"]) == METRICS for model in values["models"])
    assert second.err.count("already trained in demo/") == 3
    assert {path: path.stat().st_mtime_ns for path in written} == written, "nothing was trained again"

    other = diabolo("demo", "--data", few, "--epochs", "2")
    assert other.code == 2
    assert "with another recipe" in other.err


def test_killed_in_the_middle_it_goes_on_to_the_same_numbers(diabolo: Command, few: Path, tmp_path: Path) -> None:
    words = ("demo", "--data", str(few), "--epochs", "20")
    process = subprocess.Popen([PROGRAM, *words, "--out", "killed"], stdout=subprocess.DEVNULL)
    history = tmp_path / "killed" / "method-2" / "history.csv"
    until = time.monotonic() + 120
    while not (history.exists() and len(losses(history.parent)) >= 3):
        assert process.poll() is None, "it ended before it could be killed"
        assert time.monotonic() < until
        time.sleep(0.02)
    process.send_signal(signal.SIGKILL)
    process.wait()

    answer = diabolo(*words, "--out", "killed")
    assert answer.code == 0, answer.err
    assert "method-1: already trained" in answer.out
    assert "Going on in epoch" in answer.out
    assert answer.out.count("Epoch 20/20 - ") == 2  # of method-2 and bn-relu

    line = "conv64 relu bn pool conv16 relu bn pool | conv16 relu bn up conv32 relu bn up conv3 sigmoid"
    whole = diabolo("train", line, "--data", few, "--set", "epochs=20", "--out", "whole")
    assert whole.code == 0
    assert losses(tmp_path / "killed" / "method-2") == losses(tmp_path / "whole")
