"""Carries a `Job` out: events into the folder, the test set once at the end, the figures."""

import contextlib
import os
import shlex
from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace

import numpy as np
import torch
from numpy.typing import NDArray

from diabolo.api.bottleneck_use import bottleneck_use, in_one_table
from diabolo.api.job import Job
from diabolo.api.preflight import examine_job, write_findings
from diabolo.data import Images
from diabolo.errors import DiaboloError, MemoryLimitError, RunError, is_out_of_memory
from diabolo.files import write_array
from diabolo.model import AutoEncoder
from diabolo.model.device import device_of
from diabolo.runs import write_record
from diabolo.train import (
    CHECKPOINT_SECONDS,
    Diverged,
    Evaluation,
    Event,
    ImageSource,
    Stopped,
    Trained,
    evaluate,
    floor_of,
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
    notes: tuple[str, ...] = ()
    """Lines that a user must see: what could not be written of what a run is whole without."""


def execute(
    job: Job,
    *,
    watch: Callable[[Event], None] = lambda event: None,
    should_stop: Callable[[], bool] = lambda: False,
    pictures: bool = True,
) -> Outcome:
    """Trains, or goes on training, and writes everything that a finished run holds.

    The job's model is left in evaluation mode, with the kept weights where training came to its end. torch computes
    with the number of threads that the run was started with, since another number adds in another order. A state is
    written every minute; `$DIABOLO_CHECKPOINT_SECONDS` says otherwise.

    Args:
        job: from `new_job` or `resumed_job`.
        watch: called with every event, after it was written.
        should_stop: asked before each step; True ends training with a state to go on from.
        pictures: False leaves out `curves.png`, `reconstructions.png` and `report.html`.

    Raises:
        RunError: another process writes this run, or made one in this folder meanwhile.
        MemoryLimitError: memory is short; what was written before stays whole.
        OutputError: the folder cannot be written, or the disk is full; what was written before stays whole.
    """
    end: Event | None = None
    with job.folder.writing(), _threads(job.record.threads):
        if job.resume is None and job.folder.exists():
            raise RunError(f"`{job.folder.path}` holds a run that was made meanwhile; choose another `--out`")
        write_findings(job.folder, examine_job(job))
        events = train(
            job.model,
            job.images,
            job.recipe,
            seed=job.record.seed,
            resume=job.resume,
            should_stop=should_stop,
            checkpoint_seconds=_checkpoint_seconds(),
        )
        with _memory_errors(job):
            for end in write_events(events, job.model, job.folder, job.record):
                watch(end)
        assert isinstance(end, Trained | Stopped | Diverged)
        job.model.eval()
        run = Run(job.folder.path)
        if pictures:
            from diabolo.api.figures import draw_run_figures  # late: matplotlib would hold up the first step

            draw_run_figures(run, job)
        if isinstance(end, Trained):  # late, so that `finished` means that all but the report is there
            write_record(job.folder.record_file, replace(job.record, status="finished", test=_test(job)))
            run = Run(job.folder.path)
        notes = _reported(run, job) if pictures and run.folder.history_file.exists() else ()
    return Outcome(run=run, end=end, notes=notes)


def _reported(run: Run, job: Job) -> tuple[str, ...]:
    """Writes `report.html`, after all else: it shows the test results. A run is whole without it."""
    from diabolo.api.report import write_run_report

    try:
        write_run_report(run, job)
    except DiaboloError as error:
        again = f"diabolo report {shlex.quote(str(run.folder.path))}"
        return (f"the report was not written: {error}; `{again}` writes it",)
    return ()


def _test(job: Job) -> dict[str, float]:
    """Results of the kept weights on the test images, written image by image too.

    This is the only place of a training that reads the test images.
    """
    tensors, _ = read_tensors(job.folder.model_file)
    load_weights(job.model, tensors)
    measured, floor = _evaluated(job.model, job.dataset.test, job.recipe.loss, None)
    write_array(job.folder.test_psnr_file, measured.psnr_per_image.astype(np.float32))
    return {**_results(measured, floor), **in_one_table(bottleneck_use(job.model, job.dataset.test))}


def measure(
    model: AutoEncoder, images: Images, loss_name: str, *, indices: NDArray[np.int64] | None = None
) -> dict[str, float]:
    """Loss, its excess over the floor, MSE, PSNR (dB) and SSIM of a model on uint8 images (N, H, W, C).

    Args:
        model: on any device.
        images: the images, at the model's size.
        loss_name: as a recipe names it.
        indices: which of the images; by default all.

    Raises:
        RecipeError: the loss does not fit the model.
        DataError: there are no images.
    """
    return _results(*_evaluated(model, images, loss_name, indices))


def _evaluated(
    model: AutoEncoder, images: Images, loss_name: str, indices: NDArray[np.int64] | None
) -> tuple[Evaluation, float]:
    """What was measured, and the loss of a perfect reconstruction."""
    loss = loss_for(loss_name, model)
    chosen = np.arange(len(images)) if indices is None else indices
    device = device_of(model)
    return evaluate(model, ImageSource(images, device), chosen, loss), floor_of(loss, images, chosen)


def _results(measured: Evaluation, floor: float) -> dict[str, float]:
    return {
        "num_images": measured.num_images,
        "loss": measured.loss,
        "excess": measured.loss - floor,
        "mse": measured.mse,
        "psnr": measured.psnr,
        "ssim": measured.ssim,
    }


@contextlib.contextmanager
def _threads(number: int) -> Iterator[None]:
    """torch with this number of threads within the block."""
    before = torch.get_num_threads()
    torch.set_num_threads(number)
    try:
        yield
    finally:
        torch.set_num_threads(before)


@contextlib.contextmanager
def _memory_errors(job: Job) -> Iterator[None]:
    """Says what to do where memory is short; what was written before is whole."""
    try:
        yield
    except (MemoryError, RuntimeError) as error:
        if not is_out_of_memory(error):
            raise
        size = job.recipe.batch_size
        smaller = f"`--set batch_size={size // 2}`, " if size > 1 else ""
        kept = (
            f"; what was saved is whole: `diabolo train --resume {shlex.quote(str(job.folder.path))}` goes on with it "
        )
        raise MemoryLimitError(
            f"out of memory with `batch_size` (={size}); train again with {smaller}smaller images (`--size`) or a "
            f"smaller model{kept + 'where there is more memory' if job.folder.exists() else ''}"
        ) from error


def _checkpoint_seconds() -> float:
    text = os.environ.get("DIABOLO_CHECKPOINT_SECONDS", "")
    if not text:
        return CHECKPOINT_SECONDS
    try:
        seconds = float(text)
        if not seconds >= 0:
            raise ValueError
    except ValueError:
        raise DiaboloError(f"`$DIABOLO_CHECKPOINT_SECONDS` (={text}) must be a number of seconds, 0 or more") from None
    return seconds
