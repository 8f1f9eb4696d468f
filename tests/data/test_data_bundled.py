"""The sample in the package is real CIFAR-10: the same bytes as those rows of the full set."""

import hashlib
from pathlib import Path

import numpy as np
import pytest

from diabolo.data import CATALOGUE, get, load_data, verify
from diabolo.data.bundled import choose_rows, make_mosaic, read_index

DIGEST = "sha256:68a054ab7f7f953398575e55fc89197b5af62bfaaa79236909b32915416790d9"
# Sha256 of the rows of the verified full set, computed from it and not from the sample.
TRAIN_SHA256 = "c831ef6c735139907e7d91ff4d72c304c9f6889c12ac657b40b19fa2626d5557"
TEST_SHA256 = "e97eea682ef2e9cb78f55427728f0c496869c1323fccb66314bcb38b2f25a96b"


def test_the_sample_is_what_it_was() -> None:
    dataset = load_data("cifar10-sample")
    assert dataset.digest == DIGEST
    assert (dataset.source, dataset.notes, dataset.validation) == ("sample in the package", (), None)
    assert dataset.describe() == "cifar10-sample: 2,000 train + 500 test images, 32×32×3, from sample in the package"
    assert hashlib.sha256(dataset.train.tobytes()).hexdigest() == TRAIN_SHA256
    assert hashlib.sha256(dataset.test.tobytes()).hexdigest() == TEST_SHA256


def test_the_classes_are_balanced() -> None:
    dataset = get("cifar10-sample")
    assert dataset.train_labels is not None
    assert dataset.test_labels is not None
    assert np.bincount(dataset.train_labels).tolist() == [200] * 10
    assert np.bincount(dataset.test_labels).tolist() == [50] * 10


def test_verify() -> None:
    result = verify("cifar10-sample")
    assert result.is_good
    assert [check.found for check in result.parts][:2] == [TRAIN_SHA256, TEST_SHA256]


def test_rows_are_every_nth_of_a_class() -> None:
    labels = np.array([0, 0, 1, 0, 1, 0, 1, 1])
    assert choose_rows(labels, 2).tolist() == [0, 2, 3, 6]


def test_mosaic_has_whole_images_in_reading_order() -> None:
    images = np.random.default_rng(0).integers(0, 256, (100, 4, 5, 3), dtype=np.uint8)
    mosaic = make_mosaic(images)
    assert mosaic.shape == (8, 250, 3)
    np.testing.assert_array_equal(mosaic[4:8, 10:15], images[52])


def test_same_bytes_as_the_full_set(monkeypatch: pytest.MonkeyPatch) -> None:
    """Against the full set where this machine has it; elsewhere the digests above stand for it."""
    monkeypatch.delenv("DIABOLO_CACHE")
    if not verify("cifar10").is_good:
        pytest.skip("the full cifar10 is not in the cache; `diabolo data get cifar10` fetches it")
    full, sample = get("cifar10", offline=True), get("cifar10-sample")
    index = read_index(CATALOGUE["cifar10-sample"])
    for part, step in (("train", 25), ("test", 20)):
        rows = np.array(index[part]["rows"])
        labels = getattr(full, f"{part}_labels")
        np.testing.assert_array_equal(rows, choose_rows(labels, step))
        np.testing.assert_array_equal(getattr(full, part)[rows], getattr(sample, part))
        np.testing.assert_array_equal(labels[rows], getattr(sample, f"{part}_labels"))


def test_a_damaged_sample_is_noticed(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    import dataclasses
    import shutil
    from importlib import resources

    from diabolo.data.bundled import read_sample
    from diabolo.errors import DataError

    copied = tmp_path / "sample"
    with resources.as_file(resources.files("diabolo.data") / "sample") as folder:
        shutil.copytree(folder, copied)
    entry = dataclasses.replace(CATALOGUE["cifar10-sample"], sample=str(copied))
    assert len(read_sample(entry)["train"]) == 2000  # an absolute folder replaces the package's
    text = (copied / "index.json").read_text()
    (copied / "index.json").write_text(text.replace(TEST_SHA256, TEST_SHA256[::-1]))
    with pytest.raises(DataError, match="damaged"):
        read_sample(entry)
    (copied / "test.webp").write_bytes((copied / "test.webp").read_bytes()[:1000])
    with pytest.raises(DataError, match="cannot be read"):
        read_sample(entry)
