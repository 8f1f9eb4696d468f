"""`history.csv`: every digit comes back, and what is no history is refused."""

import math
import random
from dataclasses import fields
from pathlib import Path

import pytest

from diabolo.errors import OutputError, RunError
from diabolo.runs import EpochRow, epoch_line, read_history, write_history


def random_row(epoch: int, generator: random.Random) -> EpochRow:
    names = [field.name for field in fields(EpochRow) if field.name != "epoch"]
    return EpochRow(
        epoch=epoch, **{name: generator.uniform(-1, 1) * 10 ** generator.randint(-30, 30) for name in names}
    )


def test_numbers_keep_all_their_digits(tmp_path: Path) -> None:
    generator = random.Random()
    rows = tuple(random_row(epoch, generator) for epoch in range(1, 200))
    write_history(tmp_path / "history.csv", rows)
    assert read_history(tmp_path / "history.csv") == rows
    assert len((tmp_path / "history.csv").read_text().splitlines()) == 200


def test_what_is_not_a_number_survives_too(tmp_path: Path) -> None:
    row = random_row(1, random.Random(1))
    odd = EpochRow(**{**vars(row), "val_ssim": float("nan"), "val_psnr": float("inf"), "loss": 5e-324, "seconds": 0.1})
    write_history(tmp_path / "history.csv", [odd])
    (read,) = read_history(tmp_path / "history.csv")
    assert math.isnan(read.val_ssim)
    assert (read.val_psnr, read.loss, read.seconds) == (float("inf"), 5e-324, 0.1)


def test_no_rows(tmp_path: Path) -> None:
    write_history(tmp_path / "history.csv", [])
    assert read_history(tmp_path / "history.csv") == ()


@pytest.mark.parametrize(
    ("change", "message"),
    [
        (lambda text: text.replace("val_loss", "validation_loss"), "it has no val_loss"),
        (lambda text: text.replace("\n1,", "\n0,"), "epoch 0"),
        (lambda text: text.replace("\n1,", "\none,"), "one"),
        (lambda text: text[: text.rindex(",")], "it has no learning_rate"),
        (lambda text: text.rstrip() + "x\n", "could not convert"),
        (lambda text: text.encode("utf-16").decode("latin-1"), "is no history"),
    ],
)
def test_an_edited_history_is_refused(tmp_path: Path, change, message: str) -> None:
    file = tmp_path / "history.csv"
    write_history(file, [random_row(1, random.Random(2))])
    file.write_text(change(file.read_text()), encoding="utf-8")
    with pytest.raises(RunError, match=message):
        read_history(file)


def test_a_history_that_cannot_be_read_or_written(tmp_path: Path) -> None:
    with pytest.raises(RunError, match=r"no history in .* the run has not finished an epoch yet"):
        read_history(tmp_path / "history.csv")
    (tmp_path / "folder").mkdir()
    with pytest.raises(RunError, match="cannot be read"):
        read_history(tmp_path / "folder")
    (tmp_path / "binary").write_bytes(b"\xff\xfe\x00")
    with pytest.raises(RunError, match="is no history"):
        read_history(tmp_path / "binary")
    with pytest.raises(OutputError):
        write_history(Path("/proc/diabolo/history.csv"), [])


def test_the_line_of_an_epoch() -> None:
    row = EpochRow(
        epoch=3, loss=0.57213, train_loss=0.56, val_loss=0.56801, train_excess=0.012, val_excess=0.0206,
        val_mse=0.00512, val_psnr=23.456, val_ssim=0.8123, seconds=57.2, images_per_second=1872.4, learning_rate=0.001,
    )  # fmt: skip
    assert epoch_line(row, 50) == (
        "Epoch 3/50 - 57s - 1,872 img/s - loss: 0.5721 - val_loss: 0.5680 (floor + 0.0206)"
        " - val_mse: 0.00512 - val_psnr: 23.46 dB - val_ssim: 0.812"
    )
