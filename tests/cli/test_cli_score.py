"""`diabolo score` and `diabolo neighbours`: what they print, their JSON, what they refuse."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
from cli_builders import Command
from PIL import Image
from syrupy.assertion import SnapshotAssertion

from diabolo.data import load_data


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    """Sixty normal images, and good and defect ones with masks."""
    images = load_data("cifar10-sample").train[100:190]
    parts = {"normal": range(60), "parts/good": range(60, 75), "parts/defect": range(75, 90)}
    for part, numbers in parts.items():
        (tmp_path / part).mkdir(parents=True)
        for number in numbers:
            pixels = images[number].copy()
            if part == "parts/defect":
                pixels[8:20, 8:20] = np.random.default_rng(number).integers(0, 2, (12, 12, 1)) * 255
            Image.fromarray(pixels).save(tmp_path / part / f"{number}.png")
    mask = np.zeros((32, 32), np.uint8)
    mask[8:20, 8:20] = 255
    (tmp_path / "parts/mask").mkdir()
    for number in parts["parts/defect"]:
        Image.fromarray(mask).save(tmp_path / "parts/mask" / f"{number}_mask.png")
    return tmp_path


def without_numbers(text: str) -> str:
    return re.sub(r"\d+\.\d+(e-\d+)?", "N", text)


@pytest.mark.parametrize("command", ["score", "neighbours"])
def test_help(command: str, diabolo: Command, snapshot: SnapshotAssertion) -> None:
    answer = diabolo(command, "--help")
    assert answer.code == 0
    assert max(map(len, answer.out.splitlines())) <= 80
    assert answer.out == snapshot


def test_calibrate_and_score(diabolo: Command, trained: Path, photos: Path, snapshot: SnapshotAssertion) -> None:
    (photos / "normal" / "notes.txt").write_text("no image")
    answer = diabolo(
        "score", trained, "parts", "--calibrate", "normal", "--false-alarm", "0.05", "--score", "mse", "-o", "maps",
        "--csv", "table.csv",
    )  # fmt: skip
    assert answer.code == 0, answer.err
    assert re.sub(r"\d+ above", "K above", re.sub(r": \d+ of", ": K of", without_numbers(answer.out))).replace(
        str(trained), "RUN"
    ).splitlines()[:3] == [
        "threshold: N, from 60 normal images. N% of normal images are expected above it, and the real rate lies "
        "between N% and N% (95%)",
        "kept in RUN/anomaly.json",
        "parts/good/60.png  N",
    ]
    assert answer.err == "1 file left out:\n  normal/notes.txt: not an image\n"
    lines = [re.sub(r"\d+ above", "K above", without_numbers(line)) for line in answer.out.splitlines()[-4:]]
    assert lines[:3] == [
        "30 images scored by mse; K above the threshold N",
        "mse: AUROC N (N to N), 15 good and 15 defect images",
        "  where: AUPRO N (N to N), 15 regions; AUROC of pixels N",
    ]
    assert re.fullmatch(
        r"alarms: \d+ of 15 good images \(\d+ to \d+ expected\), \d+ of 15 with defects", answer.out.splitlines()[-1]
    )
    assert len(list((photos / "maps").iterdir())) == 30
    assert (photos / "table.csv").read_text().splitlines()[0] == "path,mse,alarm,kind"
    (trained / "anomaly.json").unlink()


def test_json(diabolo: Command, trained: Path, photos: Path) -> None:
    calibrated = json.loads(diabolo("score", trained, "--calibrate", "normal", "--false-alarm", "0.2", "--json").out)
    assert set(calibrated) == {"calibration", "skipped", "notes"}
    assert calibrated["calibration"]["threshold"]["asked"] == 0.2
    assert calibrated["calibration"]["score"] in calibrated["calibration"]["choice"]
    scored = json.loads(diabolo("score", trained, "parts", "--json").out)
    assert set(scored) == {"scores", "threshold", "images", "detection", "skipped", "notes"}
    name = calibrated["calibration"]["score"]
    assert scored["scores"] == [name]
    assert scored["threshold"] == calibrated["calibration"]["threshold"]["value"]
    assert [image["alarm"] for image in scored["images"]] == [
        image[name] > scored["threshold"] for image in scored["images"]
    ]
    assert set(scored["detection"][name]) == {"auroc", "kinds", "pixels"}
    (trained / "anomaly.json").unlink()


def test_without_a_calibration(diabolo: Command, trained: Path, photos: Path) -> None:
    answer = diabolo("score", trained, "normal/0.png")
    assert without_numbers(answer.out) == (
        "normal/0.png  N\n1 image scored by peak; no threshold (`--calibrate FOLDER` makes one)\n"
    )


MISTAKES = {
    "nothing": ("score", "RUN"),
    "rate alone": ("score", "RUN", "normal", "--false-alarm", "0.1"),
    "output alone": ("score", "RUN", "--calibrate", "normal", "-o", "maps"),
    "raw alone": ("score", "RUN", "normal", "--raw"),
    "all alone": ("score", "RUN", "--calibrate", "normal", "--score", "all"),
    "unknown score": ("score", "RUN", "normal", "--score", "best"),
    "latent": ("score", "RUN", "normal", "--score", "latent"),
    "too few": ("score", "RUN", "--calibrate", "normal"),
    "no rate": ("score", "RUN", "--calibrate", "normal", "--false-alarm", "1"),
    "no such folder": ("score", "RUN", "nowhere"),
    "no run": ("score", "nowhere", "normal"),
    "empty": ("score", "RUN", "empty"),
    "neighbours: metric": ("neighbours", "RUN", "normal/0.png", "normal", "--metric", "l1"),
    "neighbours: pool": ("neighbours", "RUN", "normal/0.png", "normal", "--pool", "min"),
    "neighbours: no such file": ("neighbours", "RUN", "nowhere.png", "normal"),
    "neighbours: no png": ("neighbours", "RUN", "normal/0.png", "normal", "-o", "picture.jpg"),
}


@pytest.mark.parametrize("mistake", MISTAKES)
def test_mistakes(mistake: str, diabolo: Command, trained: Path, photos: Path, snapshot: SnapshotAssertion) -> None:
    (photos / "empty").mkdir()
    answer = diabolo(*(str(trained) if word == "RUN" else word for word in MISTAKES[mistake]))
    assert answer.code == 2
    assert answer.err.replace(str(trained), "RUN") == snapshot


def test_neighbours(diabolo: Command, trained: Path, photos: Path) -> None:
    answer = diabolo("neighbours", trained, "normal/0.png", "normal", "parts", "-k", "3", "-o", "picture.png")
    assert answer.code == 0, answer.err
    lines = answer.out.splitlines()
    assert lines[0] == "normal/0.png"
    assert all(re.fullmatch(r"  0\.\d{4}  (normal|parts/\w+)/[\w.]+", line) for line in lines[1:4])
    assert lines[4:] == ["105 images searched", "picture.png"]
    assert Image.open("picture.png").format == "PNG"
    found = json.loads(diabolo("neighbours", trained, "normal/0.png", "normal", "parts", "-k", "3", "--json").out)
    assert set(found) == {"metric", "searched", "queries", "picture", "skipped"}
    assert [f"  {near['distance']:.4f}  {near['path']}" for near in found["queries"][0]["nearest"]] == lines[1:4]
