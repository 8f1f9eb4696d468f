"""The pictures of a run: curves and reconstructions, drawn from its folder."""

import math

import numpy as np

from diabolo.api.job import Job
from diabolo.figures.curve_data import CurveData
from diabolo.figures.curves import draw_curves
from diabolo.figures.reconstructions import draw_reconstructions
from diabolo.runs.loss_text import describe_loss
from diabolo.train import recipe_from_record
from diabolo.use import Run, psnr_of

NUM_SHOWN = 2000
"""Most validation images among which best, median and worst are sought; fewer where they are large."""
_VALUES_SHOWN = NUM_SHOWN * 32 * 32 * 3
_NO_FLOOR = 1e-6  # a difference of two nearly equal losses; the PSNR's, far below 0, is no level that a model nears


def draw_run_figures(run: Run, job: Job) -> None:
    """Writes `curves.png` and `reconstructions.png`, as far as the run has a history and weights.

    Raises:
        OutputError: the folder cannot be written, or the disk is full.
    """
    if run.folder.history_file.exists():
        draw_curves([curve_data(run)], run.folder.curves_file)
    if run.folder.model_file.exists():
        most = max(1, min(NUM_SHOWN, _VALUES_SHOWN // math.prod(run.record.input_shape)))
        indices = job.images.validation_indices[:most]
        images = np.ascontiguousarray(job.images.validation[indices])
        reconstructions = run.reconstruct(images)
        draw_reconstructions(
            images,
            reconstructions,
            psnr_of(images, reconstructions),
            run.folder.reconstructions_file,
            title=f"{run.name}: {validation_name(run)}",
            line=run.line,
        )


def curve_data(run: Run) -> CurveData:
    """The history of a run as the curves take it."""
    rows, loss = run.history, describe_loss(str(run.record.recipe["loss"]))
    floor = rows[0].val_loss - rows[0].val_excess if rows else 0.0
    return CurveData(
        label=run.name,
        line=run.line,
        epochs=[row.epoch for row in rows],
        loss=[row.loss for row in rows],
        val_loss=[row.val_loss for row in rows],
        val_psnr=[row.val_psnr for row in rows],
        loss_floor=floor if floor > _NO_FLOOR else None,
        loss_name=loss.title,
        loss_unit=loss.unit,
        validation_name=validation_name(run),
    )


def validation_name(run: Run) -> str:
    """What the validation images are, in words."""
    return "test images" if recipe_from_record(run.record.recipe).validation == "test" else "validation"
