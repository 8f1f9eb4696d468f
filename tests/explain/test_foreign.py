"""Files of other programs: what is read, and what is said where that cannot be."""

import json
import pickle
from pathlib import Path

import numpy as np
import pytest

from diabolo.errors import DataError
from diabolo.explain import history_from_columns, read_foreign

LOSS, VAL = [0.6, 0.5, 0.45], [0.61, 0.52, 0.47]


def written(folder: Path, text: str | bytes, name: str = "history.csv") -> Path:
    path = folder / name
    path.write_bytes(text if isinstance(text, bytes) else text.encode())
    return path


def check(history: object, *, first: int = 1) -> None:
    assert history.epochs.tolist() == [first, first + 1, first + 2]  # type: ignore[attr-defined]
    assert history.columns["loss"].tolist() == LOSS  # type: ignore[attr-defined]
    assert history.columns["val_loss"].tolist() == VAL  # type: ignore[attr-defined]
    assert history.broken_from is None  # type: ignore[attr-defined]


def test_an_epoch_that_is_no_count_is_left_out(tmp_path: Path) -> None:
    """Found by fuzzing: an epoch of 24 digits did not fit into the array of epochs."""
    rows = [f"{epoch},{loss},{val}" for epoch, loss, val in zip((1, 2, 3), LOSS, VAL, strict=True)]
    text = "\n".join(["epoch,loss,val_loss", *rows, "999999999999999999999993,0.4,0.4", "-inf,0.4,0.4"])
    check(read_foreign(written(tmp_path, text)))


@pytest.mark.parametrize(
    "values",
    [
        {"loss": LOSS, "val_loss": VAL},
        {"history": {"loss": LOSS, "val_loss": VAL}, "epoch": [0, 1, 2], "params": {"epochs": 3}},
        {"loss": {"0": 0.6, "1": 0.5, "2": 0.45}, "val_loss": {"0": 0.61, "1": 0.52, "2": 0.47}},
        [{"loss": loss, "val_loss": val} for loss, val in zip(LOSS, VAL, strict=True)],
    ],
    ids=["keras", "keras object", "pandas", "records"],
)
def test_json(tmp_path: Path, values: object) -> None:
    check(read_foreign(written(tmp_path, json.dumps(values), "history.json")))


@pytest.mark.parametrize(
    "text",
    [
        "epoch,loss,val_loss\n0,0.6,0.61\n1,0.5,0.52\n2,0.45,0.47\n",
        "Epoch;Train Loss;Val Loss\r\n1;0.6;0.61\r\n2;0.5;0.52\r\n3;0.45;0.47\r\n",
        "train/loss\tvalid/loss\n0.6\t0.61\n0.5\t0.52\n0.45\t0.47\n",
        "\ufeffepoch,training_loss,validation_loss,note\n1,0.6,0.61,first\n2,0.5,0.52,\n3,0.45,0.47,last\n\n",
        "epoch,step,train_loss,val_loss\n0,9,,0.61\n0,9,0.6,\n1,19,,0.52\n1,19,0.5,\n2,29,,0.47\n2,29,0.45,\n",
        "epoch,loss,val_loss\n1,\"tensor(0.6, device='cuda:0')\",0.61\n2,tensor(0.5),0.52\n3,0.45,0.47\n",
    ],
    ids=["CSVLogger", "semicolons", "tabs, no epochs", "byte order mark", "Lightning", "tensors"],
)
def test_csv(tmp_path: Path, text: str) -> None:
    check(read_foreign(written(tmp_path, text)))


def test_tensorboard(tmp_path: Path) -> None:
    for run, curve in (("train", LOSS), ("validation", VAL)):
        rows = "".join(f"{1.7e9 + at},{at},{value}\n" for at, value in enumerate(curve))
        written(tmp_path, f"Wall time,Step,Value\n{rows}", f"run-{run}-tag-epoch_loss.csv")
    check(read_foreign(tmp_path))
    alone = read_foreign(tmp_path / "run-validation-tag-epoch_loss.csv")
    assert alone.columns["val_loss"].tolist() == VAL
    assert set(alone.columns) == {"val_loss"}


