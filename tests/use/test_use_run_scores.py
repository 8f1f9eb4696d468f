"""`Run.calibrate` and `Run.score`: arrays of images, beside what the same images give as files."""

from pathlib import Path

import numpy as np
import pytest
from numpy.typing import NDArray
from score_builders import save, smooth_image, with_spot
from use_builders import make_run

from diabolo.errors import DataError, DiaboloError, RunError
from diabolo.use import load
from diabolo.use.calibrate import calibrate
from diabolo.use.score_files import score_files

LINE = "avgpool2 | up2"
"""Without weights it blurs: a smooth image comes back well, and an edge does not."""
SHAPE = (16, 16, 3)


def normal(count: int, first: int = 0) -> NDArray[np.uint8]:
    return np.stack([smooth_image(first + number) for number in range(count)])


@pytest.mark.parametrize("score", ["auto", "peak", "mse", "ssim", "latent"])
def test_calibrated_and_scored_as_files_are(score: str, tmp_path: Path) -> None:
    images = normal(90)
    spotted = np.stack([with_spot(smooth_image(number), number)[0] for number in range(300, 305)])
    paths = [save(tmp_path / "normal" / f"{number:04}.png", image) for number, image in enumerate(images)]
    others = [save(tmp_path / "new" / f"{number:04}.png", image) for number, image in enumerate(spotted)]
    by_array = load(make_run(tmp_path / "array", line=LINE, shape=SHAPE).path)
    by_files = load(make_run(tmp_path / "files", line=LINE, shape=SHAPE).path)
    done = by_array.calibrate(images, false_alarm=0.1, score=score)
    wanted = calibrate(by_files, paths, false_alarm=0.1, score=score)
    assert done.file == by_array.folder.path / "anomaly.json"
    assert done.file.is_file()
    assert done.skipped == ()
    assert done.notes == wanted.notes
    # The two draw different images for the choice and for the threshold; the images are alike.
    assert done.calibration.score == wanted.calibration.score
    assert done.calibration.threshold.num_images == wanted.calibration.threshold.num_images
    assert done.calibration.threshold.value == pytest.approx(wanted.calibration.threshold.value, rel=0.5)
    calibrate(by_array, paths, false_alarm=0.1, score=score)  # now the same threshold in both folders
    scored = by_array.score(spotted)
    files = score_files(by_files, others)
    name = wanted.calibration.score
    assert scored.name == name
    np.testing.assert_allclose(scored.scores, [one.scores[name] for one in files.images], rtol=1e-6)
    assert scored.threshold == wanted.calibration.threshold.value
    assert scored.alarms is not None
    assert scored.alarms.tolist() == [one.is_alarm for one in files.images]
    assert scored.alarms.sum() >= (4 if name in ("peak", "mse") else 0)  # a spot on the grid of the pool is not blurred
    assert scored.maps.shape == (5, 16, 16)


def test_without_a_threshold(tmp_path: Path) -> None:
    run = load(make_run(tmp_path / "run", line=LINE, shape=SHAPE).path)
    scored = run.score(normal(2))
    assert (scored.name, scored.threshold, scored.alarms) == ("peak", None, None)
    run.calibrate(normal(60), false_alarm=0.1, score="mse")
    assert run.score(normal(2)).name == "mse"
    other = run.score(normal(2), score="ssim")
    assert (other.name, other.threshold, other.alarms) == ("ssim", None, None)
    assert run.score(np.zeros((0, *SHAPE), np.uint8)).scores.shape == (0,)


def test_what_cannot_be_scored_is_refused(tmp_path: Path) -> None:
    run = load(make_run(tmp_path / "run", line=LINE, shape=SHAPE).path)
    with pytest.raises(DiaboloError, match=r"^`score` \(=best\) must be one of peak, mse, ssim-peak, ssim, latent$"):
        run.score(normal(1), score="best")
    with pytest.raises(DiaboloError, match="the score `latent` needs normal images to compare with"):
        run.score(normal(1), score="latent")
    with pytest.raises(DiaboloError, match="this takes uint8 from 0 to 255"):
        run.score(normal(1) / 255)
    with pytest.raises(DiaboloError, match="this takes uint8 from 0 to 255"):
        run.calibrate(normal(60) / 255)
    with pytest.raises(DataError, match="needs at least 19 normal images, and there are 12"):
        run.calibrate(normal(12), false_alarm=0.05)
    with pytest.raises(RunError, match="comes with diabolo, and nothing is written into its folder"):
        load("drop-in").calibrate(np.zeros((60, 32, 32, 3), np.uint8))
    assert not (run.folder.path / "anomaly.json").exists()
