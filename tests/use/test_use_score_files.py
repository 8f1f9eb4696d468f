"""Files in, scores out: order, alarms, labelled folders, heat maps, tables, what is skipped and refused."""

import csv
from pathlib import Path

import numpy as np
import pytest
from score_builders import save, save_defects, save_normal, smooth_image, with_spot
from sklearn.metrics import roc_auc_score
from use_builders import make_run

from diabolo.errors import DataError, DiaboloError, OutputError
from diabolo.use import Run
from diabolo.use.calibrate import calibrate
from diabolo.use.score import score_images
from diabolo.use.score_files import score_files, write_table
from diabolo.use.score_stream import Reading


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return Run(make_run(tmp_path / "run", shape=(16, 16, 3)).path)


def test_every_file_gets_its_score(run: Run, tmp_path: Path) -> None:
    folder = save_normal(tmp_path / "in", 4)
    (folder / "0001b.png").write_text("no image")
    found = score_files(run, [folder], score="mse")
    images = np.stack([smooth_image(number) for number in range(4)])
    assert [one.path.name for one in found.images] == ["0000.png", "0001.png", "0002.png", "0003.png"]
    expected = score_images(run.model, images, ("mse",)).scores["mse"]
    assert [one.scores["mse"] for one in found.images] == pytest.approx(list(expected), rel=1e-5)
    assert [(one.path.name, one.reason) for one in found.skipped] == [("0001b.png", "not an image")]
    assert (found.calibration, found.detection, found.notes) == (None, None, ())
    assert {one.is_alarm for one in found.images} == {None}


def test_images_of_different_sizes(run: Run, tmp_path: Path) -> None:
    for number, side in enumerate((16, 40, 16, 33)):
        save(tmp_path / "in" / f"{number}.png", smooth_image(number, side))
    found = score_files(run, [tmp_path / "in"])
    assert len(found.images) == 4
    fitted = score_files(run, [tmp_path / "in"], reading=Reading(fit="crop"))
    assert fitted.images[0].scores == found.images[0].scores
    assert fitted.images[1].scores != found.images[1].scores


def test_alarms(run: Run, tmp_path: Path) -> None:
    calibrate(run, [save_normal(tmp_path / "normal", 60, first=100)], false_alarm=0.05, score="peak")
    save_normal(tmp_path / "in", 3)
    save(tmp_path / "in" / "z.png", np.random.default_rng(0).integers(0, 256, (16, 16, 3), dtype=np.uint8))
    found = score_files(run, [tmp_path / "in"])
    assert found.calibration is not None
    threshold = found.calibration.threshold.value
    assert [one.is_alarm for one in found.images] == [one.scores["peak"] > threshold for one in found.images]
    assert found.images[-1].is_alarm


def test_another_score_than_the_calibrated_one(run: Run, tmp_path: Path) -> None:
    normal = save_normal(tmp_path / "normal", 60)
    calibrate(run, [normal], false_alarm=0.05, score="mse")
    found = score_files(run, [normal], score="ssim")
    assert found.notes == ("the run is calibrated for `mse`, so that `ssim` has no threshold",)
    assert found.images[0].is_alarm is None
    every = score_files(run, [normal], score="all")
    assert every.names == ("mse", "peak", "ssim-peak", "ssim")
    assert every.images[0].is_alarm is not None
    with pytest.raises(DiaboloError, match="calibrate the run first"):
        score_files(run, [normal], score="latent")
    calibrate(run, [normal], false_alarm=0.1, score="latent")
    assert score_files(run, [normal], score="all").names == ("latent", "peak", "mse", "ssim-peak", "ssim")


def test_the_fit_of_the_calibration_is_taken(run: Run, tmp_path: Path) -> None:
    normal = save_normal(tmp_path / "normal", 30, side=24)
    calibrate(run, [normal], false_alarm=0.05, score="mse", reading=Reading(fit="crop"))
    found = score_files(run, [normal])
    assert found.notes == ()
    assert sum(bool(one.is_alarm) for one in found.images) <= 1
    other = score_files(run, [normal], reading=Reading(fit="pad"))
    assert other.notes == ("the threshold was calibrated with `fit=crop`; with `fit=pad` its rate may be another",)


def test_a_labelled_folder_is_evaluated(run: Run, tmp_path: Path) -> None:
    save_normal(tmp_path / "good", 20)
    save_defects(tmp_path / "defect", tmp_path / "mask", 15)
    found = score_files(run, [tmp_path], score="all")
    assert found.detection is not None
    labels = [one.kind != "good" for one in found.images]
    for name, one in found.detection.items():
        scores = [image.scores[name] for image in found.images]
        assert one.auroc.value == pytest.approx(roc_auc_score(labels, scores), abs=1e-12)
        assert one.pixels is not None
        assert (one.pixels.num_images, one.pixels.num_regions) == (35, 15)
    smoothed = found.detection["peak"].pixels
    assert smoothed is not None
    masks, maps = [], []
    for image in found.images:
        pixels = smooth_image(int(image.path.stem))
        pixels, mask = (pixels, np.zeros((16, 16), bool)) if image.kind == "good" else with_spot(
            pixels, int(image.path.stem)
        )  # fmt: skip
        masks.append(mask.ravel())
        maps.append(score_images(run.model, pixels[None]).maps["smoothed"].ravel())
    expected = roc_auc_score(np.concatenate(masks), np.concatenate(maps))
    assert smoothed.pixel_auroc == pytest.approx(expected, abs=0.002)  # bins of 0.2 %


