"""The images of a run: which are trained on, what `run.toml` says of them, and how a resume finds them again."""

from collections.abc import Mapping
from pathlib import Path
from typing import Any

import numpy as np

from diabolo.data import CATALOGUE, Dataset, load_data, split_validation
from diabolo.data.dataset import Report
from diabolo.errors import RunError
from diabolo.runs import RunFolder, RunRecord, without_home
from diabolo.train import Recipe, TrainingImages

_OPTIONS = ("size", "fit", "channels")


def training_images(dataset: Dataset, recipe: Recipe) -> TrainingImages:
    """Which images are trained on and which validate: by the recipe, and by the parts that the data set has.

    A validation part that is held out has at least one image.

    Raises:
        DataError: there are too few images to hold some out.
    """
    everything = np.arange(len(dataset.train))
    if recipe.validation == "test":
        validation, train_indices, validation_indices = dataset.test, everything, np.arange(len(dataset.test))
    elif dataset.validation is not None:
        validation, train_indices = dataset.validation, everything
        validation_indices = np.arange(len(dataset.validation))
    else:
        validation, fraction = dataset.train, recipe.validation_fraction
        at_least = max(fraction, 1 / len(dataset.train)) if fraction else 0.0
        train_indices, validation_indices = split_validation(len(dataset.train), fraction=at_least)
    return TrainingImages(
        train=dataset.train,
        train_indices=train_indices,
        validation=validation,
        validation_indices=validation_indices,
    )


def data_table(data: Any, dataset: Dataset, images: TrainingImages, options: Mapping[str, Any]) -> dict[str, Any]:
    """What `run.toml` says of the images: the name that loads them again, digest, source, counts and options.

    Args:
        data: what the user named, or images in memory.
        dataset: what was loaded from it.
        images: its parts.
        options: `size`, `fit`, `channels`, as far as given.
    """
    name = _loadable_name(data, dataset)
    chosen = {
        key: list(value) if isinstance(value, tuple) else value for key, value in options.items() if value is not None
    }
    return {
        "name": dataset.name if name is None else name,
        **({"in_memory": True} if name is None else {}),
        "digest": dataset.digest,
        "source": without_home(dataset.source),
        "num_train": len(images.train_indices),
        "num_validation": len(images.validation_indices),
        "num_test": len(dataset.test),
        **chosen,
    }


def load_recorded_data(
    folder: RunFolder, record: RunRecord, *, data: Any = None, report: Report | None = None
) -> Dataset:
    """The images that a run was trained on, proved by their digest.

    Args:
        folder: of the run, for messages.
        record: of the run.
        data: the images themselves, or where they are now, if not where they were.
        report: reader of progress.

    Raises:
        RunError: the same name now gives other images, or the images were only in memory and `data` is missing.
        DataError: they cannot be found.
    """
    table = record.data
    if data is None and record.status == "imported":
        raise RunError(
            f"`{folder.path}` was imported, so what it was trained on is not known; name the images with `--data`"
        )
    if data is None and table.get("in_memory"):
        raise RunError(
            f"`{folder.path}` was trained on images that were only in the memory of its program "
            f"({table.get('num_train', 0):,} train images, digest {table['digest'][:19]}…); "
            "pass the same images from Python: `diabolo.resume(run, data=images)`"
        )
    options: dict[str, Any] = {key: table[key] for key in _OPTIONS if key in table}
    if isinstance(options.get("size"), list):
        options["size"] = tuple(options["size"])
    dataset = load_data(table["name"] if data is None else data, report=report, **options)
    if dataset.digest != table["digest"]:
        raise RunError(
            f"`{folder.path}` was trained on other images: `{table['name']}` (from {table['source']}) had the digest "
            f"{table['digest'][:19]}…, and what is there now (from {dataset.source}) has {dataset.digest[:19]}…; "
            "bring the same images back, or train again in another folder"
        )
    return dataset


def _loadable_name(data: Any, dataset: Dataset) -> str | None:
    """A name by which `load_data` finds the images in any working directory; None for images in memory.

    As `load_data` has it, a catalogue name wins over a path. Paths are absolute, below the home folder with `~`.
    """
    if isinstance(data, Dataset):
        data = dataset.name if dataset.name in CATALOGUE else dataset.source
        if data not in CATALOGUE and not Path(data).expanduser().exists():
            return None
    if not isinstance(data, str | Path):
        return None
    if isinstance(data, str) and data in CATALOGUE:
        return data
    return without_home(str(Path(data).expanduser().resolve()))
