"""`train --tracker`: what TensorBoard reads back, what MLflow and trackio are told, and that none stops a training."""

import importlib.util
import json
import sys
from pathlib import Path

import numpy as np
import pytest
from cli_builders import LINE, Command
from tensorboard.backend.event_processing.event_accumulator import EventAccumulator
from tracker_stand_ins import Calls, install

from diabolo.interop.trackers import TRACKERS, numbers_of
from diabolo.runs import EpochRow
from diabolo.use import load


def train(diabolo: Command, few: Path, *more: str) -> tuple[str, str]:
    options = ("--set", "epochs=2", "--set", "batch_size=16", "--out", "runs/a", "--json")
    answer = diabolo("train", LINE, "--data", few, *options, *more)
    assert answer.code == 0, answer.err
    return answer.out, answer.err


def written(history: tuple[EpochRow, ...]) -> dict[str, list[tuple[int, float]]]:
    """What each number is at each epoch."""
    rows = [(row.epoch, numbers_of(row)) for row in history]
    return {name: [(epoch, values[name]) for epoch, values in rows] for name in rows[0][1]}


def read_back(folder: Path) -> tuple[dict[str, list[tuple[int, float]]], list[str]]:
    events = EventAccumulator(str(folder))
    events.Reload()
    tags = events.Tags()
    scalars = {name: [(one.step, one.value) for one in events.Scalars(name)] for name in tags["scalars"]}
    return scalars, [one.tensor_proto.string_val[0].decode() for tag in tags["tensors"] for one in events.Tensors(tag)]


def test_tensorboard_reads_the_history_back(diabolo: Command, few: Path) -> None:
    _, said = train(diabolo, few, "--tracker", "tensorboard")
    assert "note: tracker tensorboard: tensorboard --logdir runs/a" in said
    scalars, texts = read_back(Path("runs/a/tensorboard"))
    expected = written(load("runs/a").history)
    assert scalars.keys() == expected.keys() >= {"loss/train", "loss/validation", "quality/psnr"}
    for name, values in expected.items():
        assert [step for step, _ in scalars[name]] == [1, 2]
        np.testing.assert_allclose(  # TensorBoard keeps float32
            [value for _, value in scalars[name]], [value for _, value in values], rtol=1e-6
        )
    assert f"| line | `{LINE}` |" in texts[0]
    assert texts[1:] == ["trained"]


def test_after_a_resume_every_epoch_is_there_once(diabolo: Command, few: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """Ctrl-C in the second of three epochs, then `--resume` with the tracker again."""
    from diabolo.cli.signals import StopOnSignal

    asked = iter(range(10_000))
    options = ("--set", "epochs=3", "--set", "batch_size=16", "--out", "runs/a", "--tracker", "tensorboard")
    with monkeypatch.context() as patch:
        patch.setattr(StopOnSignal, "__call__", lambda self: next(asked) >= 4)  # three steps an epoch
        answer = diabolo("train", LINE, "--data", few, *options)
    assert "Stopped in epoch 2" in answer.err, answer.err
    assert next(len(values) for values in read_back(Path("runs/a/tensorboard"))[0].values()) == 1
    assert diabolo("train", "--resume", "runs/a", "--tracker", "tensorboard").code == 0
    scalars, texts = read_back(Path("runs/a/tensorboard"))
    assert [step for step, _ in scalars["loss/train"]] == [1, 2, 3]
    assert texts[-1] == "trained"


def test_mlflow_and_trackio_are_told_every_epoch(diabolo: Command, few: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: Calls = []
    install(monkeypatch, calls)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    out, said = train(diabolo, few, "--tracker", "mlflow", "--tracker", "trackio", "--tracker", "mlflow")
    assert json.loads(out)["status"] == "finished"  # what trackio prints is not on stdout
    assert "* Trackio project initialized: diabolo" in said
    assert "left out" not in said
    place = Path("runs/a/mlflow").absolute().as_uri()
    assert f"note: tracker mlflow: mlflow ui --backend-store-uri {place}" in said
    assert "note: tracker trackio: trackio show --project diabolo" in said
    history = written(load("runs/a").history)
    names = [name for name, _ in calls]
    assert names[:3] == ["mlflow.client", "mlflow.create_experiment", "mlflow.create_run"]
    assert dict(calls)["mlflow.client"] == {"tracking_uri": place}
    assert dict(calls)["mlflow.create_run"] == {"experiment_id": "7", "run_name": "a"}
    parameters = {values["key"]: values["value"] for name, values in calls if name == "mlflow.log_param"}
    assert {"line": LINE, "seed": "0", "recipe.epochs": "2", "recipe.batch_size": "16"}.items() <= parameters.items()
    for name, values in history.items():
        told = [one for call, one in calls if call == "mlflow.log_metric" and one["key"] == name]
        assert [(one["step"], one["value"]) for one in told] == values
    assert dict(calls)["mlflow.set_terminated"] == {"run_id": "r1", "status": "FINISHED"}
    started = dict(calls)["trackio.init"]
    assert (started["project"], started["name"], started["space_id"]) == ("diabolo", "a", None)
    assert started["config"]["line"] == LINE
    logged = [values for name, values in calls if name == "trackio.log"]
    assert [one["step"] for one in logged] == [1, 2]
    assert logged[1]["metrics"] == {name: v[1][1] for name, v in history.items()}
    assert names[-2:] == ["mlflow.set_terminated", "trackio.finish"]


def test_a_server_that_the_user_names_is_used(diabolo: Command, few: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: Calls = []
    install(monkeypatch, calls)
    monkeypatch.setenv("MLFLOW_TRACKING_URI", "http://localhost:5000")
    train(diabolo, few, "--tracker", "mlflow")
    assert dict(calls)["mlflow.client"] == {"tracking_uri": "http://localhost:5000"}


def test_a_tracker_that_fails_is_left_out(diabolo: Command, few: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    calls: Calls = []
    install(monkeypatch, calls)

    def refuse(self: object, *values: object, **named: object) -> None:
        raise ConnectionError

    monkeypatch.setattr(sys.modules["mlflow.tracking"].MlflowClient, "log_metric", refuse)
    _, said = train(diabolo, few, "--tracker", "mlflow", "--tracker", "trackio")
    assert "note: tracker mlflow is left out from here on: ConnectionError" in said
    assert "mlflow.set_terminated" not in dict(calls)
    assert [values["step"] for name, values in calls if name == "trackio.log"] == [1, 2]


def test_numbers_that_are_not_finite_are_left_out(trained: Path) -> None:
    from dataclasses import replace

    row = load(trained).history[0]
    assert "quality/psnr" in numbers_of(row)
    assert "quality/psnr" not in numbers_of(replace(row, val_psnr=float("inf")))
    assert "loss/train" not in numbers_of(replace(row, train_loss=float("nan")))


def test_what_cannot_track(diabolo: Command, few: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    answer = diabolo("train", LINE, "--data", few, "--out", "runs/a", "--tracker", "wandb")
    assert (answer.code, answer.err.splitlines()[-1]) == (
        2, "diabolo: `tracker` (=wandb) must be one of tensorboard, mlflow, trackio"
    )  # fmt: skip
    monkeypatch.setattr(importlib.util, "find_spec", lambda name: None)
    for name in TRACKERS:
        answer = diabolo("train", LINE, "--data", few, "--out", "runs/a", "--tracker", name)
        assert answer.err.splitlines()[-1] == (
            f"diabolo: `tracker` (={name}) is not installed; `pip install {name}` brings it"
        )
    assert not Path("runs/a").exists()
