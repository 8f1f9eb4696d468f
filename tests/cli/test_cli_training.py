"""Training as a person sees it: the log without a terminal, the bar in one, Ctrl-C, and going on."""

import os
import pty
import select
import signal
import subprocess
import termios
import time
import tomllib
from pathlib import Path

import pytest
from cli_builders import LINE, PROGRAM, Command
from PIL import Image

from diabolo.data import load_data
from diabolo.kernels import find_library


def test_the_log_has_a_line_an_epoch_and_ends_with_what_to_look_at(diabolo: Command, few: Path) -> None:
    answer = diabolo("train", LINE, "--data", few, "--set", "epochs=2", "--set", "batch_size=16", "--out", "run")
    assert answer.code == 0
    said = answer.out.splitlines()
    assert "warning: AE604 43 images in batches of 16 are 3 steps an epoch, 6 in all" in said
    lines = [line for line in said if not line.startswith(("warning: AE", "`diabolo rule"))]
    if find_library() is None:
        assert lines.pop(2).startswith("note: the native stage engine is not there (no C++ compiler at install")
    assert lines[0].startswith("few.npz: 48 train + 12 test images, 32×32×3")
    named = "plain (torch)" if find_library() is None else "fused (native stages)"
    assert lines[1] == f"engine: {named}, 1 thread, float32"
    first = lines.index("model: 43 train and 5 validation images, 3 steps an epoch, 2 epochs")
    assert all(line.startswith(("warning: AE", "`diabolo rule AE")) for line in lines[2:first]), "what the doctor says"
    assert lines[first + 1].startswith("Epoch 1/2 - ")
    assert lines[first + 2].startswith("Epoch 2/2 - ")
    assert lines[first + 3].startswith("Test: loss ")
    files = [line.split()[-1] for line in lines[first + 4 :]]
    assert files == ["run/curves.png", "run/reconstructions.png", "run/report.html"]
    assert "\x1b" not in answer.out


def test_what_a_reader_must_know_is_said(diabolo: Command, few: Path) -> None:
    words = ("--recipe", "keras", "--set", "epochs=1", "--set", "warmup=0.5", "--out", "run")
    answer = diabolo("train", LINE, "--data", few, *words)
    assert answer.code == 0
    assert "note: recipe `keras` validates on the test images" in answer.out
    assert "note: `warmup` (=0.5) has no effect with `schedule=constant`" in answer.out


def test_every_file_that_was_skipped_is_named_once(diabolo: Command, tmp_path: Path) -> None:
    folder = tmp_path / "photos"
    folder.mkdir()
    for number, pixels in enumerate(load_data("cifar10-sample").train[:20]):
        Image.fromarray(pixels).save(folder / f"{number}.png")
    broken = [f"broken-{number}.png" for number in range(7)]
    for name in broken:
        (folder / name).write_text("no image")
    answer = diabolo("train", LINE, "--data", folder, "--set", "epochs=1", "--out", "run")
    assert answer.code == 0
    said = (answer.out + answer.err).splitlines()
    note = next(line for line in said if "7 of 27 files skipped" in line)
    assert note.endswith("broken-4.png: not an image; and 2 more)")
    assert said[said.index("note: the others that were skipped:") :][1:3] == [
        f"  {folder / name}: not an image" for name in broken[5:]
    ]
    assert [sum(name in line for line in said) for name in broken] == [1] * 7
    assert "model: 18 train and 1 validation images, 1 step an epoch, 1 epoch" in said


def test_a_loss_that_grows_without_limit_is_no_traceback(diabolo: Command, few: Path) -> None:
    words = ("--set", "loss=mse", "--set", "learning_rate=1e8", "--set", "epochs=30", "--set", "optimiser=sgd")
    answer = diabolo("train", "conv4 pool | up conv3", "--data", few, "--out", "run", *words)
    assert answer.code == 1
    assert "diabolo: the " in answer.err
    assert "In `run` " in answer.err
    assert tomllib.loads(Path("run/run.toml").read_text())["status"] == "diverged"


def test_summary_and_train_go_together(diabolo: Command, trained: Path, few: Path) -> None:
    """A run folder is a MODEL: train the same line again from it."""
    answer = diabolo("train", trained, "--data", few, "--set", "epochs=1", "--out", "again")
    assert answer.code == 0
    assert tomllib.loads(Path("again/run.toml").read_text())["line"] == LINE


@pytest.mark.parametrize("number", [signal.SIGINT, signal.SIGTERM])
def test_a_signal_saves_everything_and_the_run_goes_on(number: signal.Signals, diabolo: Command, few: Path) -> None:
    command = [
        PROGRAM,
        "train",
        LINE,
        "--data",
        str(few),
        "--set",
        "epochs=3000",
        "--set",
        "batch_size=16",
        "--out",
        "run",
    ]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)
    _wait_for(Path("run/history.csv"), process)
    process.send_signal(number)
    _, errors = process.communicate(timeout=60)
    assert process.returncode == 128 + number
    assert "stopping after this step; again to stop at once" in errors
    assert "everything is saved. Go on with: diabolo train --resume run" in errors
    assert tomllib.loads(Path("run/run.toml").read_text())["status"] == "stopped"
    assert Path("run/state.safetensors").exists()


def test_a_terminal_gets_a_bar_and_is_left_as_it_was(few: Path) -> None:
    ours, theirs = pty.openpty()
    termios.tcsetwinsize(theirs, (30, 100))
    before = termios.tcgetattr(theirs)
    command = [
        PROGRAM,
        "train",
        LINE,
        "--data",
        str(few),
        "--set",
        "epochs=5000",
        "--set",
        "batch_size=2",
        "--out",
        "run",
    ]
    process = subprocess.Popen(
        command, stdin=theirs, stdout=theirs, stderr=theirs, env={**os.environ, "TERM": "xterm-256color"},
        start_new_session=True, preexec_fn=_take_terminal,
    )  # fmt: skip
    shown = b""
    until = time.monotonic() + 60
    while not (b"img/s" in shown and "━".encode() in shown and b"Epoch 2/5000 - " in shown):
        assert time.monotonic() < until, shown[-2000:].decode(errors="replace")
        shown += _read(ours)
    os.write(ours, b"\x03")  # Ctrl-C, as the terminal turns it into a signal
    while process.poll() is None:
        assert time.monotonic() < until + 60
        shown += _read(ours)
    shown += _read(ours)
    after = termios.tcgetattr(theirs)
    os.close(ours)
    os.close(theirs)
    text = shown.decode(errors="replace")
    assert process.returncode == 130
    assert after == before
    assert "\x1b[?25l" in text, "the bar hides the cursor"
    assert text.rindex("\x1b[?25h") > text.rindex("\x1b[?25l"), "and shows it again"
    assert "stopping after this step" in text
    assert "Go on with: diabolo train --resume run" in text


def _take_terminal() -> None:
    import fcntl

    fcntl.ioctl(0, termios.TIOCSCTTY, 0)


def _read(terminal: int) -> bytes:
    """What the terminal shows within a tenth of a second."""
    ready, _, _ = select.select([terminal], [], [], 0.1)
    return os.read(terminal, 65536) if ready else b""


def _wait_for(path: Path, process: "subprocess.Popen[str]") -> None:
    until = time.monotonic() + 90
    while not path.exists():
        assert process.poll() is None, process.communicate()
        assert time.monotonic() < until
        time.sleep(0.05)
