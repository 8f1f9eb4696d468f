"""The cache of a folder where there is no room, no permission or no file, and what it costs in files and memory."""

import os
import shutil
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from folder_builders import assert_same, in_memory, save_images

from diabolo.data import ImagesOnDisk, decoding, folder_builder, load_data
from diabolo.data.folder_cache import list_cached_folders
from diabolo.data.images import UnreadableImageError
from diabolo.errors import DataError, OutputError

pytestmark = pytest.mark.usefixtures("cached_from_the_first_image")


def test_no_room_on_the_disk(pictures: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage(pictures)
    monkeypatch.setattr(folder_builder.shutil, "disk_usage", lambda path: usage._replace(free=1 << 20))
    dataset = load_data(pictures)
    assert isinstance(dataset.train, np.ndarray)
    assert_same(dataset, in_memory(pictures))
    note = dataset.notes[-1]
    assert note.startswith("pictures: not cached, its images were read into memory; the cache `")
    assert note.endswith(
        "needs 0.0 GiB and its disk has 0.0 free; free some space, or move the cache with $DIABOLO_CACHE"
    )


def test_a_disk_that_fills_up_is_left_as_it_was(pictures: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def full(self: object, decoded: object) -> None:
        with folder_builder.output_errors(Path("pixels.bin")):
            raise OSError(28, "No space left on device")

    monkeypatch.setattr(folder_builder.Builder, "add", full)
    dataset = load_data(pictures)
    assert_same(dataset, in_memory(pictures))
    assert "the disk is full" in dataset.notes[-1]
    assert list_cached_folders(Path(os.environ["DIABOLO_CACHE"])) == []


def test_a_cache_that_cannot_be_written(
    pictures: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch, decoded: list[str]
) -> None:
    (tmp_path / "file").write_text("x")
    dataset = load_data(pictures, cache_folder=tmp_path / "file")
    assert_same(dataset, in_memory(pictures))
    assert "not cached" in dataset.notes[-1]
    load_data(pictures)
    decoded.clear()

    def refuse(*_: object) -> None:
        raise OutputError("no permission to write there")

    for module in ("diabolo.data.folder_cache.make_folder", "diabolo.data.folder.write_text"):
        monkeypatch.setattr(module, refuse)
    assert isinstance(load_data(pictures).train, ImagesOnDisk), "a cache that is whole is only read"
    assert decoded == []


def test_more_than_disk_and_memory(pictures: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    usage = shutil.disk_usage(pictures)
    monkeypatch.setattr(folder_builder.shutil, "disk_usage", lambda path: usage._replace(free=1 << 30))
    monkeypatch.setattr("os.sysconf", lambda name: {"SC_PAGE_SIZE": 4096, "SC_PHYS_PAGES": 1 << 21}[name])
    with pytest.raises(DataError) as error:
        load_data(pictures, size=16384)
    message = str(error.value)
    assert "40 images of 16384×16384×3 need 30.0 GiB of memory and this machine has 8.0;" in message
    assert "or make room for the cache: the cache `" in message


def test_an_image_that_vanishes_or_cannot_be_read_once(pictures: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    read = decoding.read_image

    def trouble(path: Path, channels: int) -> np.ndarray:
        if path.name == "004.png":
            path.unlink(missing_ok=True)
        if path.name == "005.png":
            raise UnreadableImageError("input/output error") from OSError(5, "Input/output error")
        return read(path, channels)

    monkeypatch.setattr(decoding, "read_image", trouble)
    dataset = load_data(pictures)
    assert {(one.path.name, one.reason) for one in dataset.skipped} == {
        ("004.png", "no such file"),
        ("005.png", "input/output error"),
    }
    monkeypatch.setattr(decoding, "read_image", read)
    dataset = load_data(pictures)
    assert dataset.skipped == (), "what fails for the moment is not remembered"
    assert_same(dataset, in_memory(pictures))


def test_all_images_of_a_part_broken(tmp_path: Path) -> None:
    save_images(tmp_path / "p" / "train", 3)
    for name in save_images(tmp_path / "p" / "test", 2):
        path = tmp_path / "p" / "test" / name
        path.write_bytes(path.read_bytes()[:100])
    for _ in range(2):
        with pytest.raises(DataError, match="no image for the test part could be read"):
            load_data(tmp_path / "p")


def test_no_file_is_left_open(pictures: Path) -> None:
    load_data(pictures)
    before = len(list(Path("/proc/self/fd").iterdir())) if Path("/proc/self/fd").exists() else 0
    for _ in range(20):
        load_data(pictures)
    after = len(list(Path("/proc/self/fd").iterdir())) if before else 0
    assert after <= before + 3


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads peak memory as Linux gives it")
def test_memory_does_not_grow_with_the_folder(tmp_path: Path) -> None:
    """Building, hashing and loading again 120 MB of pixels."""
    save_images(tmp_path / "small", 50)
    save_images(tmp_path / "large", 600)
    program = f"""
import re
from pathlib import Path
from diabolo.data import ImagesOnDisk, folder, load_data
folder.MANY_FILES = folder.MANY_BYTES = 1
def peak():
    return int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) / 1024
load_data(Path({str(tmp_path / "small")!r}), size=256)
before = peak()
for _ in range(2):
    images = load_data(Path({str(tmp_path / "large")!r}), size=256).train
assert isinstance(images, ImagesOnDisk) and images.nbytes > 80e6
print(peak() - before)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert float(done.stdout) < 80, "MiB; a piece is 8, four wait or are worked on, 16 are hashed at a time"
