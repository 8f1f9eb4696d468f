"""Pictures and the use of the latent of a run, for its report; needs torch, the weights and the images."""

import io
import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from diabolo.data import Dataset
from diabolo.errors import DataError, RunError
from diabolo.report import LatentPart, ModelPictures, Picture, PictureGroup
from diabolo.report.sections import AMPLIFICATION
from diabolo.runs import RunFolder, RunRecord
from diabolo.train import TrainingImages

if TYPE_CHECKING:
    from diabolo.api.job import Job

NUM_SHOWN = 2000
"""Most validation images among which best, median and worst are sought; fewer where they are large."""
NUM_CHOICES = 24
"""Images of the reader's choice."""
_VALUES_SHOWN = NUM_SHOWN * 32 * 32 * 3
_NUM_EACH = 3  # best, median, worst
_LARGEST_SIDE = 160  # pixels: larger images are averaged down by a whole number
_VALUES_ON_PAGE = 1_500_000  # in all pictures; larger images are fewer, so that a page stays under 3 MB
_NUM_WATCHED = 500  # images over which the use of the latent is measured


@dataclass(frozen=True, kw_only=True)
class Looked:
    """What was seen of a run."""

    pictures: ModelPictures
    """For the page."""
    latent: LatentPart | None
    """None where the model was not watched."""


class ImagesOfRuns:
    """The images of runs, each data set loaded once."""

    def __init__(self) -> None:
        self._loaded: dict[str, Dataset | DataError | RunError] = {}

    @classmethod
    def of_job(cls, job: "Job") -> "ImagesOfRuns":
        """The images that a training has in its hands."""
        images = cls()
        images._loaded[job.record.data["digest"]] = job.dataset
        return images

    def of(self, folder: RunFolder, record: RunRecord) -> TrainingImages:
        """The images of a run, split by its recipe.

        Raises:
            RunError, DataError: they cannot be had, or are no longer the same.
        """
        from diabolo.api.recorded_data import load_recorded_data, training_images
        from diabolo.train import recipe_from_record

        digest = record.data["digest"]
        if digest not in self._loaded:
            try:
                self._loaded[digest] = load_recorded_data(folder, record)
            except (DataError, RunError) as error:
                self._loaded[digest] = error
        found = self._loaded[digest]
        if not isinstance(found, Dataset):
            raise found
        return training_images(found, recipe_from_record(record.recipe))


def look_at(path: str, images: TrainingImages, *, num_models: int = 1) -> Looked:
    """Puts validation images through a run's kept weights.

    Args:
        path: the run's folder.
        images: its images.
        num_models: how many models share the page: more models, fewer pictures of each.

    Raises:
        RunError: the weights are missing or damaged.
        DataError: the images are of a kind that no picture can show.
    """
    from diabolo.api.activity import measure_activity
    from diabolo.figures.reconstructions import choose_groups
    from diabolo.figures.tiles import check_images
    from diabolo.use import Run, psnr_of

    run = Run(path)
    shape = run.record.input_shape
    most = max(1, min(NUM_SHOWN, _VALUES_SHOWN // math.prod(shape)))
    originals = np.ascontiguousarray(images.validation[images.validation_indices[:most]])
    if len(originals) == 0:
        raise DataError(f"`{path}` has no validation images; nothing can be shown of it")
    check_images(originals)
    reconstructions = run.reconstruct(originals)
    psnr = psnr_of(originals, reconstructions)
    side = max(1, -(-max(shape[:2]) // _LARGEST_SIDE))
    affordable = _VALUES_ON_PAGE // num_models // (math.prod(shape) // side**2 * 3)
    num_each = max(1, min(_NUM_EACH, affordable // 9))
    num_choices = max(1, min(NUM_CHOICES, affordable - 3 * num_each, len(originals)))

    def picture(index: int) -> Picture:
        return _picture(index, originals[index], reconstructions[index], float(psnr[index]), side)

    groups = tuple(
        PictureGroup(name=group.name, pictures=tuple(map(picture, group.indices)))
        for group in choose_groups(psnr, num_each, ())
    )
    chosen = np.unique(np.linspace(0, len(originals) - 1, num_choices).round().astype(int))
    kind = "test" if run.record.recipe.get("validation") == "test" else "validation"
    seed = f"seed {run.record.seed}, " if num_models > 1 else ""
    mean = psnr[np.isfinite(psnr)].mean() if np.isfinite(psnr).any() else math.nan
    caption = f"{seed.capitalize()}kept weights, {len(originals):,} {kind} images, mean PSNR {mean:.2f} dB."
    watched = originals[:_NUM_WATCHED]
    activity = measure_activity(run.model, watched)
    return Looked(
        pictures=ModelPictures(
            groups=groups,
            choice=tuple(picture(int(index)) for index in chosen),
            caption=f"{caption[0].upper()}{caption[1:]}",
            psnr=tuple(psnr.tolist()),
            images=f"{kind} images",
        ),
        latent=LatentPart(
            deviation=activity.latent_deviation, images=f"{len(watched):,} {kind} images", kl=activity.kl
        ),
    )


def _picture(
    number: int, original: NDArray[np.uint8], reconstruction: NDArray[np.float32], psnr: float, side: int
) -> Picture:
    from diabolo.figures.tiles import signed_difference, to_bytes

    return Picture(
        number=number,
        original=_png(original, side),
        reconstruction=_png(to_bytes(reconstruction), side),
        difference=_png(signed_difference(original, reconstruction, AMPLIFICATION), side),
        psnr=psnr,
    )


def _png(pixels: NDArray[np.uint8], side: int) -> bytes:
    """(height, width, 1 or 3) as a PNG, averaged down by `side`."""
    from PIL import Image

    image = Image.fromarray(pixels[:, :, 0] if pixels.shape[2] == 1 else pixels)
    if side > 1:
        image = image.reduce(side)
    written = io.BytesIO()
    image.save(written, format="PNG", optimize=True)
    return written.getvalue()
