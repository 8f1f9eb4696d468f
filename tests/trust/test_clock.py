"""A wall clock that jumps, as one set by the network does: nothing is measured by it, and no old image is used."""

import contextlib
import io
import os
import time
from collections.abc import Iterator
from dataclasses import asdict
from pathlib import Path
from typing import Any

import numpy as np
import pytest
from PIL import Image

from diabolo.data import ImagesOnDisk, folder, load_data

YEAR = 365 * 86400


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DIABOLO_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("DIABOLO_OFFLINE", "1")
    monkeypatch.setattr(folder, "MANY_FILES", 1)
    monkeypatch.setattr(folder, "MANY_BYTES", 1)


def jumping(now: float) -> Iterator[float]:
    """Times that go back ten years and forward twenty, by turns."""
    while True:
        yield now - 10 * YEAR
        yield now + 20 * YEAR


def with_a_jumping_clock(monkeypatch: pytest.MonkeyPatch) -> None:
    times = jumping(time.time())
    monkeypatch.setattr(time, "time", lambda: next(times))
    monkeypatch.setattr(time, "time_ns", lambda: int(next(times) * 1e9))


def without_times(value: Any) -> Any:
    return {name: item for name, item in value.items() if name not in ("seconds", "images_per_second")}


def test_a_training_is_the_same_and_its_seconds_are_real(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    from diabolo.api.fit import fit

    images = np.random.default_rng(0).integers(0, 256, (40, 8, 8, 3), dtype=np.uint8)
    np.save(tmp_path / "images.npy", images)
    runs = []
    for name in ("steady", "jumping"):
        if name == "jumping":
            with_a_jumping_clock(monkeypatch)
        with contextlib.redirect_stdout(io.StringIO()):
            started = time.monotonic()
            runs.append(
                fit("conv2 relu pool | up conv3 sigmoid", tmp_path / "images.npy", out=tmp_path / name, epochs=2,
                    batch_size=8, engine="plain", watch=lambda event: None)
            )  # fmt: skip
            taken = time.monotonic() - started
    steady, jumped = ([without_times(asdict(row)) for row in run.history] for run in runs)
    assert steady == jumped
    assert runs[0].record.test == runs[1].record.test
    assert 0 < sum(row.seconds for row in runs[1].history) < taken
    assert all(np.isfinite(row.images_per_second) and row.images_per_second > 0 for row in runs[1].history)


def pictures(tmp_path: Path) -> Path:
    """Thirty images, each of its own grey level; the last five are for testing."""
    for number in range(30):
        save_grey(picture(tmp_path / "pictures", number), number)
    return tmp_path / "pictures"


def picture(place: Path, number: int) -> Path:
    return place / ("test" if number >= 25 else "train") / f"{number:02}.png"


def save_grey(path: Path, level: int) -> None:
    path.parent.mkdir(parents=True, exist_ok=True)
    Image.fromarray(np.full((8, 8, 3), level, np.uint8)).save(path)


def values(place: Path) -> list[int]:
    """The grey level of each image of a folder, as it is loaded, in the order of names."""
    dataset = load_data(place)
    assert isinstance(dataset.train, ImagesOnDisk), "from the cache"
    found = {}
    for images, names in ((dataset.train, dataset.train_names), (dataset.test, dataset.test_names)):
        assert names is not None
        found |= dict(zip(names, images[:][:, 0, 0, 0].tolist(), strict=True))
    return [found[name] for name in sorted(found, key=lambda name: name.rpartition("/")[2])]


@pytest.mark.parametrize("years", [-30, 30])
def test_files_from_another_time_are_seen_to_change(tmp_path: Path, years: int) -> None:
    """Files of a camera whose clock is wrong: an image that is exchanged keeps size and a time of long ago or hence."""
    place = pictures(tmp_path)
    moment = time.time() + years * YEAR
    for number in range(30):
        os.utime(picture(place, number), (moment, moment))
    assert values(place) == list(range(30))
    exchanged = picture(place, 7)
    exchanged.unlink()
    save_grey(exchanged, 99)
    os.utime(exchanged, (moment, moment))
    assert values(place) == [*range(7), 99, *range(8, 30)]


def test_the_cache_of_a_folder_when_the_clock_jumps(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    """It costs a second look at most: what was exchanged is found."""
    place = pictures(tmp_path)
    with_a_jumping_clock(monkeypatch)
    for number in range(3):
        assert values(place) == [*range(30 - number), *[200] * number]
        save_grey(picture(place, 29 - number), 200)
