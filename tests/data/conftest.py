"""Fixtures of the data tests: a small archive, a server for it, and an environment without network or user cache."""

from collections.abc import Iterator
from pathlib import Path

import numpy as np
import pytest
from data_builders import Server, tar_of, tiny_members, tiny_parts
from folder_builders import save_images

from diabolo.data import decoding, facts, folder


@pytest.fixture(autouse=True)
def _alone(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("DIABOLO_CACHE", str(tmp_path / "user-cache"))
    monkeypatch.delenv("DIABOLO_OFFLINE", raising=False)
    for name in ("http_proxy", "https_proxy", "HTTP_PROXY", "HTTPS_PROXY", "all_proxy", "ALL_PROXY"):
        monkeypatch.delenv(name, raising=False)


@pytest.fixture(scope="session")
def parts() -> dict[str, np.ndarray]:
    return tiny_parts()


@pytest.fixture(scope="session")
def archive(parts: dict[str, np.ndarray]) -> bytes:
    return tar_of(tiny_members(parts))


@pytest.fixture
def server(archive: bytes) -> Iterator[Server]:
    server = Server(archive)
    yield server
    server.close()


@pytest.fixture
def cache(tmp_path: Path) -> Path:
    return tmp_path / "cache"


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    """A folder of forty images."""
    save_images(tmp_path / "pictures", 40)
    return tmp_path / "pictures"


@pytest.fixture
def cached_from_the_first_image(monkeypatch: pytest.MonkeyPatch) -> None:
    """Folders of a few images have a cache, whose files need not have rested."""
    monkeypatch.setattr(folder, "MANY_FILES", 1)
    monkeypatch.setattr(folder, "MANY_BYTES", 1)
    monkeypatch.setattr(facts, "_SETTLED", 0.0)


@pytest.fixture
def decoded(monkeypatch: pytest.MonkeyPatch) -> list[str]:
    """Names of the images that were decoded."""
    names: list[str] = []
    read = decoding.read_image

    def counted(path: Path, channels: int) -> np.ndarray:
        names.append(path.name)
        return read(path, channels)

    monkeypatch.setattr(decoding, "read_image", counted)
    return names
