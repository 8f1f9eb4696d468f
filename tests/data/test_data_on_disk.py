"""Images that stay on disk: the same images as in memory, read a few at a time, and never more than that."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from diabolo.data import ImagesOnDisk, arrays, load_data
from diabolo.data.dataset import Progress, bytes_digest
from diabolo.errors import DataError

RNG = np.random.default_rng()


@pytest.fixture
def images() -> np.ndarray:
    return RNG.integers(0, 256, (53, 6, 5, 3), dtype=np.uint8)


@pytest.fixture
def file(images: np.ndarray, tmp_path: Path) -> Path:
    np.save(tmp_path / "images.npy", images)
    return tmp_path / "images.npy"


@pytest.fixture
def on_disk(file: Path) -> ImagesOnDisk:
    found = ImagesOnDisk.of(np.load(file, mmap_mode="r"))
    assert found is not None
    return found


def test_every_way_of_choosing_gives_what_an_array_gives(images: np.ndarray, on_disk: ImagesOnDisk) -> None:
    assert (on_disk.shape, on_disk.dtype, on_disk.ndim, len(on_disk)) == (images.shape, np.uint8, 4, 53)
    assert on_disk.nbytes == images.nbytes
    rows = RNG.permutation(53)[:20]
    half = on_disk.chosen(rows)
    for ours, theirs in (
        (on_disk, images),
        (half, images[rows]),
        (half.chosen(np.array([3, 3, 0])), images[rows][[3, 3, 0]]),
    ):
        assert np.array_equal(ours[:], theirs)
        assert np.array_equal(np.asarray(ours), theirs)
        assert all(np.array_equal(one, other) for one, other in zip(ours, theirs, strict=True))
        for key in (0, -1, 2, slice(1, 3), slice(None, None, -1), slice(5, 5), slice(-2, None), np.int64(1)):
            assert np.array_equal(ours[key], theirs[key])
        for wanted in ([], [0], [2, 1, 0, 1, 1, 2], [-1, 0]):
            key = np.array(wanted, dtype=np.int64)
            assert np.array_equal(ours[key], theirs[key])
    with pytest.raises(IndexError):
        on_disk[53]
    with pytest.raises(IndexError):
        on_disk[np.array([0, 53])]
    with pytest.raises(IndexError):
        on_disk[np.array([-54])]
    with pytest.raises(TypeError, match="chosen by a number, a slice, or an array of numbers"):
        on_disk[np.ones(53, dtype=bool)]


def test_views_of_a_mapped_array_are_found_in_their_file(images: np.ndarray, file: Path) -> None:
    mapped = np.load(file, mmap_mode="r")
    for view, wanted in (
        (mapped[7:], images[7:]),
        (mapped[7:][2:9], images[9:16]),
        (mapped.reshape(53, 5, 6, 3), None),
    ):
        found = ImagesOnDisk.of(view)
        assert found is not None
        assert np.array_equal(found[:], images.reshape(53, 5, 6, 3) if wanted is None else wanted)
    grey = np.load(file, mmap_mode="r").reshape(53, 18, 5)
    assert np.array_equal(ImagesOnDisk.of(grey[..., None])[:], images.reshape(53, 18, 5, 1))


def test_what_is_no_plain_piece_of_a_file_stays_an_array(images: np.ndarray, file: Path, tmp_path: Path) -> None:
    np.save(tmp_path / "floats.npy", images / 255)
    for array in (
        images,
        np.load(file, mmap_mode="r")[::2],
        np.load(file, mmap_mode="r")[:, :, ::-1],
        np.load(file, mmap_mode="c"),
        np.load(tmp_path / "floats.npy", mmap_mode="r"),
    ):
        assert ImagesOnDisk.of(array) is None
    private = np.load(file, mmap_mode="c")
    private[:] = 9
    assert load_data(private).train[:].max() == 9


def test_a_system_without_reads_by_position(
    images: np.ndarray, on_disk: ImagesOnDisk, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.delattr("os.preadv")
    rows = RNG.integers(0, 53, 30)
    assert np.array_equal(on_disk[rows], images[rows])


def test_a_large_file_gives_the_data_set_that_a_small_one_gives(
    images: np.ndarray, file: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    in_memory = load_data(file)
    assert isinstance(in_memory.train, np.ndarray)
    monkeypatch.setattr(arrays, "MOST_IN_MEMORY", 1000)
    reports: list[Progress] = []
    large = load_data(file, report=reports.append)
    assert isinstance(large.train, ImagesOnDisk)
    assert isinstance(large.test, ImagesOnDisk)
    assert large.digest == in_memory.digest
    assert np.array_equal(large.train[:], in_memory.train)
    assert np.array_equal(large.test[:], in_memory.test)
    assert "images.npy: stays on disk" in " ".join(large.notes)
    assert large.describe() == in_memory.describe()
    assert [(report.done, report.total) for report in reports] == [(48, 48), (5, 5)]
    mapped = load_data(np.load(file, mmap_mode="r"))
    assert isinstance(mapped.train, ImagesOnDisk)
    assert mapped.digest == large.digest
    for options in ({"size": 3, "fit": "stretch"}, {"channels": 1}):
        changed, wanted = load_data(file, **options), load_data(images, **options)
        assert np.array_equal(changed.train[:], wanted.train)
        assert changed.digest == wanted.digest


def test_floats_and_grey_images_in_a_large_file(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    grey = RNG.integers(0, 256, (30, 6, 5), dtype=np.uint8)
    np.save(tmp_path / "grey.npy", grey)
    np.save(tmp_path / "floats.npy", grey / 255)
    wanted = load_data(grey)
    monkeypatch.setattr(arrays, "MOST_IN_MEMORY", 100)
    assert load_data(tmp_path / "grey.npy").digest == wanted.digest
    floats = load_data(tmp_path / "floats.npy")
    assert floats.digest == wanted.digest
    assert isinstance(floats.train, np.ndarray), "rounded to bytes, they are in memory"


def test_the_digest_is_taken_piece_by_piece(
    on_disk: ImagesOnDisk, images: np.ndarray, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr("diabolo.data.dataset._PIECE", 1000)
    largest = 0
    read = ImagesOnDisk.__getitem__

    def watched(self: ImagesOnDisk, key: object) -> np.ndarray:
        nonlocal largest
        found = read(self, key)
        largest = max(largest, found.nbytes)
        return found

    monkeypatch.setattr(ImagesOnDisk, "__getitem__", watched)
    assert bytes_digest(on_disk) == bytes_digest(images)
    assert 0 < largest <= 1000


def test_a_file_that_is_cut_short_meanwhile(on_disk: ImagesOnDisk, file: Path) -> None:
    with file.open("r+b") as opened:
        opened.truncate(file.stat().st_size - 10)
    assert on_disk[51].shape == (6, 5, 3)
    with pytest.raises(DataError, match=r"images.npy` ends after .* bytes, in the middle of its images: it was cut"):
        on_disk[52]
    with pytest.raises(DataError, match="cut short"):
        on_disk[:]


@pytest.mark.skipif(not Path("/proc/self/status").exists(), reason="reads peak memory as Linux gives it")
def test_memory_does_not_grow_with_the_file(tmp_path: Path) -> None:
    """All that reads 200 MB of images from end to end: their digest, the loss's floor, an epoch in random order."""
    path = tmp_path / "large.npy"
    file = np.lib.format.open_memmap(path, mode="w+", dtype=np.uint8, shape=(4_000, 128, 128, 3))
    file[::100] = 7  # the rest is a hole in the file: it costs no disk
    del file
    program = f"""
import re
from pathlib import Path
import numpy as np
import torch
from diabolo.data import ImagesOnDisk, load_data
from diabolo.train import LOSSES, ImageSource, floor_of
torch.set_num_threads(1)
def peak():
    return int(re.search(r"VmHWM:\\s+(\\d+)", Path("/proc/self/status").read_text())[1]) / 1024
def read(data):
    images = load_data(data).train
    floor_of(LOSSES["bce"], images, np.arange(1_000 % len(images), len(images), 3))
    order = np.random.default_rng(0).permutation(len(images))
    return images, sum(len(batch) for batch in ImageSource(images, torch.device("cpu")).batches(order, 50))
read(np.zeros((400, 128, 128, 3), np.uint8))
before = peak()
images, num_images = read(np.load({str(path)!r}, mmap_mode="r"))
assert isinstance(images, ImagesOnDisk) and num_images == 3_600
print(peak() - before)
"""
    done = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr
    assert float(done.stdout) < 120, "MiB; a batch is 9, a piece for the floor 49 and as many again in 64 bits"
