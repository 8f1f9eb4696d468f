"""`diabolo.sample`: new images out of a variational model, as an array or as one picture."""

import math
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from diabolo.use import Run
from diabolo.use.open import open_model
from diabolo.use.pictures import write_png
from diabolo.use.sample import sample as draw

_GAP = 2  # pixels of white around an image


def sample(
    run: str | Path | Run,
    num_images: int = 64,
    *,
    output: str | Path | None = None,
    seed: int = 0,
    temperature: float = 1.0,
    memory: float | None = None,
) -> NDArray[np.float32]:
    """Draws images from a variational model's prior; see `diabolo.use.sample.sample`.

    Args:
        run: a run folder or a run, its latent what a `gaussian` bottleneck gives.
        num_images: how many.
        output: a PNG that shows them in rows; None writes nothing.
        seed: of the latents.
        temperature: factor of the latents' standard deviation.
        memory: MiB that activations may take. None: 1024.

    Returns:
        float32 (N, H, W, C) in [0, 1].

    Raises:
        DiaboloError: the model cannot be sampled, or an argument has a wrong value.
        OutputError: the picture cannot be written.
    """
    images = draw(open_model(run).model, num_images, seed=seed, temperature=temperature, memory=memory)
    if output is not None:
        write_png(Path(output), in_rows(np.rint(images * 255).astype(np.uint8)))
    return images


def in_rows(images: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """Images (N, H, W, C) as one picture (height, width, C), about as wide as high, white between them."""
    number, height, width, channels = images.shape
    columns = max(1, min(number, round(math.sqrt(number * height / width))))
    rows = -(-number // columns)
    page = np.full((rows * (height + _GAP) + _GAP, columns * (width + _GAP) + _GAP, channels), 255, np.uint8)
    for index, image in enumerate(images):
        top, left = index // columns * (height + _GAP) + _GAP, index % columns * (width + _GAP) + _GAP
        page[top : top + height, left : left + width] = image
    return page
