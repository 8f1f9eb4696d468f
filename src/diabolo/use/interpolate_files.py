"""Two image files in, a strip of images between them out."""

from pathlib import Path

import numpy as np

from diabolo.data.images import UnreadableImageError, fit_image, read_image
from diabolo.errors import DataError, DiaboloError
from diabolo.printable import printable
from diabolo.use.interpolate import interpolate
from diabolo.use.pictures import write_png
from diabolo.use.run import Run
from diabolo.use.sight import size_is_fixed_by

_GAP = 2  # white pixels between images


def interpolate_files(
    run: Run,
    first: Path,
    second: Path,
    target: Path,
    *,
    steps: int = 8,
    path: str | None = None,
    fit: str | None = None,
    memory: float | None = None,
) -> int:
    """Writes a strip: the first image, `steps` images on the way between the two latents, the second image.

    Args:
        run: a trained run.
        first: an image file.
        second: another; where the sizes differ `fit` brings it to the first's.
        target: the PNG file.
        steps: as of `interpolate`.
        path: as of `interpolate`.
        fit: `crop`, `pad` or `stretch`; for a model that takes one size only it brings both images to that.
        memory: MiB that activations may take. None: 1024.

    Returns:
        How many images the strip shows, the two originals included.

    Raises:
        DataError: a file cannot be read, or needs a `fit`.
        DiaboloError: as of `interpolate`.
        OutputError: the file cannot be written.
    """
    height, width, channels = run.record.input_shape
    fixed = size_is_fixed_by(run.graph) is not None
    images: list[np.ndarray] = []
    for file in (first, second):
        try:
            image = read_image(file, channels)
        except UnreadableImageError as error:
            raise DataError(f"`{printable(file)}` cannot be read: {error}") from error
        size = (height, width) if fixed else images[0].shape[:2] if images else image.shape[:2]
        if image.shape[:2] != size and fit is None:
            whose = "the model takes" if fixed else "the first image has"
            raise DiaboloError(
                f"`{printable(file)}` is {image.shape[0]}×{image.shape[1]} pixels, and {whose} {size[0]}×{size[1]}; "
                "say how to bring it to that size: `--fit crop`, `--fit pad` or `--fit stretch`"
            )
        images.append(fit_image(image, size, fit, name=printable(file)))
    between = interpolate(run.model, images[0], images[1], steps=steps, path=path, memory=memory)
    shown = [images[0], *np.rint(between * 255).astype(np.uint8), images[1]]
    gap = np.full((images[0].shape[0], _GAP, channels), 255, np.uint8)
    parts = [part for image in shown for part in (gap, image)][1:]
    write_png(target, np.concatenate(parts, axis=1))
    return len(shown)
