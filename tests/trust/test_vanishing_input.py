"""Images that go away while they are worked on: a message, nothing half-written, and a run to go on with."""

import contextlib
import io
import os
import shutil
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from diabolo.api.execute import Outcome, execute
from diabolo.api.job import new_job, resumed_job
from diabolo.data import Progress, arrays
from diabolo.errors import DataError
from diabolo.train import Event, find_recipe, read_tensors
from diabolo.use import Run
from diabolo.use.encode_files import encode_files

LINE = "conv2 relu bn pool | up conv3 sigmoid"


@pytest.fixture(autouse=True)
def _a_state_after_each_step(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DIABOLO_CHECKPOINT_SECONDS", "0")
    monkeypatch.setenv("DIABOLO_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("DIABOLO_OFFLINE", "1")


def save_pictures(folder: Path, number: int = 24) -> Path:
    folder.mkdir()
    draw = np.random.default_rng(0)
    for index in range(number):
        Image.fromarray(draw.integers(0, 256, (8, 8, 3), dtype=np.uint8)).save(folder / f"{index:02}.png")
    return folder


def trained(source: Path, out: Path, watch: Any = lambda event: None) -> Outcome:
    recipe = find_recipe("fast").with_settings({"epochs": 3, "batch_size": 8})
    with contextlib.redirect_stdout(io.StringIO()):
        return execute(new_job(LINE, source, recipe=recipe, out=out, engine="plain"), watch=watch, pictures=False)


class After:
    """A reader of events that does something once, after so many of them."""

    def __init__(self, number: int, act: Any) -> None:
        self.left, self.act = number, act

    def __call__(self, event: Event) -> None:
        self.left -= 1
        if self.left == 0:
            self.act()


def weights(run: Run) -> dict[str, Any]:
    return {name: value.numpy().tolist() for name, value in read_tensors(run.folder.model_file)[0].items()}


def test_a_folder_that_is_removed_while_a_model_trains_on_it(tmp_path: Path) -> None:
    """Its images are in memory by then; a resume later needs them, and says so."""
    whole = trained(save_pictures(tmp_path / "same"), tmp_path / "whole")
    source = save_pictures(tmp_path / "gone")
    outcome = trained(source, tmp_path / "run", After(2, lambda: shutil.rmtree(source)))
    assert outcome.run.record.status == "finished"
    assert weights(outcome.run) == weights(whole.run)
    text = (tmp_path / "run" / "run.toml").read_text().replace('status = "finished"', 'status = "stopped"')
    (tmp_path / "run" / "run.toml").write_text(text)
    with pytest.raises(DataError, match=r"`.*gone` is no data set that diabolo knows and no path that exists"):
        resumed_job(tmp_path / "run")


def test_an_array_on_disk_that_is_cut_short_while_a_model_trains_on_it(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    """The run keeps its last state; with the file brought back it ends as one that was never disturbed."""
    monkeypatch.setattr(arrays, "MOST_IN_MEMORY", 1000)
    source = tmp_path / "images.npy"
    np.save(source, np.random.default_rng(0).integers(0, 256, (40, 8, 8, 3), dtype=np.uint8))
    content = source.read_bytes()
    whole = trained(source, tmp_path / "whole")
    with pytest.raises(DataError, match=r"images\.npy` ends after .* cut short after it was opened; bring the whole"):
        trained(source, tmp_path / "run", After(4, lambda: os.truncate(source, 200)))
    with pytest.raises(DataError, match=r"images\.npy"):
        resumed_job(tmp_path / "run")
    source.write_bytes(content)
    with contextlib.redirect_stdout(io.StringIO()):
        again = execute(resumed_job(tmp_path / "run"), pictures=False)
    assert again.run.record.status == "finished"
    assert weights(again.run) == weights(whole.run)
    assert again.run.record.test == whole.run.record.test


def test_a_folder_that_is_removed_while_it_is_encoded(tmp_path: Path) -> None:
    run = trained(save_pictures(tmp_path / "pictures"), tmp_path / "run").run
    source = save_pictures(tmp_path / "gone", 200)

    def take_away(progress: Progress) -> None:
        if progress.done == 5 and source.exists():
            shutil.rmtree(source)

    done = encode_files(run, [source], tmp_path / "latents.npz", workers=1, report=take_away)
    names = np.load(tmp_path / "latents.npz", allow_pickle=False)["names"]
    assert 5 <= done.num_images < 200
    assert len(names) == done.num_images
    assert len(done.skipped) == 200 - done.num_images
    assert {one.reason for one in done.skipped} == {"no such file"}
    with pytest.raises(DataError, match="there is no file `"):
        encode_files(run, [source], tmp_path / "again.npz")
    assert not (tmp_path / "again.npz").exists()


def test_a_folder_of_which_nothing_is_left(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It was listed, and then removed: there is nothing to write, and nothing is written."""
    run = trained(save_pictures(tmp_path / "pictures"), tmp_path / "run").run
    source = save_pictures(tmp_path / "gone", 3)
    files = sorted(source.iterdir())
    shutil.rmtree(source)
    monkeypatch.setattr("diabolo.use.encode_files.find_files", lambda paths: files)
    with pytest.raises(DataError, match=r"none of the 3 files is an image that can be read \(.*no such file"):
        encode_files(run, [source], tmp_path / "latents.npz")
    assert [path.name for path in tmp_path.glob("*latents*")] == []
