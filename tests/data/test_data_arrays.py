"""Arrays as data sets: `.npy`, `.npz`, IDX, and arrays in memory."""

import gzip
import pickle
import struct
from pathlib import Path

import numpy as np
import pytest
from syrupy.assertion import SnapshotAssertion

from diabolo.data import load_data
from diabolo.data.arrays import to_images
from diabolo.errors import DataError


def draw(*shape: int) -> np.ndarray:
    return np.random.default_rng(5).integers(0, 256, shape, dtype=np.uint8)


def idx(array: np.ndarray) -> bytes:
    return bytes([0, 0, 8, array.ndim]) + struct.pack(f">{array.ndim}I", *array.shape) + array.tobytes()


def rows(array: np.ndarray) -> set[bytes]:
    return {image.tobytes() for image in array}


def test_npy_is_split(tmp_path: Path) -> None:
    images = draw(50, 6, 5, 3)
    np.save(tmp_path / "a.npy", images)
    dataset = load_data(tmp_path / "a.npy")
    assert (len(dataset.train), len(dataset.test), dataset.validation) == (45, 5, None)
    assert rows(dataset.train) | rows(dataset.test) == rows(images)
    assert dataset.notes == ("a.npy: has no test part; 5 of its 50 images, drawn with seed 0, are kept for it",)
    assert load_data(str(tmp_path / "a.npy")).digest == dataset.digest == load_data(images).digest
    images[0, 0, 0, 0] ^= 1
    assert load_data(images).digest != dataset.digest


def test_grey_gets_a_channel() -> None:
    assert load_data(draw(10, 6, 5)).image_shape == (6, 5, 1)


@pytest.mark.parametrize("kind", [np.float32, np.float64, np.float16])
def test_floats(kind: type) -> None:
    images = draw(20, 4, 4, 1)
    converted, notes = to_images((images / 255).astype(kind), where="x")
    np.testing.assert_array_equal(converted, images)
    assert notes == ("x: floats in [0, 1] were rounded to 8 bits (256 levels)",)


def test_refused_arrays(snapshot: SnapshotAssertion) -> None:
    floats = draw(4, 4, 4, 3).astype(np.float32)
    holed = floats / 255
    holed[0, 0, 0, 0] = np.nan
    arrays = {
        "0 to 255": floats,
        "-1 to 1": floats / 128 - 1,
        "anything": floats * 100,
        "NaN": holed,
        "int64": floats.astype(np.int64),
        "bool": floats > 9,
        "text": floats.astype(str),
        "channels first": draw(4, 3, 8, 8),
        "alpha": draw(4, 8, 8, 4),
        "two channels": draw(4, 8, 8, 2),
        "flat": draw(4, 8),
        "none": draw(0, 8, 8, 3),
        "only one": draw(1, 8, 8, 3),
    }
    messages = {}
    for name, array in arrays.items():
        with pytest.raises(DataError) as error:
            load_data(array)
        messages[name] = str(error.value)
    assert messages == snapshot


@pytest.mark.parametrize(
    ("train", "test", "validation"),
    [
        ("x_train", "x_test", "x_val"),
        ("train", "test", "validation"),
        ("train_images", "test_images", "val_images"),
    ],
)
def test_npz_parts(tmp_path: Path, train: str, test: str, validation: str) -> None:
    arrays = {train: draw(9, 4, 4, 3), test: draw(3, 4, 4, 3), validation: draw(2, 4, 4, 3)}
    np.savez(tmp_path / "a.npz", **arrays, y_train=np.arange(9)[:, None], y_test=np.arange(3))
    dataset = load_data(tmp_path / "a.npz")
    np.testing.assert_array_equal(dataset.train, arrays[train])
    np.testing.assert_array_equal(dataset.test, arrays[test])
    np.testing.assert_array_equal(dataset.validation, arrays[validation])
    np.testing.assert_array_equal(dataset.train_labels, np.arange(9))
    assert dataset.notes == ()


def test_npz_with_train_only(tmp_path: Path) -> None:
    images = draw(50, 4, 4)
    np.savez(tmp_path / "a.npz", x_train=images, y_train=np.arange(50))
    dataset = load_data(tmp_path / "a.npz")
    assert (len(dataset.train), len(dataset.test)) == (45, 5)
    assert dataset.test_labels is not None
    np.testing.assert_array_equal(images[dataset.test_labels][..., None], dataset.test)


def test_npz_with_one_array(tmp_path: Path) -> None:
    np.savez_compressed(tmp_path / "a.npz", pictures=draw(20, 4, 4), labels=np.arange(20))
    assert len(load_data(tmp_path / "a.npz").test) == 2


