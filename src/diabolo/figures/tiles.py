"""Images as tiles of a figure: bytes, three channels, each pixel a visible square, and signed differences as grey."""

from collections.abc import Sequence

import numpy as np
from numpy.typing import NDArray
from PIL import Image

from diabolo.errors import DataError

_WANTED_SIDE = 128  # pixels: small images are enlarged by a whole number to about this
_LARGEST_SIDE = 256  # larger images are averaged down by a whole number to at most this


def check_images(images_uint8: NDArray[np.uint8], **companions: NDArray[np.floating] | NDArray[np.uint8]) -> None:
    """Refuses images that cannot be drawn, and companions (reconstructions, PSNRs) that do not belong to them.

    Raises:
        DataError: not (images, height, width, 1 or 3) bytes, no images, or a companion of another length or shape.
    """
    shape = images_uint8.shape
    if images_uint8.ndim != 4 or shape[3] not in (1, 3) or 0 in shape:
        raise DataError(f"`images` has shape {shape}; figures need (images, height, width, channels), channels 1 or 3")
    if images_uint8.dtype != np.uint8:
        raise DataError(f"`images` is {images_uint8.dtype}; figures need bytes (uint8, 0 to 255)")
    for name, array in companions.items():
        expected = shape[:1] if array.ndim == 1 else shape
        if array.shape != expected:
            raise DataError(f"`{name}` has shape {array.shape}; it must be {expected} to go with the images")


def to_bytes(reconstructions: NDArray[np.floating]) -> NDArray[np.uint8]:
    """Floats in [0, 1] as bytes, clipped and rounded to the nearest; NaN becomes black."""
    scaled = np.nan_to_num(np.asarray(reconstructions, dtype=np.float64), nan=0.0) * 255.0
    return np.rint(np.clip(scaled, 0.0, 255.0)).astype(np.uint8)


def signed_difference(
    image_uint8: NDArray[np.uint8], reconstruction: NDArray[np.floating], amplification: float
) -> NDArray[np.uint8]:
    """`128 + amplification × (reconstruction − original)` in bytes: mid-grey where equal, lighter where too light."""
    difference = np.clip(np.nan_to_num(np.asarray(reconstruction, np.float64)), 0.0, 1.0) * 255.0 - image_uint8
    return np.rint(np.clip(128.0 + amplification * difference, 0.0, 255.0)).astype(np.uint8)


def tile(image_uint8: NDArray[np.uint8]) -> NDArray[np.uint8]:
    """One image (height, width, 1 or 3) as it is drawn: three channels, each pixel a square of `enlargement` pixels.

    Sides over 256 pixels are averaged down by a whole number instead.
    """
    rgb = np.repeat(image_uint8, 3, axis=2) if image_uint8.shape[2] == 1 else image_uint8
    longest = max(rgb.shape[:2])
    if longest > _LARGEST_SIDE:
        return np.asarray(Image.fromarray(np.ascontiguousarray(rgb)).reduce(-(-longest // _LARGEST_SIDE)))
    factor = enlargement(image_uint8.shape)
    return np.ascontiguousarray(rgb.repeat(factor, axis=0).repeat(factor, axis=1))


def enlargement(shape: Sequence[int]) -> int:
    """How many pixels of the figure one pixel of an image takes on a side (at least 1): 4 for 32 × 32."""
    return max(1, round(_WANTED_SIDE / max(shape[0], shape[1])))


def psnr_text(psnr_db: float) -> str:
    """A PSNR as it stands under a tile."""
    return f"{psnr_db:.1f} dB" if np.isfinite(psnr_db) else "not finite" if np.isnan(psnr_db) else "exact"
