"""Carries a `Job` out: events into the folder, the test set once at the end, the figures."""

from collections.abc import Callable
from dataclasses import dataclass, replace

import numpy as np
from numpy.typing import NDArray

from diabolo.api.figures import draw_run_figures
from diabolo.api.job import Job
from diabolo.model import AutoEncoder
from diabolo.runs import write_record
from diabolo.train import (
    Diverged,
    Event,
    ImageSource,
    Stopped,
    Trained,
    evaluate,
    load_weights,
    loss_for,
    read_tensors,
    train,
    write_events,
)
from diabolo.use import Run


@dataclass(frozen=True, kw_only=True)
class Outcome:
    """How a training ended."""

    run: Run
    """The run as it lies on disk now."""
    end: Trained | Stopped | Diverged
    """The last event."""


def execute(
    job: Job, *, watch: Callable[[Event], None] = lambda event: None, should_stop: Callable[[], bool] = lambda: False
) -> Outcome:
    """Trains, or goes on training, and writes everything that a finished run holds.

    Args:
        job: from `new_job` or `resumed_job`.
        watch: called with every event, after it was written.
        should_stop: asked after each step; True ends training with a state to go on from.

    Raises:
        RunError: another process writes this run.
        OutputError: the folder cannot be written.
    """
    end: Event | None = None
    with job.folder.writing():
        events = train(
            job.model, job.images, job.recipe, seed=job.record.seed, resume=job.resume, should_stop=should_stop
        )
        for end in write_events(events, job.model, job.folder, job.record):
            watch(end)
        assert isinstance(end, Trained | Stopped | Diverged)
        if isinstance(end, Trained):
            write_record(job.folder.record_file, replace(job.record, status="finished", test=_test(job)))
        run = Run(job.folder.path)
        draw_run_figures(run, job)
    return Outcome(run=run, end=end)


def _test(job: Job) -> dict[str, float]:
    """Results of the kept weights on the test images; the only place of a training that reads them."""
    tensors, _ = read_tensors(job.folder.model_file)
    load_weights(job.model, tensors)
    return test_results(job.model, job.dataset.test, job.recipe.loss)


def test_results(model: AutoEncoder, images: NDArray[np.uint8], loss_name: str) -> dict[str, float]:
    """Loss, its excess over the floor, MSE, PSNR (dB) and SSIM of a model on uint8 images (N, H, W, C)."""
    loss = loss_for(loss_name, model)
    device = next(model.parameters()).device
    measured = evaluate(model, ImageSource(images, device), np.arange(len(images)), loss)
    return {
        "num_images": measured.num_images,
        "loss": measured.loss,
        "excess": measured.loss - loss.floor(images),
        "mse": measured.mse,
        "psnr": measured.psnr,
        "ssim": measured.ssim,
    }