def test_npz_without_known_names(tmp_path: Path, snapshot: SnapshotAssertion) -> None:
    np.savez(tmp_path / "a.npz", one=draw(5, 4, 4), two=draw(6, 4, 4))
    with pytest.raises(DataError) as error:
        load_data(tmp_path / "a.npz")
    assert str(error.value).replace(str(tmp_path), "TMP") == snapshot


def test_parts_of_two_sizes(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", x_train=draw(5, 4, 4), x_test=draw(5, 4, 6))
    with pytest.raises(DataError, match="the test images are 4×6×1 but the train images are 4×4×1"):
        load_data(tmp_path / "a.npz")


def test_labels_of_another_number(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", x_train=draw(5, 4, 4), x_test=draw(5, 4, 4), y_train=np.arange(4))
    with pytest.raises(DataError, match="one label an image"):
        load_data(tmp_path / "a.npz")


class Evil:
    def __init__(self, path: Path) -> None:
        self.path = path

    def __reduce__(self) -> tuple:
        return Path.mkdir, (self.path,)


@pytest.mark.parametrize("suffix", ["npy", "npz"])
def test_objects_are_never_loaded(tmp_path: Path, suffix: str) -> None:
    evil = np.array([Evil(tmp_path / "executed")], dtype=object)
    path = tmp_path / f"a.{suffix}"
    (np.save if suffix == "npy" else np.savez)(path, evil)
    with pytest.raises(DataError, match="holds Python objects"):
        load_data(path)
    path.write_bytes(pickle.dumps(evil))
    with pytest.raises(DataError):
        load_data(path)
    assert not (tmp_path / "executed").exists()


@pytest.mark.parametrize("suffix", ["npy", "npz"])
@pytest.mark.parametrize("keep", [0, 5, 60, 300])
def test_truncated_files(tmp_path: Path, suffix: str, keep: int) -> None:
    path = tmp_path / f"a.{suffix}"
    (np.save if suffix == "npy" else np.savez)(path, draw(10, 8, 8))
    path.write_bytes(path.read_bytes()[:keep])
    with pytest.raises(DataError, match="cannot be read"):
        load_data(path)


@pytest.mark.parametrize("packed", [True, False])
@pytest.mark.parametrize(
    "style", ["train-images-idx3-ubyte", "train-images.idx3-ubyte", "emnist-train-images-idx3-ubyte"]
)
def test_idx_folder(tmp_path: Path, packed: bool, style: str) -> None:
    train, test = draw(12, 7, 6), draw(4, 7, 6)
    files = {
        style: train,
        style.replace("train", "t10k"): test,
        style.replace("images", "labels").replace("idx3", "idx1"): np.arange(12, dtype=np.uint8),
    }
    for name, array in files.items():
        content = idx(array)
        (tmp_path / (name + ".gz" * packed)).write_bytes(gzip.compress(content) if packed else content)
    dataset = load_data(tmp_path)
    np.testing.assert_array_equal(dataset.train, train[..., None])
    np.testing.assert_array_equal(dataset.test, test[..., None])
    np.testing.assert_array_equal(dataset.train_labels, np.arange(12))
    assert dataset.test_labels is None
    assert load_data(tmp_path, channels=3, size=5, fit="crop").image_shape == (5, 5, 3)


def test_idx_file(tmp_path: Path) -> None:
    (tmp_path / "images").write_bytes(idx(draw(30, 5, 5)))
    assert len(load_data(tmp_path / "images").test) == 3
    (tmp_path / "colour.gz").write_bytes(gzip.compress(idx(draw(30, 5, 5, 3))))
    assert load_data(tmp_path / "colour.gz").image_shape == (5, 5, 3)


@pytest.mark.parametrize("change", [-1, 1])
def test_idx_of_wrong_length(tmp_path: Path, change: int) -> None:
    content = idx(draw(30, 5, 5))
    (tmp_path / "images").write_bytes(content[:-1] if change < 0 else content + b"x")
    with pytest.raises(DataError, match=r"should hold 750 bytes of pixels but holds (749|more)"):
        load_data(tmp_path / "images")


def test_idx_that_claims_to_be_huge(tmp_path: Path) -> None:
    (tmp_path / "images").write_bytes(bytes([0, 0, 8, 3]) + struct.pack(">3I", 2**32 - 1, 2**32 - 1, 2**32 - 1) + b"x")
    with pytest.raises(DataError, match="should hold"):
        load_data(tmp_path / "images")


def test_idx_cut_gzip(tmp_path: Path) -> None:
    (tmp_path / "images.gz").write_bytes(gzip.compress(idx(draw(30, 9, 9)))[:-100])
    with pytest.raises(DataError, match="cannot be read"):
        load_data(tmp_path / "images.gz")
