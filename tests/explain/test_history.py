"""Histories of run folders."""

import importlib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from made_runs import FLOOR, falling, make_run, settled

import diabolo
from diabolo.errors import DataError, RunError
from diabolo.explain import History, explain_history, explain_pair, history_of_run
from diabolo.runs import RunFolder, write_history, write_record


def test_a_run_brings_all_that_is_known(tmp_path: Path) -> None:
    line = "conv16 relu (bn) pool dropout | up conv3 sigmoid"
    history = history_of_run(make_run(tmp_path / "one", falling(), line=line, seed=3))
    assert history.name == "small"
    assert history.epochs.tolist() == list(range(1, 41))
    assert history.val_floor == pytest.approx(FLOOR)
    assert history.kinds is not None
    assert "dropout" in history.kinds
    assert "bn" not in history.kinds, "a side branch is no part of the model"
    assert history.num_latent == 16 * 16 * 16
    assert (history.loss, history.seed, history.validation_name) == ("bce", 3, "validation images")
    assert history.broken_from is None


def test_a_diverged_run_says_so_by_its_status(tmp_path: Path) -> None:
    history = history_of_run(make_run(tmp_path, falling(12), status="diverged"))
    (reading,) = explain_history(history)
    assert (reading.code, reading.confidence, reading.first_epoch) == ("EX201", "sure", 13)


def test_what_cannot_be_read_is_named(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="is no run"):
        history_of_run(tmp_path)
    folder = make_run(tmp_path / "torn", falling())
    (folder / "history.csv").write_text("epoch,loss\n1,")
    with pytest.raises(RunError, match="is no history of this version of diabolo"):
        history_of_run(folder)
    (folder / "history.csv").unlink()
    with pytest.raises(RunError, match="has not finished an epoch yet"):
        history_of_run(folder)


def test_a_line_of_another_version_is_no_hindrance(tmp_path: Path) -> None:
    history = history_of_run(make_run(tmp_path, settled(), line="future7 | conv3"))
    assert history.kinds is None
    assert [reading.code for reading in explain_history(history)] == ["EX204", "EX401"]


def test_columns_of_different_lengths_are_refused() -> None:
    with pytest.raises(DataError, match="columns of different lengths: loss 2, epochs 1"):
        History(name="x", epochs=np.array([1]), columns={"loss": np.array([1.0, 2.0])})


def test_explain_takes_what_there_is(tmp_path: Path) -> None:
    first = make_run(tmp_path / "runs" / "a" / "seed0", falling(), name="a")
    make_run(tmp_path / "runs" / "a" / "seed1", falling(), name="a", seed=1)
    (tmp_path / "runs" / "broken").mkdir()
    (tmp_path / "runs" / "broken" / "history.csv").write_text("epoch,loss\n")
    found = diabolo.explain(tmp_path / "runs")
    assert [one.name for one in found] == ["a (seed 0)", "a (seed 1)"]
    assert [reading.code for reading in found.pair] == ["EX505"]
    assert [Path(part.source).name for part in found.left_out] == ["broken"]
    assert diabolo.explain(str(first))[0].readings == found[0].readings
    assert diabolo.explain(found[0].history)[0].readings == found[0].readings


def test_explain_takes_what_keras_returns() -> None:
    class Returned:
        history = {"loss": list(falling() + FLOOR), "val_loss": list(falling() + FLOOR)}  # noqa: RUF012

    for what in (Returned(), Returned.history):
        assert diabolo.explain(what, loss="bce", floor=FLOOR)[0].readings[0].code == "EX203"


@pytest.mark.parametrize("what", [3, None, object()])
def test_explain_refuses_what_has_no_history(what: object) -> None:
    with pytest.raises(DataError, match="has no history; `explain` takes run folders, runs, files, and what Keras's"):
        diabolo.explain(what)  # type: ignore[arg-type]
    with pytest.raises(DataError, match="there is nothing to explain"):
        diabolo.explain()


def test_references_are_a_bar(tmp_path: Path) -> None:
    from types import SimpleNamespace

    folder = make_run(tmp_path, settled())
    pca = SimpleNamespace(title="PCA with 64 values", psnr=31.0, latent_values=64)
    larger = SimpleNamespace(title="PCA with 9,999 values", psnr=50.0, latent_values=9999)
    unknown = SimpleNamespace(title="JPEG", psnr=None, latent_values=None)
    (reading,) = (
        one for one in diabolo.explain(folder, references=[pca, larger, unknown])[0].readings if one.code == "EX402"
    )
    assert reading.evidence["reference"] == "PCA with 64 values"
    assert reading.confidence == "sure"


def test_the_function_and_the_package_share_a_name() -> None:
    importlib.reload(importlib.import_module("diabolo.explain"))
    assert callable(diabolo.explain)
    assert callable(importlib.import_module("diabolo.explain").explain_history)


@pytest.mark.parametrize(
    ("loss", "title"),
    [
        ("psnr", "minus the PSNR"),
        ("charbonnier", "Charbonnier loss"),
        ("0.84*ms-ssim+0.16*l1", "0.84 × 1 - MS-SSIM + 0.16 × mean absolute error"),
        ("a-loss-of-tomorrow", "loss"),
    ],
)
def test_every_loss_of_a_recipe_has_its_title(tmp_path: Path, loss: str, title: str) -> None:
    recipe = {"name": "fast", "loss": loss, "epochs": 40, "validation": "held-out", "keep": "best"}
    history = history_of_run(make_run(tmp_path / "one", falling(), recipe=recipe))
    other = history_of_run(make_run(tmp_path / "two", falling(), name="other"))
    assert history.loss_title == title
    sentences = [reading.sentence for reading in explain_pair(history, other) if reading.code == "EX503"]
    assert len(sentences) == (title != "loss")
    assert all(f"small was trained on {title}, other on binary cross-entropy" in sentence for sentence in sentences)


def test_decibels_have_no_floor_that_hides_the_progress(tmp_path: Path) -> None:
    """A loss of minus the PSNR moves by less than 1 % while the squared error moves by 6 %: no floor is in the way."""
    folder = make_run(tmp_path / "run", falling())
    psnr = 25 + 0.6 * (1 - np.exp(-np.arange(40) / 20))
    rows = [
        replace(row, loss=-one, train_loss=-one, val_loss=-one, train_excess=60 - one, val_excess=60 - one,
                val_psnr=one, val_mse=10 ** (-one / 10))
        for row, one in zip(RunFolder(path=folder).history(), psnr.tolist(), strict=True)
    ]  # fmt: skip
    write_history(RunFolder(path=folder).history_file, rows)
    record = RunFolder(path=folder).record()
    write_record(RunFolder(path=folder).record_file, replace(record, recipe={**record.recipe, "loss": "psnr"}))
    readings = explain_history(history_of_run(folder))
    assert "EX401" not in [reading.code for reading in readings]
    assert "excess" not in " ".join(reading.sentence for reading in readings)
