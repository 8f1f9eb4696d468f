"""Folders of images: which files count, which part each goes to, and messages where the user must decide."""

import zlib
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from syrupy.assertion import SnapshotAssertion

from diabolo.data import Progress, load_data
from diabolo.data.parts import part_by_hash
from diabolo.errors import DataError


def save(path: Path, *, size: tuple[int, int] = (8, 8), mode: str = "RGB", value: int | None = None) -> np.ndarray:
    """Writes an image, height × width, of random pixels or one value; returns its array."""
    path.parent.mkdir(parents=True, exist_ok=True)
    shape = (*size, 3) if mode == "RGB" else size
    draw = np.random.default_rng(zlib.crc32(path.name.encode()))
    pixels = draw.integers(0, 256, shape, dtype=np.uint8) if value is None else np.full(shape, value, np.uint8)
    Image.fromarray(pixels).save(path)
    return pixels


def many(folder: Path, count: int, **options: object) -> dict[str, np.ndarray]:
    return {f"{number:03}.png": save(folder / f"{number:03}.png", **options) for number in range(count)}  # type: ignore[arg-type]


def message(folder: Path, tmp_path: Path, **options: object) -> str:
    with pytest.raises(DataError) as error:
        load_data(folder, **options)  # type: ignore[arg-type]
    return str(error.value).replace(str(tmp_path), "TMP")


def test_nested_split_by_hash(tmp_path: Path) -> None:
    folder = tmp_path / "pictures"
    pixels = {f"a/{name}": array for name, array in many(folder / "a", 30).items()}
    pixels |= {f"b/c/{name}": array for name, array in many(folder / "b" / "c", 30).items()}
    seen: list[Progress] = []
    dataset = load_data(folder, report=seen.append)
    assert dataset.name == "pictures"
    assert dataset.image_shape == (8, 8, 3)
    assert dataset.validation is not None
    assert len(dataset.train) + len(dataset.validation) + len(dataset.test) == 60
    assert dataset.train_names is not None
    assert dataset.test_names is not None
    for names, images in ((dataset.train_names, dataset.train), (dataset.test_names, dataset.test)):
        assert len(names) == len(images)
        for name, image in zip(names, images, strict=True):
            np.testing.assert_array_equal(image, pixels[name])
    assert {part_by_hash(name) for name in dataset.test_names} == {"test"}
    (note,) = dataset.notes
    assert note == "pictures: split into train, validation and test by a hash of the file names, about 80/10/10"
    assert seen[-1] == Progress(stage="reading pictures", done=60, total=60, unit="images")


def test_adding_images_moves_none(tmp_path: Path) -> None:
    many(tmp_path / "p", 40)
    before = load_data(tmp_path / "p")
    many(tmp_path / "p" / "more", 40)
    after = load_data(tmp_path / "p")
    assert set(before.train_names or ()) < set(after.train_names or ())
    assert set(before.test_names or ()) <= set(after.test_names or ())
    assert before.digest != after.digest


@given(st.lists(st.text(min_size=1), min_size=1, max_size=5))
def test_the_part_depends_on_the_name_alone(names: list[str]) -> None:
    assert [part_by_hash(name) for name in names] == [part_by_hash(name) for name in names]
    assert {part_by_hash(name) for name in names} <= {"train", "validation", "test"}


def test_the_parts_are_80_10_10_and_fixed_for_ever() -> None:
    parts = [part_by_hash(f"folder/{number}.png") for number in range(10_000)]
    assert abs(parts.count("train") - 8000) < 160  # four standard deviations
    assert abs(parts.count("validation") - 1000) < 120
    others = {number: part for number in range(40) if (part := part_by_hash(f"{number}.png")) != "train"}
    assert others == {
        2: "test", 9: "validation", 22: "test", 23: "test", 24: "test", 30: "validation", 32: "test", 37: "validation"
    }  # fmt: skip
    for number in range(40):  # one spelling of é or the other, as file systems have it
        assert part_by_hash(f"caf\u00e9{number}.png") == part_by_hash(f"cafe\u0301{number}.png")


@pytest.mark.parametrize("validation", ["val", "validation", "valid", "Val"])
def test_parts_by_folder(tmp_path: Path, validation: str) -> None:
    train = many(tmp_path / "train" / "cat", 5)
    test = many(tmp_path / "test", 3)
    many(tmp_path / validation, 2)
    save(tmp_path / "poster.png")
    dataset = load_data(tmp_path)
    assert dataset.train_names == tuple(f"train/cat/{name}" for name in train)
    np.testing.assert_array_equal(dataset.train, np.stack(list(train.values())))
    np.testing.assert_array_equal(dataset.test, np.stack(list(test.values())))
    assert dataset.validation is not None
    assert len(dataset.validation) == 2
    assert [(item.path.name, item.reason) for item in dataset.skipped] == [
        ("poster.png", "outside the folders train, val and test")
    ]