def test_masks_that_cannot_be_used(run: Run, tmp_path: Path) -> None:
    save_normal(tmp_path / "good", 3)
    save_defects(tmp_path / "defect", tmp_path / "mask", 4)
    (tmp_path / "mask" / "5000.png").write_text("no image")
    save(tmp_path / "mask" / "5001.png", np.ones((3, 3), bool))
    save(tmp_path / "mask" / "5002.png", np.zeros((16, 16), bool))
    found = score_files(run, [tmp_path])
    assert found.detection is not None
    pixels = found.detection["peak"].pixels
    assert pixels is not None
    assert (pixels.num_images, pixels.num_regions) == (4, 1)
    assert found.detection["peak"].auroc.num_defect == 4
    assert [note.rsplit(": ", 1)[1] for note in found.notes] == [
        "not an image", "it is 3×3, and its image 16×16", "it shows no defect, or none at the model's size",
    ]  # fmt: skip


def test_masks_are_fitted_as_their_images(run: Run, tmp_path: Path) -> None:
    save_normal(tmp_path / "good", 3, side=32)
    image = smooth_image(9, 32)
    mask = np.zeros((32, 32), bool)
    mask[10:20, 12:16] = True
    save(tmp_path / "defect" / "a.png", np.where(mask[..., None], np.uint8(255), image))
    save(tmp_path / "mask" / "a.png", mask)
    found = score_files(run, [tmp_path], score="mse", reading=Reading(fit="stretch"))
    assert found.detection is not None
    assert found.detection["mse"].pixels is not None
    assert found.notes == ()


def test_several_kinds_of_defects(run: Run, tmp_path: Path) -> None:
    save_normal(tmp_path / "test" / "good", 5)
    save_defects(tmp_path / "test" / "cut", tmp_path / "ground_truth" / "cut", 4)
    save_defects(tmp_path / "test" / "hole", tmp_path / "ground_truth" / "nothing", 3)
    found = score_files(run, [tmp_path])
    assert found.detection is not None
    assert {kind: one.num_defect for kind, one in found.detection["peak"].kinds.items()} == {"cut": 4, "hole": 3}


def test_no_good_image_could_be_read(run: Run, tmp_path: Path) -> None:
    save_normal(tmp_path / "defect", 2)
    (tmp_path / "good").mkdir()
    (tmp_path / "good" / "x.png").write_text("no image")
    assert score_files(run, [tmp_path]).detection is None


def test_heat_maps_and_raw_scores(run: Run, tmp_path: Path) -> None:
    folder = save_normal(tmp_path / "in", 2)
    before = {path: path.read_bytes() for path in folder.iterdir()}
    found = score_files(run, [folder], output=folder, raw=True)
    assert {path: path.read_bytes() for path in before} == before  # the images themselves are not written over
    assert [one.heat_map for one in found.images] == [folder / "0000-2.png", folder / "0001-2.png"]
    raw = np.load(folder / "0000-2.npy")
    assert (raw.shape, raw.dtype) == ((16, 16), np.float32)
    assert found.images[0].scores["peak"] == pytest.approx(raw.max())
    with pytest.raises(DiaboloError, match="`raw`"):
        score_files(run, [folder], raw=True)
    with pytest.raises(OutputError, match="cannot write"):
        score_files(run, [folder], output=Path("/proc/diabolo"))


def test_table(run: Run, tmp_path: Path) -> None:
    save_normal(tmp_path / "good", 2)
    save_defects(tmp_path / "defect", tmp_path / "mask", 1)
    (tmp_path / "good" / "0000.png").rename(tmp_path / "good" / 'a, "b"\n.png')
    found = score_files(run, [tmp_path], score="all")
    write_table(tmp_path / "out" / "table.csv", found)
    with (tmp_path / "out" / "table.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["path"] for row in rows] == [str(one.path) for one in found.images]
    assert [float(row["ssim"]) for row in rows] == [one.scores["ssim"] for one in found.images]
    assert [row["kind"] for row in rows] == ["good", "good", "defect"]


@pytest.mark.parametrize(("path", "message"), [("empty", "no files"), ("nowhere.png", "there is no file")])
def test_nothing_to_score(run: Run, tmp_path: Path, path: str, message: str) -> None:
    (tmp_path / "empty").mkdir()
    with pytest.raises(DataError, match=message):
        score_files(run, [tmp_path / path])
