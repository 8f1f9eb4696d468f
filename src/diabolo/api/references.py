"""References for a data set or for a run: measured once, then read from the user's cache."""

import math
from collections.abc import Sequence
from pathlib import Path
from typing import TYPE_CHECKING, Any

from diabolo.data.dataset import Dataset, Report
from diabolo.errors import DiaboloError
from diabolo.graph import build_graph
from diabolo.references import (
    Reference,
    cache_key,
    choose_block,
    read_references,
    references_for,
    write_references,
)
from diabolo.runs import RunFolder, RunRecord

if TYPE_CHECKING:
    from diabolo.train import Recipe

PARTS = ("validation", "test")
"""What references can be measured on."""


def references_of(
    dataset: Dataset,
    latent: int | Sequence[int],
    *,
    part: str = "test",
    recipe: "str | Recipe" = "fast",
    cache_folder: Path | None = None,
    report: Report | None = None,
) -> tuple[Reference, ...]:
    """References for a latent on the images of a data set.

    Args:
        dataset: the images.
        latent: number of values, or its shape; for (height, width, channels) the blocks are those of its grid.
        part: `test` or `validation`, the images that are measured.
        recipe: decides which images validate; mean and PCA are fitted to those that are then left to train on.
        cache_folder: instead of `$DIABOLO_CACHE` or the system's place for caches.
        report: reader of progress.

    Raises:
        DiaboloError: there is no such part, recipe or latent.
        DataError: there are too few images to hold some out.
    """
    from diabolo.train import find_recipe

    chosen = find_recipe(recipe) if isinstance(recipe, str) else recipe
    shape = _latent_shape(latent)
    key = _key(dataset.digest, dataset.image_shape, shape, part, chosen.validation, chosen.validation_fraction)
    found = read_references(key, cache_folder)
    return found if found is not None else _measure(key, dataset, chosen, shape, part, cache_folder, report)


def references_of_run(
    run_folder: str | Path | RunFolder,
    *,
    part: str = "test",
    data: Any = None,
    cache_folder: Path | None = None,
    measure: bool = True,
    report: Report | None = None,
) -> tuple[Reference, ...]:
    """References for the latent of a run, on its own images; neither those nor torch are needed where they are known.

    Args:
        run_folder: the run.
        part: `test` or `validation`, as the run's recipe splits the images.
        data: the images themselves, or where they are now, if not where they were.
        cache_folder: instead of `$DIABOLO_CACHE` or the system's place for caches.
        measure: False gives what was measured before, or nothing.
        report: reader of progress.

    Raises:
        RunError: there is no run, its record is damaged, or its images are no longer the same.
        DataError: its images cannot be found.
        DiaboloError: there is no such part.
    """
    folder = run_folder if isinstance(run_folder, RunFolder) else RunFolder(path=Path(run_folder))
    record = folder.record()
    shape = latent_shape_of(record)
    recipe = record.recipe
    key = _key(
        record.data.get("digest"),
        record.input_shape,
        shape,
        part,
        recipe.get("validation"),
        recipe.get("validation_fraction"),
    )
    found = read_references(key, cache_folder)
    if found is not None or not measure:
        return found or ()
    from diabolo.api.recorded_data import load_recorded_data
    from diabolo.train import recipe_from_record

    dataset = load_recorded_data(folder, record, data=data, report=report)
    return _measure(key, dataset, recipe_from_record(recipe), shape, part, cache_folder, report)


def latent_shape_of(record: RunRecord) -> tuple[int, ...]:
    """The shape of a run's latent: (height, width, channels) of maps, or (values,)."""
    return tuple(build_graph(record.line, record.input_shape).latent_shape)


def _measure(
    key: str,
    dataset: Dataset,
    recipe: "Recipe",
    latent_shape: tuple[int, ...],
    part: str,
    cache_folder: Path | None,
    report: Report | None,
) -> tuple[Reference, ...]:
    from diabolo.api.recorded_data import training_images

    images = training_images(dataset, recipe)
    is_test = part == "test"
    references = references_for(
        images.train,
        dataset.test if is_test else images.validation,
        latent_values=math.prod(latent_shape),
        block=choose_block(dataset.image_shape, latent_shape),
        train_indices=images.train_indices,
        test_indices=None if is_test else images.validation_indices,
        report=report,
    )
    write_references(key, references, cache_folder)
    return references


def _key(
    digest: Any, image_shape: Sequence[int], latent_shape: tuple[int, ...], part: str, validation: Any, fraction: Any
) -> str:
    if part not in PARTS:
        raise DiaboloError(f"`part` (={part}) must be one of {', '.join(PARTS)}")
    block = choose_block((image_shape[0], image_shape[1], image_shape[2]), latent_shape)
    return cache_key(
        digest=digest,
        part=part,
        latent_values=math.prod(latent_shape),
        block=block,
        validation=validation,
        fraction=None if validation == "test" else fraction,
    )


def _latent_shape(latent: int | Sequence[int]) -> tuple[int, ...]:
    shape = (latent,) if isinstance(latent, int) else tuple(latent)
    if not shape or any(isinstance(side, bool) or not isinstance(side, int) or side < 1 for side in shape):
        raise DiaboloError(f"`latent` (={latent!r}) must be a number of values, or a shape of whole numbers from 1")
    return shape
