"""`references_for`: every reference for images and a latent size."""

import numpy as np
from numpy.typing import NDArray

from diabolo.data import Images
from diabolo.errors import DataError, DiaboloError
from diabolo.references.blocks import check_block
from diabolo.references.codecs import CODECS
from diabolo.references.coded import coded_reference
from diabolo.references.linear import block_components, mean_and_components
from diabolo.references.measure import entropy_floor
from diabolo.references.pieces import Report, part_of
from diabolo.references.reference import Reference

MOST_TRAIN_IMAGES = 50_000
"""More are not needed to know the directions; evenly spaced ones are taken."""
MOST_TEST_IMAGES = 10_000
"""More are not needed for a mean to a few hundredths of a decibel; evenly spaced ones are taken."""
MOST_PIXEL_VALUES = 1 << 28
"""The same for large images: 1,783 images of 224×224×3."""
MOST_CODED_VALUES = 1 << 25
"""Pixel values that go through JPEG and WebP: all of CIFAR-10's test images, 222 images of 224×224×3."""


def references_for(
    train: Images,
    test: Images,
    *,
    latent_values: int,
    block: tuple[int, int] | None = None,
    train_indices: NDArray[np.int64] | None = None,
    test_indices: NDArray[np.int64] | None = None,
    report: Report | None = None,
) -> tuple[Reference, ...]:
    """What needs no training reaches: mean image, PCA, PCA by blocks, JPEG, WebP, and the floor of cross-entropy.

    Mean and directions come from the train images alone; all are measured on the test images as a run is:
    `diabolo.metrics`, reconstructions clipped. Memory stays bounded, also for images on disk.

    Args:
        train: uint8 (N, H, W, C), C is 1 or 3.
        test: uint8 (M, H, W, C).
        latent_values: numbers that PCA keeps of an image, and bytes that a codec may use.
        block: height and width of a block that divides the images; `choose_block` finds one. None: no blocks.
        train_indices: which of `train`; None: all.
        test_indices: which of `test`; None: all.
        report: reader of progress.

    Returns:
        In that order. One that cannot be had is there too, without numbers and with the reason in its note.

    Raises:
        DataError: not uint8 images, none at all, or of different sizes.
        DiaboloError: `latent_values` is no whole number from 1, or the block does not divide the images.
    """
    if isinstance(latent_values, bool) or not isinstance(latent_values, int | np.integer) or latent_values < 1:
        raise DiaboloError(f"`latent_values` (={latent_values!r}) must be a whole number from 1")
    all_train = part_of(train, train_indices, name="train", report=report)
    all_test = part_of(test, test_indices, name="test", report=report)
    if all_train.image_shape != all_test.image_shape:
        sizes = ["×".join(map(str, part.image_shape)) for part in (all_train, all_test)]
        raise DataError(f"the images of `train` are {sizes[0]} and those of `test` {sizes[1]}; they must be the same")
    if block is not None:
        check_block(block, all_train.image_shape)
    values = int(latent_values)
    fitted = all_train.at_most(MOST_TRAIN_IMAGES, MOST_PIXEL_VALUES)
    measured = all_test.at_most(MOST_TEST_IMAGES, MOST_PIXEL_VALUES)
    fewer_measured = measured.told_apart(all_test, "Measured on")
    fewer = fitted.told_apart(all_train, "Fitted to") + fewer_measured
    floor = entropy_floor(measured)
    references = mean_and_components(fitted, measured, values, floor, fewer)
    if block is not None:
        references.append(block_components(fitted, measured, values, block, floor, fewer))
    coded = all_test.at_most(MOST_TEST_IMAGES, MOST_CODED_VALUES)
    coded_floor = floor if len(coded) == len(measured) else entropy_floor(coded)
    fewer_coded = coded.told_apart(all_test, "Measured on")
    references += [coded_reference(codec, coded, values, coded_floor, fewer_coded) for codec in CODECS]
    return (*references, _floor_reference(floor, fewer_measured))


def _floor_reference(floor: float, fewer: str) -> Reference:
    return Reference(
        name="bce-floor",
        title="floor of cross-entropy",
        psnr=None,
        mse=None,
        ssim=None,
        bce=floor,
        bce_excess=0.0,
        latent_values=None,
        bytes_per_image=None,
        note=f"A perfect copy of these images has a binary cross-entropy of {floor:.4f} nats a value.{fewer}",
    )
