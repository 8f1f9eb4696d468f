"""`neighbours`: the nearest images in latent space, as `diabolo neighbours` finds them."""

from collections.abc import Sequence
from pathlib import Path

from diabolo.data.dataset import Report
from diabolo.errors import OutputError
from diabolo.printable import printable
from diabolo.use import Run
from diabolo.use.neighbours import FoundNeighbours, find_neighbours
from diabolo.use.neighbours_picture import draw_neighbours
from diabolo.use.open import open_model
from diabolo.use.score_stream import Reading


def neighbours(
    run: str | Path | Run,
    queries: str | Path | Sequence[str | Path],
    among: str | Path | Sequence[str | Path],
    *,
    k: int = 8,
    pool: str | None = None,
    metric: str = "cosine",
    output: str | Path | None = None,
    fit: str | None = None,
    memory: float | None = None,
    workers: int | None = None,
    report: Report | None = None,
) -> FoundNeighbours:
    """Finds the images that are most like each query, to the encoder of a run.

    Args:
        run: a run or its folder.
        queries: image files, or folders.
        among: image files, folders, or a file of latents that `diabolo.encode` wrote with this run.
        k: how many neighbours.
        pool: `mean`, `max` or `flat`: how a latent map becomes one vector. None: `mean`, or as in the file of latents.
        metric: `cosine` or `euclidean`.
        output: a PNG file for a picture of queries and neighbours.
        fit: `crop`, `pad` or `stretch`, to bring images to the model's size.
        memory: MiB that activations may take.
        workers: threads that decode images.
        report: reader of progress.

    Raises:
        DiaboloError: as of `diabolo.use.neighbours.find_neighbours`.
        OutputError: the picture cannot be written.
    """
    if output is not None and Path(output).suffix.lower() != ".png":  # said before the search, not after it
        raise OutputError(f"cannot write `{printable(output)}`: choose a name that ends in `.png`")
    opened = open_model(run)
    found = find_neighbours(
        opened,
        _listed(queries),
        _listed(among),
        k=k,
        pool=pool,
        metric=metric,
        reading=Reading(fit=fit, memory=memory, workers=workers, report=report),
    )
    if output is not None:
        title = f"{opened.name}: nearest images of {found.num_searched:,}"
        draw_neighbours(found, Path(output), title=title, line=opened.line, metric=metric)
    return found


def _listed(paths: str | Path | Sequence[str | Path]) -> list[str | Path]:
    return [paths] if isinstance(paths, str | Path) else list(paths)
