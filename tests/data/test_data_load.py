"""`load_data` and what it returns: every kind of input, options on all of them, the validation split, messages."""

import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest
from data_builders import batch_pickle, tar_of, write_file
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image
from syrupy.assertion import SnapshotAssertion

from diabolo.data import load_data, split_validation
from diabolo.data.load import to_grey
from diabolo.errors import DataError

CIFAR10 = [*(f"cifar-10-batches-py/data_batch_{number}" for number in range(1, 6)), "cifar-10-batches-py/test_batch"]
CIFAR100 = ["cifar-100-python/train", "cifar-100-python/test"]


@pytest.mark.parametrize(
    ("names", "name", "key"), [(CIFAR10, "cifar10", b"labels"), (CIFAR100, "cifar100", b"fine_labels")]
)
def test_official_archive_and_its_folder(tmp_path: Path, names: list[str], name: str, key: bytes) -> None:
    draw = np.random.default_rng(1)
    images = [draw.integers(0, 256, (4, 32, 32, 3), dtype=np.uint8) for _ in names]
    labels = [draw.integers(0, 10, 4, dtype=np.uint8) for _ in names]
    members = {n: batch_pickle(i, j, key) for n, i, j in zip(names, images, labels, strict=True)}
    archive = write_file(tmp_path / "mine.tar.gz", tar_of(members))
    for member, content in members.items():
        write_file(tmp_path / "unpacked" / member, content)
    for path in (archive, tmp_path / "unpacked", tmp_path / "unpacked" / names[0].split("/")[0]):
        dataset = load_data(path)
        assert dataset.name == name
        assert dataset.source.startswith(str(path))
        np.testing.assert_array_equal(dataset.train, np.concatenate(images[:-1]))
        np.testing.assert_array_equal(dataset.test, images[-1])
        np.testing.assert_array_equal(dataset.test_labels, labels[-1])
        assert any("not the bytes of the published cifar10" in note for note in dataset.notes) == (name == "cifar10")


def test_a_damaged_archive(tmp_path: Path) -> None:
    images = np.zeros((4, 32, 32, 3), np.uint8)
    content = tar_of({name: batch_pickle(images, np.zeros(4, np.uint8)) for name in CIFAR10})
    (tmp_path / "a.tar.gz").write_bytes(content[: len(content) // 2])
    with pytest.raises(DataError, match="not a readable archive"):
        load_data(tmp_path / "a.tar.gz")


def test_options_on_a_catalogue_name() -> None:
    whole = load_data("cifar10-sample")
    small = load_data("cifar10-sample", size=16, channels=1)
    assert small.train.shape == (2000, 16, 16, 1)
    assert small.digest != whole.digest
    np.testing.assert_array_equal(small.train_labels, whole.train_labels)
    expected = Image.fromarray(whole.train[7]).convert("L").resize((16, 16), Image.Resampling.LANCZOS)
    np.testing.assert_array_equal(small.train[7, ..., 0], np.asarray(expected))
    assert load_data(whole) is whole
    with pytest.raises(DataError, match="other proportions"):
        load_data(whole, size=(16, 24))


def test_grey_is_as_pillow_makes_it() -> None:
    images = np.random.default_rng(2).integers(0, 256, (3, 50, 50, 3), dtype=np.uint8)
    expected = np.stack([np.asarray(Image.fromarray(image).convert("L")) for image in images])
    np.testing.assert_array_equal(to_grey(images)[..., 0], expected)


def test_messages(tmp_path: Path, snapshot: SnapshotAssertion, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    (tmp_path / "notes.txt").write_text("x")
    Image.new("RGB", (4, 4)).save(tmp_path / "single.png")
    messages = {}
    for what in ("CIFAR-10", "cifar1O", "cifra100", "imagenet", "no/such/folder", "notes.txt", "single.png"):
        with pytest.raises(DataError) as error:
            load_data(what)
        messages[what] = str(error.value)
    assert messages == snapshot


def test_fit_without_size_has_no_effect_and_says_so() -> None:
    assert (
        load_data(np.zeros((4, 8, 8), np.uint8), fit="crop").notes[-1] == "`fit` (=crop) has no effect without `size`"
    )
    assert len(load_data(np.zeros((4, 8, 8), np.uint8), fit="crop", size=4).notes) == 1


@pytest.mark.parametrize("what", ["", "  ", "a\0b", None, 3, [1, 2]])
def test_things_that_name_nothing(what: object) -> None:
    with pytest.raises(DataError, match="names no data set"):
        load_data(what)  # type: ignore[arg-type]


def test_split_validation_is_the_same_everywhere() -> None:
    train, validation = split_validation(50_000)
    assert (len(train), len(validation)) == (45_000, 5_000)
    assert np.array_equal(np.union1d(train, validation), np.arange(50_000))
    assert validation[:5].tolist() == [2, 3, 11, 13, 20]
    assert split_validation(10, fraction=0.3, seed=5)[1].tolist() == [4, 7, 8]
    assert not np.array_equal(validation, split_validation(50_000, seed=1)[1])


@given(st.integers(2, 500), st.floats(0.01, 0.99), st.integers(0, 2**32))
def test_split_validation_parts(num_images: int, fraction: float, seed: int) -> None:
    try:
        train, validation = split_validation(num_images, fraction=fraction, seed=seed)
    except DataError:
        assert round(num_images * fraction) in (0, num_images)
        return
    assert len(validation) == round(num_images * fraction)
    assert sorted([*train.tolist(), *validation.tolist()]) == list(range(num_images))
    assert (np.diff(train) > 0).all()
    assert (np.diff(validation) > 0).all()


@pytest.mark.parametrize(
    ("count", "fraction"), [(1, 0.5), (4, 0.1), (0, 0.1), (10, 0.0), (10, 1.0), (10, float("nan"))]
)
def test_split_validation_refuses_empty_parts(count: int, fraction: float) -> None:
    with pytest.raises(DataError, match="leaves a part empty"):
        split_validation(count, fraction=fraction)


def test_no_torch_and_little_else() -> None:
    heavy = "('torch', 'PIL', 'filelock', 'platformdirs', 'rich')"
    code = f"import sys, diabolo.data; print([name for name in {heavy} if name in sys.modules])"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "[]\n"
