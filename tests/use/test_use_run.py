"""`Run`: what a folder holds, in memory; and images through its model."""

from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
import torch
from use_builders import LINE, make_run

from diabolo.errors import DiaboloError, RunError
from diabolo.runs import EpochRow, write_history
from diabolo.train import write_weights
from diabolo.use import load, psnr_of, reconstruct


def row(epoch: int) -> EpochRow:
    numbers = dict.fromkeys(EpochRow.__dataclass_fields__, 0.5)
    return EpochRow(**{**numbers, "epoch": epoch})


def test_a_run_says_what_it_is(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "run")
    write_history(folder.history_file, [row(1), row(2)])
    run = load(tmp_path / "run")
    assert (run.name, run.line, run.record.status) == ("small", LINE, "finished")
    assert [one.epoch for one in run.history] == [1, 2]
    assert repr(run) == f"Run('{tmp_path}/run': small, finished)"
    assert not run.model.training


def test_a_run_may_be_moved_and_lie_in_the_home_folder(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    make_run(tmp_path / "before")
    (tmp_path / "before").rename(tmp_path / "after")
    monkeypatch.setenv("HOME", str(tmp_path))
    assert load("~/after").model.line == LINE


def test_what_a_run_lacks_is_said_when_it_is_asked_for(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(RunError, match="is no run"):
        load(tmp_path / "nothing")
    folder = make_run(tmp_path / "run")
    folder.model_file.unlink()
    run = load(folder.path)
    with pytest.raises(RunError, match="has not finished an epoch yet"):
        _ = run.history
    with pytest.raises(RunError, match="is missing: nothing was kept there yet"):
        _ = run.model
    run.show()
    assert capsys.readouterr().out == f"small (finished): {LINE}\n"
    assert LINE in run._repr_html_()


def test_show_prints_the_history_and_names_the_pictures(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    folder = make_run(tmp_path / "run")
    write_history(folder.history_file, [row(1)])
    folder.curves_file.write_bytes(b"png")
    load(folder.path).show()
    shown = capsys.readouterr().out.splitlines()
    assert shown[1].startswith("Epoch 1/3 - ")
    assert shown[2] == str(folder.curves_file)
    assert "data:image/png;base64,cG5n" in load(folder.path)._repr_html_()


@pytest.mark.parametrize("damage", ["truncated", "flipped", "empty", "other line"])
def test_damaged_weights(tmp_path: Path, damage: str) -> None:
    folder = make_run(tmp_path / "run")
    whole = folder.model_file.read_bytes()
    if damage == "other line":
        from diabolo.model import build_model

        write_weights(folder.model_file, build_model("conv5 pool | up conv3 sigmoid", (8, 8, 3)), LINE)
    else:
        changed = {"truncated": whole[:-9], "flipped": whole[:-9] + b"\x55" + whole[-8:], "empty": b""}[damage]
        folder.model_file.write_bytes(changed)
    with pytest.raises(RunError, match=r"is truncated or damaged|the weights do not belong to this line"):
        _ = load(folder.path).model


def test_reconstructions_are_the_model_on_floats(tmp_path: Path) -> None:
    run = load(make_run(tmp_path / "run").path)
    images = np.random.default_rng().integers(0, 256, (3, 8, 8, 3), dtype=np.uint8)
    made = run.reconstruct(images)
    assert (made.dtype, made.shape) == (np.float32, images.shape)
    with torch.no_grad():
        wanted = run.model.double()(torch.from_numpy(images / 255.0).permute(0, 3, 1, 2)).permute(0, 2, 3, 1)
    np.testing.assert_allclose(made, wanted.numpy(), atol=1e-6)
    mse = ((made.astype(np.float64) - images / 255.0) ** 2).mean(axis=(1, 2, 3))
    np.testing.assert_allclose(psnr_of(images, made), -10 * np.log10(mse), rtol=1e-5)


def test_reconstructions_are_clipped_and_leave_the_mode_alone() -> None:
    from diabolo.model import build_model

    model = build_model("conv4 pool | up conv3", (8, 8, 3)).train()
    with torch.no_grad():
        model.layers["conv_2"].bias.copy_(torch.tensor([-9.0, 9.0, 0.5]))
    made = reconstruct(model, np.zeros((2, 8, 8, 3), np.uint8))
    assert made.min() == 0.0
    assert made.max() == 1.0
    assert model.training
    assert reconstruct(model, np.zeros((0, 8, 8, 3), np.uint8)).shape == (0, 8, 8, 3)
    np.testing.assert_array_equal(reconstruct(model, np.zeros((4, 8, 8, 3), np.uint8)[::-2]), made)


@pytest.mark.parametrize(
    ("images", "message"),
    [
        (np.zeros((2, 8, 8, 3), np.float32), "`images` are float32; this takes uint8 from 0 to 255"),
        (np.zeros((2, 8, 8, 1), np.uint8), r"have shape \(2, 8, 8, 1\); this model takes \(N, 8, 8, 3\)"),
        (np.zeros((8, 8, 3), np.uint8), r"have shape \(8, 8, 3\)"),
    ],
)
def test_images_that_do_not_fit(tmp_path: Path, images: np.ndarray, message: str) -> None:
    with pytest.raises(DiaboloError, match=message):
        load(make_run(tmp_path / "run").path).reconstruct(images)


def test_a_long_history_is_thinned_in_a_notebook_and_ends_with_its_last_epoch(tmp_path: Path) -> None:
    folder = make_run(tmp_path / "run")
    write_history(folder.history_file, [replace(row(1), epoch=epoch, val_psnr=epoch) for epoch in range(1, 51)])
    page = load(folder.path)._repr_html_()
    assert "50.00 dB" in page
    assert "49.00 dB" not in page
    assert 5 <= page.count(" dB") <= 12
