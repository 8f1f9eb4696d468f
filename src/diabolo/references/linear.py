"""The linear references: the mean image, PCA of whole images, PCA of blocks."""

import math

import numpy as np
from numpy.typing import NDArray

from diabolo.references.blocks import from_blocks, to_blocks
from diabolo.references.components import Components, fit_components
from diabolo.references.measure import Rebuild, measure
from diabolo.references.pieces import Part, num_images
from diabolo.references.reference import Reference, without_numbers

MOST_VALUES = 4096
"""Values of an image or block above which its PCA is left out: the covariance would take more than 128 MiB."""


def mean_and_components(train: Part, test: Part, latent_values: int, floor: float, fewer: str) -> list[Reference]:
    """The mean image, and PCA of whole images, which gives the mean on its way.

    Args:
        train: images to fit to.
        test: images to measure.
        latent_values: numbers that are kept of an image.
        floor: of cross-entropy on `test`.
        fewer: sentences for the notes, where not all images were used.
    """
    shape = train.image_shape
    size = math.prod(shape)
    title = f"PCA with {min(latent_values, size):,} values"
    if size > MOST_VALUES:
        why = f"Left out: an image has {size:,} values, and PCA of whole images is computed up to {MOST_VALUES:,}."
        return [_mean(_mean_of(train), test, floor, fewer), without_numbers("pca", title, why)]
    rows = (piece.reshape(len(piece), size) for piece in train.pieces("fitting PCA"))
    components = fit_components(rows, min(latent_values, size))
    kept = components.directions.shape[1]
    note = f"The best linear map of whole images to {kept:,} numbers, fitted to {num_images(len(train))}."
    if size < latent_values:
        note += f" The latent has {latent_values:,} values, but an image only {size:,}."
    if kept < min(size, latent_values):
        note += f" The images that it was fitted to vary in {kept:,} directions only."
    whole = measure(
        _rebuilder(components, shape[:2], shape),
        test,
        floor,
        name="pca",
        title=title,
        latent_values=kept,
        note=note + fewer,
    )
    return [_mean(components.mean, test, floor, fewer), whole]


def block_components(
    train: Part, test: Part, latent_values: int, block: tuple[int, int], floor: float, fewer: str
) -> Reference:
    """PCA of blocks, each with an equal share of the latent values; arguments as of `mean_and_components`.

    Args:
        train: see there.
        test: see there.
        latent_values: see there.
        block: height and width, which divide the image's.
        floor: see there.
        fewer: see there.
    """
    shape = train.image_shape
    size = block[0] * block[1] * shape[2]
    num_blocks = math.prod(shape) // size
    share = min(latent_values // num_blocks, size)
    title = f"PCA of {block[0]}×{block[1]} blocks, {share:,} of {size:,}"
    if not share:
        return without_numbers("pca-blocks", title, f"Left out: {num_blocks:,} blocks for {latent_values:,} values.")
    if size > MOST_VALUES:
        why = f"Left out: a block has {size:,} values, and PCA is computed up to {MOST_VALUES:,}."
        return without_numbers("pca-blocks", title, why)
    rows = (to_blocks(piece, block) for piece in train.pieces("fitting PCA of blocks"))
    components = fit_components(rows, share)
    kept = components.directions.shape[1]
    note = f"The best linear map of each block to {kept:,} numbers, fitted to {num_images(len(train))}."
    if num_blocks * kept < latent_values:
        note += f" It keeps {num_blocks * kept:,} of the {latent_values:,} values."
    return measure(
        _rebuilder(components, block, shape),
        test,
        floor,
        name="pca-blocks",
        title=title,
        latent_values=num_blocks * kept,
        note=note + fewer,
    )


def _mean(mean: NDArray[np.float64], test: Part, floor: float, fewer: str) -> Reference:
    image = mean.astype(np.float32).reshape(1, *test.image_shape)
    return measure(
        lambda piece: np.repeat(image, len(piece), axis=0),
        test,
        floor,
        name="mean",
        title="mean image",
        latent_values=0,
        note="The same for every image: what a model that learns nothing reaches." + fewer,
    )


def _mean_of(train: Part) -> NDArray[np.float64]:
    total = np.zeros(train.image_shape)
    for piece in train.pieces("averaging images"):
        total += piece.sum(axis=0, dtype=np.int64)
    return total / len(train) / 255


def _rebuilder(components: Components, block: tuple[int, int], image_shape: tuple[int, int, int]) -> Rebuild:
    def rebuild(piece: NDArray[np.uint8]) -> NDArray[np.float32]:
        return np.ascontiguousarray(from_blocks(components.reconstruct(to_blocks(piece, block)), block, image_shape))

    return rebuild
