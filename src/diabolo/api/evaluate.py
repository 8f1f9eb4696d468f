"""Measuring a run on a part of its own images, or on others."""

from collections.abc import Mapping
from typing import Any

import numpy as np

from diabolo.api.execute import test_results
from diabolo.api.job import Report, load_recorded_data, training_images
from diabolo.data import Dataset, load_data
from diabolo.errors import DiaboloError
from diabolo.train import recipe_from_record
from diabolo.use import Run


def evaluate_part(
    run: Run,
    part: str,
    *,
    data: str | None = None,
    data_options: Mapping[str, Any] | None = None,
    report: Report | None = None,
) -> tuple[dict[str, float], Dataset]:
    """Loss, excess, MSE, PSNR (dB) and SSIM of a run's kept weights.

    Args:
        run: the run.
        part: `train`, `validation` or `test`, as the run's recipe splits the images.
        data: other images than the run's own.
        data_options: `size`, `fit`, `channels` for folders of images.
        report: reader of progress.

    Raises:
        DiaboloError: the images do not fit the model.
        RunError: the weights are missing or damaged, or the run's own images are no longer the same.
    """
    recipe = recipe_from_record(run.record.recipe)
    if data is None:
        dataset = load_recorded_data(run.folder, run.record, report=report)
    else:
        dataset = load_data(data, report=report, **(data_options or {}))
    if dataset.image_shape != run.record.input_shape:
        raise DiaboloError(
            f"`{dataset.name}` has {dataset.image_shape} images, and this run's model takes {run.record.input_shape}; "
            "resize them with `--size` and `--fit`"
        )
    images = training_images(dataset, recipe)
    chosen: np.ndarray = {
        "train": lambda: images.train[images.train_indices],
        "validation": lambda: images.validation[images.validation_indices],
        "test": lambda: dataset.test,
    }[part]()
    return test_results(run.model, chosen, recipe.loss), dataset
