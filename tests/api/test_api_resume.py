"""Runs that are stopped or killed and resumed end in the same bits as one that never was."""

import os
import random
import signal
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest
import torch
from run_builders import (
    CONTEXT,
    NOISY,
    PLAIN,
    SMALL,
    contents,
    go_on,
    random_images,
    run_command,
    save_images,
    start_call,
    train,
)

from diabolo.api.fit import fit, resume
from diabolo.errors import DataError, RunError
from diabolo.model import build_model
from diabolo.train import Event, StepDone, Stopped, Trained
from diabolo.use import load


def after(num_steps: int):
    counted = iter(range(10**9))
    return lambda: next(counted) >= num_steps


@pytest.mark.parametrize("line", [PLAIN, NOISY])
@pytest.mark.parametrize("keep", ["best", "last"])
def test_a_run_stopped_several_times_is_the_same_as_one_that_was_not(tmp_path: Path, line: str, keep: str) -> None:
    whole = contents(train(tmp_path / "whole", line, keep=keep).run)
    assert whole["status"] == "finished"
    generator = random.Random(f"{line}{keep}")
    outcome = train(tmp_path / "cut", line, keep=keep, should_stop=lambda: True)
    stops = 0
    while isinstance(outcome.end, Stopped):
        assert outcome.run.record.status == "stopped"
        outcome = go_on(tmp_path / "cut", should_stop=after(generator.randint(1, 7)))
        stops += 1
    assert stops >= 3
    assert isinstance(outcome.end, Trained)
    assert contents(outcome.run) == whole
    with pytest.raises(RunError, match="is finished; nothing is left to resume"):
        go_on(tmp_path / "cut")


def train_watched(out: Path, has_started: Any) -> None:
    """In a process that is going to be killed: a checkpoint after every step, and a signal after the first."""
    os.environ["DIABOLO_CHECKPOINT_SECONDS"] = "0"

    def watch(event: Event) -> None:
        if isinstance(event, StepDone):
            has_started.set()

    if (out / "run.toml").exists():
        go_on(out, watch=watch)
    else:
        train(out, NOISY, watch=watch)
    has_started.set()


def is_finished(out: Path) -> bool:
    return (out / "run.toml").exists() and load(out).record.status == "finished"


def test_a_run_killed_again_and_again_is_the_same_as_one_that_was_not(tmp_path: Path) -> None:
    """SIGKILL at random moments: once in the start, then while steps are made and files are written."""
    started = time.monotonic()
    whole = contents(train(tmp_path / "whole", NOISY).run)
    duration = time.monotonic() - started
    out, generator, kills = tmp_path / "cut", random.Random(), 0
    for attempt in range(40):
        has_started = CONTEXT.Event()
        process = start_call(train_watched, out, has_started)
        if attempt:
            assert has_started.wait(60)
        process.join(generator.random() * (duration / 2 if attempt else 0.05))
        if process.exitcode is None:
            os.kill(process.pid, signal.SIGKILL)
            process.join()
        assert process.exitcode in (0, -signal.SIGKILL)
        kills += process.exitcode != 0
        if process.exitcode == 0 or is_finished(out):  # a kill may come between the last write and the exit
            break
    assert kills >= 1
    assert contents(out) == whole


def test_the_command_survives_kills(tmp_path: Path) -> None:
    """A real `python -m diabolo train`: killed as soon as its first state is there, resumed until it is done."""
    images = save_images(tmp_path)
    options = ["--data", str(images), "--threads", "1", *(f"--set={name}={value}" for name, value in SMALL.items())]
    options += ["--set", "epochs=12"]
    environment = {**os.environ, "DIABOLO_CHECKPOINT_SECONDS": "0", "OMP_NUM_THREADS": "1"}
    command = [sys.executable, "-m", "diabolo", "train"]
    out = tmp_path / "cut"
    process = subprocess.Popen([*command, NOISY, "--out", str(out), *options], env=environment)
    while not (out / "history.csv").exists():
        assert process.poll() is None
        time.sleep(0.01)
    process.kill()
    assert process.wait() == -signal.SIGKILL
    assert load(out).record.status == "running"
    code, shown = run_command(["train", "--resume", str(out)], tmp_path / "log")
    assert code == 0, shown
    assert "Going on in epoch" in shown
    assert contents(out) == contents(train(tmp_path / "whole", NOISY, epochs=12).run)


def test_a_run_whose_epochs_are_done_but_not_its_test(tmp_path: Path) -> None:
    whole = contents(train(tmp_path / "run").run)
    folder = load(tmp_path / "run").folder
    text = folder.record_file.read_text()
    folder.record_file.write_text(text[: text.index("[test]")].replace('"finished"', '"trained"'))
    assert not folder.curves_file.exists()
    outcome = go_on(tmp_path / "run", pictures=True)
    assert isinstance(outcome.end, Trained)
    assert contents(outcome.run) == whole
    assert folder.curves_file.exists()
    assert folder.reconstructions_file.exists()


def test_a_moved_run_goes_on(tmp_path: Path) -> None:
    train(tmp_path / "before", should_stop=after(7))
    (tmp_path / "elsewhere").mkdir()
    (tmp_path / "before").rename(tmp_path / "elsewhere" / "after")
    assert contents(go_on(tmp_path / "elsewhere" / "after").run) == contents(train(tmp_path / "whole").run)


def test_a_run_goes_on_from_another_working_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    save_images(tmp_path)
    monkeypatch.chdir(tmp_path)
    train(Path("runs/x"), data="images.npy", should_stop=after(7))
    (tmp_path / "other").mkdir()
    monkeypatch.chdir(tmp_path / "other")
    assert go_on(Path("../runs/x")).run.record.status == "finished"


