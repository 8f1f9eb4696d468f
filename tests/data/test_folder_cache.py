"""The cache of a folder of images: the same images as without it, read once, and never a half or an old one."""

import os
import shutil
import signal
import subprocess
import sys
import time
from pathlib import Path

import numpy as np
import pytest
from folder_builders import save_image, save_images

from diabolo.data import Dataset, ImagesOnDisk, decoding, facts, folder, folder_builder, load_data
from diabolo.data.cache import hold_lock
from diabolo.data.clean import clean
from diabolo.data.folder_cache import FolderCache, list_cached_folders
from diabolo.data.images import UnreadableImageError
from diabolo.data.listing import Listing, list_folder
from diabolo.errors import DataError, OutputError


@pytest.fixture
def pictures(tmp_path: Path) -> Path:
    save_images(tmp_path / "pictures", 40)
    return tmp_path / "pictures"


@pytest.fixture(autouse=True)
def _cached_from_the_first_image(monkeypatch: pytest.MonkeyPatch) -> None:
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


def in_memory(source: Path, **options: object) -> Dataset:
    with pytest.MonkeyPatch.context() as patch:
        patch.setattr(folder, "MANY_FILES", 10**9)
        patch.setattr(folder, "MANY_BYTES", 1 << 60)
        return load_data(source, cache_folder=Path("/nowhere"), **options)  # type: ignore[arg-type]


def assert_same(one: Dataset, other: Dataset) -> None:
    assert one.digest == other.digest
    assert (one.train_names, one.test_names, one.skipped) == (other.train_names, other.test_names, other.skipped)
    for part in ("train", "validation", "test"):
        ours, theirs = getattr(one, part), getattr(other, part)
        assert (ours is None) == (theirs is None)
        if ours is not None:
            assert np.array_equal(ours[:], theirs[:])


def home() -> Path:
    (cached,) = list_cached_folders(Path(os.environ["DIABOLO_CACHE"]))
    return cached.home


def pixels_file() -> Path:
    (file,) = home().glob("pixels-*.bin")
    return file


@pytest.mark.parametrize(
    "options", [{}, {"size": 5}, {"size": (6, 4), "fit": "crop"}, {"channels": 1}, {"size": 20, "channels": 1}]
)
def test_the_same_images_as_without_a_cache(pictures: Path, options: dict[str, object], decoded: list[str]) -> None:
    save_image(pictures / "inner" / "more.png")
    (pictures / "notes.txt").write_text("x")
    (pictures / "cut.png").write_bytes((pictures / "000.png").read_bytes()[:60])
    wanted = in_memory(pictures, **options)
    first = load_data(pictures, **options)  # type: ignore[arg-type]
    assert isinstance(first.train, ImagesOnDisk)
    assert_same(first, wanted)
    decoded.clear()
    second = load_data(pictures, **options)  # type: ignore[arg-type]
    assert_same(second, wanted)
    assert second.notes == first.notes
    assert decoded == [], "all pixels come from the cache, and what was broken is remembered"


