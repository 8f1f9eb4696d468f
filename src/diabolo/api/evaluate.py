"""Measuring a run on a part of its own images, or on others."""

from collections.abc import Mapping
from typing import Any

from diabolo.api.execute import measure
from diabolo.api.job import check_image_shape
from diabolo.api.recorded_data import load_recorded_data, training_images
from diabolo.data import Dataset, load_data
from diabolo.data.dataset import Report
from diabolo.errors import DiaboloError
from diabolo.train import recipe_from_record
from diabolo.use import Run

PARTS = ("train", "validation", "test")
"""Parts of a data set that can be measured."""


def evaluate_part(
    run: Run,
    part: str,
    *,
    data: Any = None,
    data_options: Mapping[str, Any] | None = None,
    report: Report | None = None,
) -> tuple[dict[str, float], Dataset]:
    """Loss, excess, MSE, PSNR (dB) and SSIM of a run's kept weights.

    Args:
        run: the run.
        part: `train`, `validation` or `test`, as the run's recipe splits the images.
        data: other images than the run's own: a name, a path or an array, as of `load_data`.
        data_options: `size`, `fit`, `channels`.
        report: reader of progress.

    Raises:
        DiaboloError: there is no such part, or the images do not fit the model.
        RunError: the weights are missing or damaged, or the run's own images are no longer the same.
    """
    if part not in PARTS:
        raise DiaboloError(f"`part` (={part}) must be one of {', '.join(PARTS)}")
    recipe = recipe_from_record(run.record.recipe)
    if data is None:
        dataset = load_recorded_data(run.folder, run.record, report=report)
    else:
        dataset = load_data(data, report=report, **(data_options or {}))
    check_image_shape(dataset, run.record.input_shape)
    if part == "test":
        return measure(run.model, dataset.test, recipe.loss), dataset
    images = training_images(dataset, recipe)
    if part == "train":
        return measure(run.model, images.train, recipe.loss, indices=images.train_indices), dataset
    return measure(run.model, images.validation, recipe.loss, indices=images.validation_indices), dataset