def test_train_without_test(tmp_path: Path) -> None:
    many(tmp_path / "train", 40)
    many(tmp_path / "val", 4)
    dataset = load_data(tmp_path)
    assert dataset.validation is not None
    assert len(dataset.validation) == 4
    assert len(dataset.train) + len(dataset.test) == 40
    assert 1 <= len(dataset.test) < 12
    assert "has no test folder" in dataset.notes[0]


@pytest.mark.parametrize("count", [2, 3, 4, 7])
def test_few_images_still_make_two_parts(tmp_path: Path, count: int) -> None:
    many(tmp_path / "p", count)
    dataset = load_data(tmp_path / "p")
    extra = 0 if dataset.validation is None else len(dataset.validation)
    assert min(len(dataset.train), len(dataset.test)) >= 1
    assert len(dataset.train) + len(dataset.test) + extra == count


def test_broken_and_other_files_are_named(tmp_path: Path) -> None:
    folder = tmp_path / "p"
    many(folder, 30)
    (folder / "notes.txt").write_text("no image")
    (folder / "empty.png").write_bytes(b"")
    whole = (folder / "000.png").read_bytes()
    (folder / "cut.png").write_bytes(whole[: len(whole) // 2])
    (folder / ".hidden").write_text("")
    dataset = load_data(folder)
    reasons = {item.path.name: item.reason for item in dataset.skipped}
    assert reasons["notes.txt"] == reasons["empty.png"] == "not an image"
    assert reasons["cut.png"].startswith("broken image")
    assert set(reasons) == {"notes.txt", "empty.png", "cut.png"}
    assert not any(character in dataset.notes[0].removesuffix("80/10/10") for character in "0123456789")
    assert "3 of 33 files skipped" in dataset.notes[1]
    assert "notes.txt: not an image" in dataset.notes[1]
    counts = len(dataset.train) + len(dataset.test) + len(dataset.validation if dataset.validation is not None else ())
    assert counts == 30


def test_empty_folder(tmp_path: Path, snapshot: SnapshotAssertion) -> None:
    (tmp_path / "none").mkdir()
    assert message(tmp_path / "none", tmp_path) == snapshot


def test_folder_without_images(tmp_path: Path, snapshot: SnapshotAssertion) -> None:
    (tmp_path / "texts").mkdir()
    for number in range(7):
        (tmp_path / "texts" / f"{number}.txt").write_text("x")
    assert message(tmp_path / "texts", tmp_path) == snapshot


def test_one_image(tmp_path: Path, snapshot: SnapshotAssertion) -> None:
    many(tmp_path / "one", 1)
    assert message(tmp_path / "one", tmp_path) == snapshot


def test_mixed_sizes_need_a_rule(tmp_path: Path, snapshot: SnapshotAssertion) -> None:
    many(tmp_path / "mixed", 5)
    for number in range(7):
        save(tmp_path / "mixed" / f"x{number}.png", size=(10 + number, 20))
    assert message(tmp_path / "mixed", tmp_path) == snapshot
    assert message(tmp_path / "mixed", tmp_path, size=16) == snapshot
    assert message(tmp_path / "mixed", tmp_path, size=16, fit="squash") == snapshot
    assert message(tmp_path / "mixed", tmp_path, size=(16, 0), fit="crop") == snapshot
    assert message(tmp_path / "mixed", tmp_path, channels=4) == snapshot


@pytest.mark.parametrize("fit", ["crop", "pad", "stretch"])
def test_mixed_sizes_with_a_rule(tmp_path: Path, fit: str) -> None:
    many(tmp_path / "mixed", 5)
    save(tmp_path / "mixed" / "wide.png", size=(10, 30))
    dataset = load_data(tmp_path / "mixed", size=(12, 16), fit=fit)
    assert dataset.image_shape == (12, 16, 3)


def test_same_proportions_need_no_fit(tmp_path: Path) -> None:
    many(tmp_path / "p", 5)
    save(tmp_path / "p" / "large.png", size=(16, 16))
    assert load_data(tmp_path / "p", size=4).image_shape == (4, 4, 3)


def test_channels(tmp_path: Path) -> None:
    many(tmp_path / "grey", 12, mode="L")
    many(tmp_path / "both", 12, mode="L")
    save(tmp_path / "both" / "colour.png")
    assert load_data(tmp_path / "grey").image_shape == (8, 8, 1)
    assert load_data(tmp_path / "grey", channels=3).image_shape == (8, 8, 3)
    assert load_data(tmp_path / "both").image_shape == (8, 8, 3)
    assert load_data(tmp_path / "both", channels=1).image_shape == (8, 8, 1)


def test_exif_turn_counts_for_the_size(tmp_path: Path) -> None:
    many(tmp_path / "p", 5, size=(8, 12))
    exif = Image.Exif()
    exif[0x0112] = 6
    Image.fromarray(np.zeros((12, 8, 3), np.uint8)).save(tmp_path / "p" / "turned.jpg", exif=exif)
    assert load_data(tmp_path / "p").image_shape == (8, 12, 3)


def test_more_than_the_memory(tmp_path: Path) -> None:
    many(tmp_path / "p", 600, size=(1, 1))
    with pytest.raises(DataError, match=r"need .* GiB of memory and this machine has"):
        load_data(tmp_path / "p", size=16384)
