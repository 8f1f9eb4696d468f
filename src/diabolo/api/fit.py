"""`fit` and `resume`: train a model in one call, as `diabolo train` does."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from diabolo.allocator import use_huge_pages
from diabolo.api.execute import execute
from diabolo.api.job import Job, new_job, resumed_job
from diabolo.errors import DivergedError
from diabolo.model import AutoEncoder
from diabolo.notation import Spec
from diabolo.runs import epoch_line
from diabolo.train import Diverged, EpochDone, Event, Recipe
from diabolo.use import Run


def fit(
    model: str | Spec | AutoEncoder,
    data: Any = "cifar10",
    *,
    recipe: str | Recipe | None = None,
    seed: int = 0,
    out: str | Path | None = None,
    device: str = "auto",
    engine: str | None = None,
    data_options: Mapping[str, Any] | None = None,
    watch: Callable[[Event], None] | None = None,
    **settings: Any,
) -> Run:
    """Trains an autoencoder and returns its run.

    Args:
        model: a zoo name, a line, a spec, or a model. A model is trained in place from the weights that it has, and
            is left with the kept weights, in evaluation mode, on the device.
        data: a catalogue name (`cifar10`), a folder of images, an `.npy`/`.npz` file, or an array (N, H, W, C) of
            uint8 or of floats in [0, 1].
        recipe: `fast`, `keras`, or a `Recipe`; None: that of the zoo's record with its settings, `fast` for all else.
        seed: of initial weights, batch order and noise. The program's own random numbers are left as they are.
        out: the run folder; by default `runs/<model>-<recipe>-seed<seed>`, numbered where it exists.
        device: `auto`, `cpu`, `cuda`.
        engine: how the model runs on a CPU: `plain` (torch), `fused` (native stages where a line has them) or `auto`
            (`fused` where it was built); None asks `$DIABOLO_ENGINE`, then takes the default. A model that is built
            already keeps its own.
        data_options: `size`, `fit`, `channels`, as of `load_data`.
        watch: called with every event; by default one line an epoch is printed.
        settings: changes to the recipe, as `epochs=3`.

    Raises:
        DiaboloError: anything does not fit; nothing was written then.
        DivergedError: the loss became NaN or infinite; the last good checkpoint is in the run folder.
        OutputError: the run folder cannot be written, or the disk is full.
    """
    use_huge_pages()
    job = new_job(
        model,
        data,
        recipe=recipe,
        settings=settings,
        seed=seed,
        out=out,
        device=device,
        engine=engine,
        data_options=data_options,
    )
    return _carry_out(job, watch)


def resume(run: str | Path | Run, *, data: Any = None, watch: Callable[[Event], None] | None = None) -> Run:
    """Goes on with a training that was stopped or killed; the result is the same as without the interruption.

    Args:
        run: the run or its folder.
        data: the images, where the run was trained on an array in memory or they lie elsewhere now.
        watch: called with every event; by default one line an epoch is printed.

    Raises:
        RunError: the run is finished or damaged, or the images are not the same.
        DivergedError: the loss became NaN or infinite.
        OutputError: the run folder cannot be written, or the disk is full.
    """
    return _carry_out(resumed_job(run.folder.path if isinstance(run, Run) else run, data=data), watch)


def _carry_out(job: Job, watch: Callable[[Event], None] | None) -> Run:
    for note in (*job.dataset.notes, *job.notes):
        print(note)
    print(job.engine)
    outcome = execute(job, watch=watch or _print_epochs(job.recipe.epochs))
    for note in outcome.notes:
        print(note)
    if isinstance(outcome.end, Diverged):
        raise DivergedError(outcome.end.message)
    return outcome.run


def _print_epochs(num_epochs: int) -> Callable[[Event], None]:
    def watch(event: Event) -> None:
        if isinstance(event, EpochDone):
            print(epoch_line(event.row, num_epochs))

    return watch
