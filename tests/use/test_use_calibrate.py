"""Calibration: what is written and read, what is chosen by, too few images, damaged files, other weights."""

import json
from pathlib import Path

import numpy as np
import pytest
from score_builders import save, save_normal, smooth_image
from use_builders import make_run

from diabolo.errors import DataError, DiaboloError, OutputError, RunError
from diabolo.runs import write_record
from diabolo.use import Run
from diabolo.use.calibrate import calibrate
from diabolo.use.calibration import calibration_file, read_calibration
from diabolo.use.open import open_model
from diabolo.use.score import SCORES, score_images
from diabolo.use.score_stream import Reading


@pytest.fixture
def run(tmp_path: Path) -> Run:
    return Run(make_run(tmp_path / "run", shape=(16, 16, 3)).path)


@pytest.fixture(scope="module")
def normal(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return save_normal(tmp_path_factory.mktemp("normal"), 120)


def test_the_threshold_is_a_score_of_a_normal_image(run: Run, normal: Path) -> None:
    made = calibrate(run, [normal], false_alarm=0.05, score="mse")
    images = np.stack([smooth_image(number) for number in range(120)])
    scores = np.sort(score_images(run.model, images, ("mse",)).scores["mse"])
    threshold = made.calibration.threshold
    assert (threshold.num_images, threshold.rank) == (120, 115)
    assert threshold.value == pytest.approx(scores[114], rel=1e-5)
    assert made.calibration.choice == {}
    assert (made.skipped, made.notes) == ((), ())


def test_it_survives_its_file(run: Run, normal: Path) -> None:
    for score in ("auto", "latent", "peak"):
        made = calibrate(run, [normal], false_alarm=0.05, score=score).calibration
        again = read_calibration(Run(run.folder.path))
        assert again is not None
        assert (again.score, again.threshold, again.map_top) == (made.score, made.threshold, made.map_top)
        assert (again.choice, again.fit) == (made.choice, made.fit)
        assert (again.latent is None) == (made.score != "latent")


def test_the_score_is_chosen_by_other_images_than_the_threshold(run: Run, normal: Path) -> None:
    made = calibrate(run, [normal], false_alarm=0.05).calibration
    assert made.threshold.num_images == 80
    assert set(made.choice) == set(SCORES)
    assert made.choice[made.score] == max(made.choice.values())


def test_the_same_seed_gives_the_same_calibration(run: Run, normal: Path) -> None:
    first, second, other = (calibrate(run, [normal], false_alarm=0.05, seed=seed).calibration for seed in (0, 0, 1))
    assert (first.threshold, first.choice) == (second.threshold, second.choice)
    assert first.choice != other.choice


def test_too_few_to_choose_a_score(run: Run, tmp_path: Path) -> None:
    made = calibrate(run, [save_normal(tmp_path / "few", 25)], false_alarm=0.05)
    assert made.calibration.score == "peak"
    assert made.notes == ("25 images are too few to choose a score as well (59 would do); `peak` is taken",)


def test_too_few_for_the_rate(run: Run, tmp_path: Path) -> None:
    few = save_normal(tmp_path / "few", 25)
    with pytest.raises(DataError) as caught:
        calibrate(run, [few])
    assert str(caught.value) == (
        "`false_alarm` (=0.01) needs at least 99 normal images, and there are 25; add images, or ask for a higher rate"
    )
    with pytest.raises(DataError, match="at least 19 normal images besides the 40 that its statistics come from"):
        calibrate(run, [few], false_alarm=0.05, score="latent")
    save(few / "ok.png", smooth_image(1))
    for number in range(100):
        (few / f"broken-{number}.png").write_text("no image")
    with pytest.raises(DataError, match="needs at least 99 normal images, and there are 26"):
        calibrate(run, [few], score="mse")
    assert not calibration_file(run).exists()


def test_nothing_to_read(run: Run, tmp_path: Path) -> None:
    (tmp_path / "empty").mkdir()
    for path, message in (("empty", "no files"), ("nowhere", "there is no file")):
        with pytest.raises(DataError, match=message):
            calibrate(run, [tmp_path / path])


def test_what_is_skipped_is_listed(run: Run, normal: Path, tmp_path: Path) -> None:
    broken = tmp_path / "<img onerror=x>.png"
    broken.write_text("no image")
    for score in ("auto", "mse"):
        made = calibrate(run, [normal, broken], false_alarm=0.05, score=score)
        assert [one.path for one in made.skipped] == [broken]


def test_options_that_it_refuses(run: Run, normal: Path) -> None:
    for score in ("best", "all"):
        with pytest.raises(DiaboloError, match="must be one of"):
            calibrate(run, [normal], score=score)
    with pytest.raises(DataError, match="between 0 and 1"):
        calibrate(run, [normal], false_alarm=2)
    with pytest.raises(DiaboloError, match="`fit`"):
        calibrate(run, [normal], false_alarm=0.1, reading=Reading(fit="squeeze"))


def test_a_note_where_the_run_knows_the_images(normal: Path, tmp_path: Path) -> None:
    folder = make_run(tmp_path / "run", shape=(16, 16, 3))
    record = folder.record()
    write_record(folder.record_file, type(record)(**{**vars(record), "data": {**record.data, "source": str(normal)}}))
    made = calibrate(Run(folder.path), [normal], false_alarm=0.05, score="mse")
    assert len(made.notes) == 1
    assert made.notes[0].endswith(
        "lies in the folder that the run was trained on; images that it knows score too low, and there will be more "
        "false alarms than stated: calibrate on others"
    )


def test_no_calibration(run: Run) -> None:
    assert read_calibration(run) is None


def damages() -> dict[str, object]:
    return {
        "no JSON": "{",
        "no object": "[]",
        "nothing": "{}",
        "nested": "[" * 100_000,
        "other version": {"format": 2},
        "no threshold": {"threshold": None},
        "infinite": {"threshold": {"value": float("inf")}},
        "rank": {"threshold": {"rank": 10**9}},
        "images": {"threshold": {"num_images": 0}},
        "score": {"score": "best"},
        "fit": {"fit": 3},
        "latent": {"latent": {"values": 3}},
        "choice": {"choice": {"mse": "high"}},
        "weights": {"weights": "sha256:0"},
    }


@pytest.mark.parametrize("damage", damages())
def test_a_damaged_file(run: Run, normal: Path, damage: str) -> None:
    calibrate(run, [normal], false_alarm=0.05, score="mse")
    file = calibration_file(run)
    change = damages()[damage]
    if isinstance(change, str):
        file.write_text(change)
    else:
        assert isinstance(change, dict)
        values = json.loads(file.read_text())
        for name, value in change.items():
            values[name] = {**values[name], **value} if name == "threshold" and value else value
        file.write_text(json.dumps(values))
    with pytest.raises(RunError, match="calibrate again"):
        read_calibration(run)


def test_a_file_that_is_no_text(run: Run) -> None:
    calibration_file(run).write_bytes(b"\xff\xfe\x00")
    with pytest.raises(RunError, match="damaged"):
        read_calibration(run)
    calibration_file(run).unlink()
    calibration_file(run).mkdir()
    with pytest.raises(RunError, match="cannot be read"):
        read_calibration(run)


def test_a_place_that_cannot_be_written(run: Run, normal: Path) -> None:
    calibration_file(run).mkdir()
    with pytest.raises(OutputError, match="cannot write"):
        calibrate(run, [normal], false_alarm=0.05, score="mse")


def test_weights_that_came_with_diabolo_are_not_written_to(normal: Path) -> None:
    shipped = open_model("blocks-64")
    before = sorted(file.name for file in shipped.folder.path.iterdir())
    with pytest.raises(RunError, match="train a run of your own"):
        calibrate(shipped, [normal])
    assert sorted(file.name for file in shipped.folder.path.iterdir()) == before
