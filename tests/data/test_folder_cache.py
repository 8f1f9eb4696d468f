"""The cache of a folder of images: the same images as without it, read once, and never a half or an old one."""

import os
from pathlib import Path

import numpy as np
import pytest
from folder_builders import assert_same, home, in_memory, pixels_file, save_image, save_images

from diabolo.data import ImagesOnDisk, facts, folder, load_data
from diabolo.data.clean import clean
from diabolo.data.folder_cache import FolderCache, list_cached_folders
from diabolo.data.listing import Listing, list_folder
from diabolo.errors import DataError

pytestmark = pytest.mark.usefixtures("cached_from_the_first_image")


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
