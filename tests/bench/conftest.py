"""Fixtures of the benchmark's tests: no network, no user's cache, a small file of images."""

from pathlib import Path

import numpy as np
import pytest

from diabolo.bench.task import Task

LINE = "conv4 relu bn pool | conv4 relu bn up conv3 sigmoid"


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DIABOLO_OFFLINE", "1")
    monkeypatch.setenv("DIABOLO_CACHE", str(tmp_path / "cache"))


@pytest.fixture
def task(tmp_path: Path) -> Task:
    """A small network on forty random images."""
    images = np.random.default_rng(0).integers(0, 256, (40, 8, 8, 3), dtype=np.uint8)
    np.save(tmp_path / "images.npy", images)
    return Task(line=LINE, batch=4, image_shape=(8, 8, 3), images=tmp_path / "images.npy", threads=1)