def test_few_pixels_are_read_whole(pictures: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setattr(folder, "MANY_BYTES", 1 << 20)
    assert isinstance(load_data(pictures).train, np.ndarray)
    assert isinstance(load_data(pictures).train, np.ndarray)


def test_only_what_is_new_or_changed_is_decoded(pictures: Path, decoded: list[str]) -> None:
    before = load_data(pictures)
    decoded.clear()
    save_image(pictures / "b" / "new.png")
    save_image(pictures / "007.png", seed=1)
    (pictures / "008.png").unlink()
    (pictures / "009.png").rename(pictures / "renamed.png")
    after = load_data(pictures)
    assert sorted(decoded) == ["007.png", "new.png", "renamed.png"]
    assert_same(after, in_memory(pictures))
    assert after.digest != before.digest
    assert np.array_equal(before.train[:], before.train[:]), "what was loaded before can still be read"


def test_a_change_that_hides_its_time_is_found(pictures: Path, decoded: list[str]) -> None:
    load_data(pictures)
    path = pictures / "003.png"
    old = path.stat()
    save_image(path, seed=5)
    os.utime(path, ns=(old.st_atime_ns, old.st_mtime_ns))
    decoded.clear()
    assert_same(load_data(pictures), in_memory(pictures))
    assert "003.png" in decoded


def test_a_file_that_just_changed_is_read_again(
    pictures: Path, decoded: list[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(facts, "_SETTLED", 1000.0)
    load_data(pictures)
    decoded.clear()
    load_data(pictures)
    assert len(decoded) == 40, "within a tick of the clock it may have changed once more"


def test_options_have_caches_of_their_own(pictures: Path) -> None:
    for options in ({}, {"size": 5}, {"channels": 1}):
        load_data(pictures, **options)  # type: ignore[arg-type]
    cached = list_cached_folders(Path(os.environ["DIABOLO_CACHE"]))
    assert sorted(one.shape or () for one in cached) == [(5, 5, 3), (8, 8, 1), (8, 8, 3)]


def test_grey_folder_gets_a_colour_image(tmp_path: Path) -> None:
    save_images(tmp_path / "p", 30, mode="L")
    assert load_data(tmp_path / "p").image_shape == (8, 8, 1)
    save_image(tmp_path / "p" / "colour.png")
    assert load_data(tmp_path / "p").image_shape == (8, 8, 3)
    assert_same(load_data(tmp_path / "p"), in_memory(tmp_path / "p"))
    assert pixels_file().stat().st_size == 31 * 8 * 8 * 3


def test_rows_that_nobody_needs_are_left_out_in_the_end(pictures: Path) -> None:
    row = 8 * 8 * 3
    sizes = []
    for seed in range(1, 6):
        loaded = load_data(pictures)
        for number in range(40):
            save_image(pictures / f"{number:03}.png", seed=seed)
        sizes.append(pixels_file().stat().st_size // row)
        assert len(loaded.train[:])
    assert_same(load_data(pictures), in_memory(pictures))
    assert max(sizes) <= 3 * 40


@pytest.mark.parametrize("harm", ["flip", "flip, time put back", "cut", "longer", "gone", "empty"])
def test_harm_to_the_pixels_is_mended(pictures: Path, decoded: list[str], harm: str) -> None:
    load_data(pictures)
    path = pixels_file()
    content = bytearray(path.read_bytes())
    times = path.stat()
    if harm == "gone":
        path.unlink()
    else:
        if harm.startswith("flip"):
            content[8 * 8 * 3 * 5 + 7] ^= 1
        new = {"cut": content[:-100], "longer": content + b"x" * 500, "empty": b""}.get(harm, content)
        path.write_bytes(new)
        if harm.endswith("back"):
            os.utime(path, ns=(times.st_atime_ns, times.st_mtime_ns))
    decoded.clear()
    assert_same(load_data(pictures), in_memory(pictures))
    again = {"flip": 1, "flip, time put back": 1, "cut": 1, "longer": 0, "gone": 40, "empty": 40}[harm]
    assert len(decoded) == again + 40, "and 40 for the data set without a cache"
    assert_same(load_data(pictures), in_memory(pictures))


@pytest.mark.parametrize("content", [b"", b"PK\x03\x04", bytes(100), None], ids=["empty", "start", "zeros", "half"])
def test_a_damaged_record_is_no_record(pictures: Path, content: bytes | None) -> None:
    load_data(pictures)
    record = home() / "record.npz"
    whole = record.read_bytes()
    record.write_bytes(whole[: len(whole) // 2] if content is None else content)
    assert_same(load_data(pictures), in_memory(pictures))
    assert len(list(home().glob("pixels-*.bin"))) == 1


def test_every_flipped_byte_of_a_record_is_found_or_harmless(pictures: Path) -> None:
    load_data(pictures)
    wanted = in_memory(pictures)
    record, draw = home() / "record.npz", np.random.default_rng()
    for _ in range(25):
        content = bytearray(record.read_bytes())
        place = int(draw.integers(len(content)))
        content[place] ^= 1 << int(draw.integers(8))
        record.write_bytes(content)
        assert_same(load_data(pictures), wanted)


def test_a_record_names_no_file_elsewhere(pictures: Path, tmp_path: Path) -> None:
    load_data(pictures)
    (tmp_path / "secret.bin").write_bytes(b"s" * 10_000)
    found = facts.read_record(home() / "record.npz")
    assert found is not None
    record, meta = found
    meta["pixels"] = "../../../secret.bin"
    facts.write_record(home() / "record.npz", list_folder(pictures), record.facts, meta)
    assert_same(load_data(pictures), in_memory(pictures))
    assert (tmp_path / "secret.bin").read_bytes() == b"s" * 10_000


def test_a_wrong_digest_on_the_disk_is_not_believed(pictures: Path) -> None:
    wanted = load_data(pictures).digest
    path = home() / "digests.json"
    text = path.read_text()
    digest = text.split('"train": "')[1][:64]
    path.write_text(text.replace(digest, digest[::-1]))
    assert load_data(pictures).digest == wanted
    for content in ("", "[]", "{}", '{"order": 3}'):
        path.write_text(content)
        assert load_data(pictures).digest == wanted


def test_what_cannot_be_had_leaves_no_cache(pictures: Path) -> None:
    save_image(pictures / "wide.png", size=(8, 20))
    with pytest.raises(DataError, match="differ in size"):
        load_data(pictures)
    assert list_cached_folders(Path(os.environ["DIABOLO_CACHE"])) == []


def test_a_cache_that_is_cleaned_at_the_worst_moment(pictures: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    wanted = load_data(pictures)
    peek = FolderCache.peek

    def peek_and_clean(self: FolderCache, listing: Listing) -> object:
        found = peek(self, listing)
        clean(everything=True)
        return found

    monkeypatch.setattr(FolderCache, "peek", peek_and_clean)
    assert_same(load_data(pictures), in_memory(pictures))
    assert np.array_equal(wanted.train[:], load_data(pictures).train[:])


_BUILD = """
import sys, time
from pathlib import Path
from diabolo.data import decoding, facts, folder, folder_builder, load_data
folder.MANY_FILES = folder.MANY_BYTES = 1
facts._SETTLED = 0.0
decoding._FILES_AT_ONCE = 2
folder_builder._SECONDS_BETWEEN_RECORDS = 0.0
read, count = decoding.read_image, 0
def slow(path, channels):
    global count
    count += 1
    time.sleep({pause})
    return read(path, channels)
decoding.read_image = slow
print("started", flush=True)
dataset = load_data(Path(sys.argv[1]))
print(count, dataset.digest)
"""


def _start(pictures: Path, pause: float) -> subprocess.Popen[str]:
    program = [sys.executable, "-c", _BUILD.format(pause=pause), str(pictures)]
    started = subprocess.Popen(program, stdout=subprocess.PIPE, text=True)
    assert started.stdout is not None
    assert started.stdout.readline() == "started\n"
    return started


@pytest.mark.parametrize("how", [signal.SIGKILL, signal.SIGTERM, signal.SIGINT])
def test_a_killed_builder_is_gone_on_with(pictures: Path, how: signal.Signals, decoded: list[str]) -> None:
    builder = _start(pictures, 0.05)
    deadline = time.monotonic() + 60
    while time.monotonic() < deadline:
        found = list_cached_folders(Path(os.environ["DIABOLO_CACHE"]))
        if found and found[0].num_images >= 6:
            break
        time.sleep(0.01)
    os.kill(builder.pid, how)
    builder.communicate()
    assert 6 <= list_cached_folders(Path(os.environ["DIABOLO_CACHE"]))[0].num_images < 40
    found_before = list_cached_folders(Path(os.environ["DIABOLO_CACHE"]))[0].num_images
    dataset = load_data(pictures)
    assert len(decoded) == 40 - found_before
    assert_same(dataset, in_memory(pictures))
    assert {path.suffix for path in home().iterdir()} == {".bin", ".npz", ".json"}
    assert len(list(home().iterdir())) == 3, "nothing of the killed one is left"


def test_two_builders_at_once_read_each_image_once(pictures: Path) -> None:
    builders = [_start(pictures, 0.01) for _ in range(2)]
    answers = [builder.communicate()[0].split() for builder in builders]
    assert sum(int(count) for count, _ in answers) == 40
    assert {digest for _, digest in answers} == {in_memory(pictures).digest}


def test_a_builder_that_waited_for_a_removal(pictures: Path) -> None:
    load_data(pictures)
    lock = home().with_name(f"{home().name}.lock")
    for path in (pictures / "000.png", pictures / "001.png"):
        path.unlink()
    save_image(pictures / "new.png")
    with hold_lock(lock):
        builder = _start(pictures, 0.0)
        time.sleep(0.5)
        shutil.rmtree(home())
    assert builder.communicate(timeout=60)[0].split() == ["39", in_memory(pictures).digest]


def test_a_reader_is_not_disturbed_by_a_builder(pictures: Path) -> None:
    reader = load_data(pictures)
    before = reader.train[:]
    for seed in range(1, 5):  # new rows, then a new file without the old ones
        for number in range(40):
            save_image(pictures / f"{number:03}.png", seed=seed)
        load_data(pictures)
    assert np.array_equal(reader.train[:], before)


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