def test_changed_and_missing_data_are_refused(tmp_path: Path) -> None:
    import numpy as np

    train(tmp_path / "run", should_stop=after(7))
    images = random_images()
    images[3, 2, 1, 0] ^= 1
    np.save(tmp_path / "images.npy", images)
    with pytest.raises(RunError, match=r"was trained on other images: .*images\.npy` .* bring the same images back"):
        go_on(tmp_path / "run")
    (tmp_path / "images.npy").rename(tmp_path / "moved.npy")
    with pytest.raises(DataError, match=r"images\.npy` is no data set"):
        go_on(tmp_path / "run")
    np.save(tmp_path / "moved.npy", random_images())
    assert resume(tmp_path / "run", data=tmp_path / "moved.npy").record.status == "finished"


def test_images_in_memory_must_be_given_again(tmp_path: Path) -> None:
    train(tmp_path / "run", data=random_images(), should_stop=after(7))
    with pytest.raises(RunError, match=r"only in the memory of its program .*`diabolo\.resume\(run, data="):
        go_on(tmp_path / "run")
    with pytest.raises(RunError, match="was trained on other images"):
        resume(tmp_path / "run", data=random_images(seed=1))
    assert contents(resume(load(tmp_path / "run"), data=random_images())) == contents(
        train(tmp_path / "whole", data=random_images()).run
    )


def test_a_model_of_ones_own_goes_on_from_its_own_weights(tmp_path: Path) -> None:
    """Stopped before its first step: nothing but the state knows the weights that it started from."""

    def own() -> torch.nn.Module:
        return build_model(PLAIN, (8, 8, 3), seed=77)

    train(tmp_path / "run", own(), should_stop=lambda: True)
    assert contents(go_on(tmp_path / "run").run) == contents(train(tmp_path / "whole", own()).run)
    assert contents(tmp_path / "whole") != contents(train(tmp_path / "other").run)


def test_the_number_of_threads_is_that_of_the_start(tmp_path: Path) -> None:
    train(tmp_path / "run", should_stop=after(3))
    file = load(tmp_path / "run").folder.record_file
    file.write_text(file.read_text().replace("threads = 1", "threads = 2"))
    seen = set()
    go_on(tmp_path / "run", watch=lambda event: seen.add(torch.get_num_threads()))
    assert seen == {2}
    assert torch.get_num_threads() == 1


def test_an_edited_recipe_is_refused(tmp_path: Path) -> None:
    train(tmp_path / "run", should_stop=after(3))
    file = load(tmp_path / "run").folder.record_file
    text = file.read_text()
    for old, new, message in [
        ("batch_size = 10", "batch_size = 9", "`batch_size` was 10 and is now 9"),
        ("seed = 0", "seed = 1", "`seed` was 0 and is now 1"),
        ("relu bn", "bn relu", "`line` was"),
    ]:
        assert old in text
        file.write_text(text.replace(old, new))
        with pytest.raises(RunError, match=message):
            go_on(tmp_path / "run")


@pytest.mark.parametrize("name", ["state.safetensors", "model.safetensors"])
@pytest.mark.parametrize("damage", ["truncated", "flipped", "empty", "missing"])
def test_damaged_files_are_found_before_anything_is_trained(tmp_path: Path, name: str, damage: str) -> None:
    train(tmp_path / "run", should_stop=after(8))
    file = tmp_path / "run" / name
    whole = file.read_bytes()
    middle = len(whole) - 20
    flipped = whole[:middle] + bytes([whole[middle] ^ 4]) + whole[middle + 1 :]
    if damage == "missing":
        file.unlink()
    else:
        file.write_bytes({"truncated": whole[:-5], "flipped": flipped, "empty": b""}[damage])
    with pytest.raises(RunError, match=rf"{name}` is (missing|truncated or damaged)"):
        go_on(tmp_path / "run")
    file.write_bytes(whole)
    assert go_on(tmp_path / "run").run.record.status == "finished"


def test_a_diverged_run_says_that_it_will_diverge_again(tmp_path: Path) -> None:
    from run_builders import UNBOUNDED, resumed_job

    outcome = train(tmp_path / "run", UNBOUNDED, loss="mse", learning_rate=1e6, optimiser="sgd")
    assert outcome.run.record.status == "diverged"
    assert "from the same state it will diverge again" in resumed_job(tmp_path / "run").notes[0]
    again = go_on(tmp_path / "run")
    assert (again.end.epoch, again.end.step) == (outcome.end.epoch, outcome.end.step)


def test_other_versions_are_named(tmp_path: Path) -> None:
    from run_builders import resumed_job

    train(tmp_path / "run", should_stop=after(3))
    assert resumed_job(tmp_path / "run").notes == ()
    file = load(tmp_path / "run").folder.record_file
    file.write_text(file.read_text().replace(f'torch = "{torch.__version__}"', 'torch = "1.0"'))
    assert f"started with torch 1.0 (now {torch.__version__})" in resumed_job(tmp_path / "run").notes[0]


ENGINES = {"plain": "torch", "fused": "native stages"}


def test_fit_prints_one_line_an_epoch_and_goes_on(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    run = fit(PLAIN, random_images(), out=tmp_path / "run", **SMALL)
    lines = capsys.readouterr().out.splitlines()
    engine = lines.index(f"engine: {run.record.engine} ({ENGINES[run.record.engine]}), 1 thread, float32")
    assert [line.split(" - ")[0] for line in lines[engine + 1 :]] == ["Epoch 1/3", "Epoch 2/3", "Epoch 3/3"]
    with pytest.raises(RunError, match="is finished"):
        resume(run)
