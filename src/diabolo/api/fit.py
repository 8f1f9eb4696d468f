"""`fit`: train a model in one call, as `diabolo train` does."""

from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Any

from diabolo.api.execute import execute
from diabolo.api.job import new_job
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
    recipe: str | Recipe = "fast",
    seed: int = 0,
    out: str | Path | None = None,
    device: str = "auto",
    data_options: Mapping[str, Any] | None = None,
    watch: Callable[[Event], None] | None = None,
    **settings: Any,
) -> Run:
    """Trains an autoencoder and returns its run.

    Args:
        model: a zoo name, a line, a spec, or a model (trained in place from the weights that it has).
        data: a catalogue name (`cifar10`), a folder of images, an `.npy`/`.npz` file, or a uint8 array (N, H, W, C).
        recipe: `fast`, `keras`, or a `Recipe`.
        seed: of initial weights and batch order.
        out: the run folder; by default `runs/<model>-<recipe>-seed<seed>`, numbered where it exists.
        device: `auto`, `cpu`, `cuda`.
        data_options: `size`, `fit`, `channels` for folders of images.
        watch: called with every event; by default one line an epoch is printed.
        settings: changes to the recipe, as `epochs=3`.

    Raises:
        DiaboloError: anything does not fit; nothing was written then.
        DivergedError: the loss became NaN or infinite; the last good checkpoint is in the run folder.
    """
    job = new_job(
        model, data, recipe=recipe, settings=settings, seed=seed, out=out, device=device, data_options=data_options
    )
    for note in job.dataset.notes:
        print(note)
    outcome = execute(job, watch=watch or _print_epochs(job.recipe.epochs))
    if isinstance(outcome.end, Diverged):
        end = outcome.end
        raise DivergedError(f"the loss became {end.loss} in epoch {end.epoch}, step {end.step}: {end.cause}")
    return outcome.run


def _print_epochs(num_epochs: int) -> Callable[[Event], None]:
    def watch(event: Event) -> None:
        if isinstance(event, EpochDone):
            print(epoch_line(event.row, num_epochs))

    return watch
