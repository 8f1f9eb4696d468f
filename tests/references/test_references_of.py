"""References of data sets and of runs: the right images, and the cache."""

import dataclasses
from pathlib import Path

import numpy as np
import pytest
from reference_builders import smooth_images

from diabolo.api import references as api
from diabolo.api.references import references_of, references_of_run
from diabolo.data import Dataset, load_data, split_validation
from diabolo.errors import DataError, DiaboloError, RunError
from diabolo.references import references_for
from diabolo.runs import RunRecord, write_record
from diabolo.train import find_recipe

LINE = "conv4 relu pool pool | up up conv3 sigmoid"  # a latent of 2×2×4 on 8×8


@pytest.fixture(scope="module")
def images(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("images") / "images.npz"
    np.savez(path, x_train=smooth_images(80, 8, 8, 3, 4), x_test=smooth_images(20, 8, 8, 3, 5))
    return path


@pytest.fixture(scope="module")
def dataset(images: Path) -> Dataset:
    return load_data(images)


def make_run(folder: Path, images: Path, dataset: Dataset, **changes: object) -> Path:
    """A run folder as far as references look at it."""
    folder.mkdir()
    recipe = {**dataclasses.asdict(find_recipe("fast")), **changes}
    record = RunRecord(
        name="model",
        line=LINE,
        input_shape=(8, 8, 3),
        seed=0,
        recipe=recipe,
        data={"name": str(images), "digest": dataset.digest, "source": str(images)},
        command="",
        threads=1,
        device="cpu",
    )
    write_record(folder / "run.toml", record)
    return folder


def test_the_held_out_images_are_not_fitted_to(dataset: Dataset, tmp_path: Path) -> None:
    train, held_out = split_validation(80, fraction=0.1)
    expected = {"train_indices": train, "latent_values": 16, "block": (4, 4)}
    found = references_of(dataset, (2, 2, 4), cache_folder=tmp_path)
    assert found == references_for(dataset.train, dataset.test, **expected)  # type: ignore[arg-type]
    assert "fitted to 72 images" in found[1].note
    on_validation = references_of(dataset, (2, 2, 4), part="validation", cache_folder=tmp_path)
    assert on_validation == references_for(dataset.train, dataset.train, test_indices=held_out, **expected)  # type: ignore[arg-type]


def test_the_keras_recipe_fits_to_all_and_validates_on_test(dataset: Dataset, tmp_path: Path) -> None:
    found = references_of(dataset, (2, 2, 4), recipe="keras", cache_folder=tmp_path)
    assert "fitted to 80 images" in found[1].note
    assert references_of(dataset, (2, 2, 4), recipe="keras", part="validation", cache_folder=tmp_path) == found


def test_a_run_and_its_data_set_have_the_same(images: Path, dataset: Dataset, tmp_path: Path) -> None:
    run = make_run(tmp_path / "run", images, dataset)
    cache = tmp_path / "cache"
    found = references_of_run(run, cache_folder=cache)
    assert len(list(cache.rglob("*.json"))) == 1
    assert references_of(dataset, (2, 2, 4), cache_folder=cache) == found
    assert len(list(cache.rglob("*.json"))) == 1
    assert {one.title for one in found} >= {"PCA with 16 values", "PCA of 4×4 blocks, 4 of 48"}


def test_what_is_known_needs_no_images(images: Path, dataset: Dataset, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    found = references_of_run(make_run(tmp_path / "run", images, dataset), cache_folder=cache)
    elsewhere = make_run(tmp_path / "elsewhere", tmp_path / "gone.npz", dataset)
    assert references_of_run(str(elsewhere), cache_folder=cache) == found
    with pytest.raises(DataError, match=r"gone\.npz"):
        references_of_run(elsewhere, part="validation", cache_folder=cache)


def test_another_split_is_another_question(images: Path, dataset: Dataset, tmp_path: Path) -> None:
    cache = tmp_path / "cache"
    first = references_of_run(make_run(tmp_path / "run", images, dataset), cache_folder=cache)
    half = make_run(tmp_path / "half", images, dataset, validation_fraction=0.5)
    second = references_of_run(half, cache_folder=cache)
    assert ("fitted to 72 images" in first[1].note, "fitted to 40 images" in second[1].note) == (True, True)


def test_nothing_is_measured_twice(dataset: Dataset, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = references_of(dataset, 16, cache_folder=tmp_path)

    def fail(*arguments: object, **options: object) -> None:
        raise AssertionError("measured again")

    monkeypatch.setattr(api, "references_for", fail)
    assert references_of(dataset, (16,), cache_folder=tmp_path) == first
    with pytest.raises(AssertionError, match="measured again"):
        references_of(dataset, 17, cache_folder=tmp_path)


def test_images_that_changed_are_refused(images: Path, dataset: Dataset, tmp_path: Path) -> None:
    run = make_run(tmp_path / "run", images, dataclasses.replace(dataset, digest="sha256:" + "0" * 64))
    with pytest.raises(RunError, match="was trained on other images"):
        references_of_run(run, cache_folder=tmp_path)


def test_no_run(tmp_path: Path) -> None:
    with pytest.raises(RunError, match="is no run"):
        references_of_run(tmp_path / "nothing")


@pytest.mark.parametrize("latent", [0, -1, (), (4, 0, 2), True, (2.5,), "64"])
def test_no_latent(dataset: Dataset, latent: object) -> None:
    with pytest.raises(DiaboloError, match="must be a number of values, or a shape of whole numbers from 1"):
        references_of(dataset, latent)  # type: ignore[arg-type]


def test_no_part(dataset: Dataset) -> None:
    with pytest.raises(DiaboloError) as error:
        references_of(dataset, 16, part="train")
    assert str(error.value) == "`part` (=train) must be one of validation, test"