def test_missing_and_broken_numbers_differ(tmp_path: Path) -> None:
    missing = read_foreign(written(tmp_path, "epoch,loss,val_loss\n1,0.6,\n2,0.5,0.52\n"))
    broken = read_foreign(written(tmp_path, "epoch,loss,val_loss\n1,0.6,0.6\n2,0.5,nan\n3,inf,\n"))
    huge = read_foreign(written(tmp_path, "epoch,loss\n1,0.6\n2,1e31\n"))
    assert (missing.broken_from, broken.broken_from, huge.broken_from) == (None, 2, 2)
    assert np.isnan(missing.columns["val_loss"][0])


def test_our_own_file_brings_its_floors(tmp_path: Path) -> None:
    names = "epoch,loss,train_loss,val_loss,train_excess,val_excess"
    text = f"{names}\n1,0.6,0.58,0.59,0.03,0.04\n2,0.59,0.57,0.58,0.02,0.03\n"
    history = read_foreign(written(tmp_path, text))
    assert history.train_floor == pytest.approx(0.55)
    assert history.val_floor == pytest.approx(0.55)
    assert history.columns["train_loss"].tolist() == [0.58, 0.57]


MESSAGES = {
    "names.csv": (b"epoch,colour,val_colour\n1,2,3\n", "has no column that is a loss: it has `epoch`, `colour`"),
    "numbers.csv": (b"1,0.6,0.7\n2,0.5,0.6\n", "has no row of names at its beginning, such as `epoch,loss,val_loss`"),
    "header.csv": (b"epoch,loss\n", "has names and no epoch yet"),
    "word.csv": (b"epoch,loss\n1,0.6\n2,good\n", "in row 3: `loss` = `good` is no number"),
    "empty.csv": (b" \n", "is empty"),
    "half.json": (b'{"loss": [0.6, ', "looks like JSON and is none"),
    "other.json": (b"[1, 2]", "holds no history"),
    "uneven.json": (b'{"loss": [1, 2], "val_loss": [1]}', "curves of different lengths: `loss` 2, `val_loss` 1"),
    "deep.json": (b"[" * 100_000, "looks like JSON and is none"),
    "history.pkl": (b"anything", "is a pickle, and opening one runs whatever code is in it"),
    "renamed.json": (pickle.dumps({"loss": [1.0]}), "is a pickle"),
    "history.npy": (b"\x93NUMPY\x01\x00", "is a NumPy file"),
    "model.h5": (b"\x89HDF\r\n\x1a\n", "is no JSON or CSV file"),
    "latin.csv": (b"epoch,loss\n1,0.6\xff\n", "is no text"),
    "<img onerror=x>.csv": (b"a,b\n1,2\n", "has no column that is a loss"),
}


@pytest.mark.parametrize("name", MESSAGES)
def test_a_bad_file_gets_a_sentence(tmp_path: Path, name: str) -> None:
    content, says = MESSAGES[name]
    path = written(tmp_path, content, name)
    with pytest.raises(DataError) as caught:
        read_foreign(path)
    assert says in str(caught.value)
    assert f"`{path}`" in str(caught.value)
    assert "\n" not in str(caught.value)


def test_a_missing_file_and_an_empty_folder(tmp_path: Path) -> None:
    with pytest.raises(DataError, match=r"there is no `.*nowhere`; name a run folder, or a history as JSON or CSV"):
        read_foreign(tmp_path / "nowhere")
    with pytest.raises(DataError, match=r"is no run .* and there are no CSV files of TensorBoard in it"):
        read_foreign(tmp_path)


def test_options_are_checked(tmp_path: Path) -> None:
    path = written(tmp_path, "epoch,loss\n1,0.6\n")
    with pytest.raises(DataError, match="`loss` \\(=huber\\) must be one of bce, mse, l1"):
        read_foreign(path, loss="huber")
    with pytest.raises(DataError, match="`floor` \\(=nan\\) must be a number"):
        read_foreign(path, floor=float("nan"))


def test_curves_of_a_program() -> None:
    check(history_from_columns({"loss": LOSS, "val_loss": np.array(VAL), "lr": (1, 1, 1)}))
