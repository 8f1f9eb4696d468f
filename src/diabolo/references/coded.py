"""The references that are file formats: JPEG and WebP with as many bytes as the latent has values."""

from dataclasses import replace

import numpy as np
from numpy.typing import NDArray

from diabolo.errors import counted
from diabolo.references.codecs import CannotHoldError, Codec, decode, encode, is_available
from diabolo.references.measure import measure
from diabolo.references.pieces import Part
from diabolo.references.reference import Reference, without_numbers

_MOST_TOO_LARGE = 0.05
"""Share of the images that may be too large at any quality before a format counts as unable."""


def coded_reference(codec: Codec, test: Part, budget: int, floor: float, only: str) -> Reference:
    """What a file format reaches.

    Args:
        codec: the format.
        test: images to measure.
        budget: bytes of a whole file.
        floor: of cross-entropy on `test`.
        only: a sentence for the note, where not all images are measured.
    """
    title = f"{codec.title} within {budget:,} bytes"
    if not is_available(codec):
        return without_numbers(codec.name, title, f"Left out: this Pillow writes no {codec.title}.")
    sizes: list[int] = []
    headers: list[int] = []
    num_too_large = 0

    def rebuild(piece: NDArray[np.uint8]) -> NDArray[np.float32]:
        nonlocal num_too_large
        rebuilt = np.empty(piece.shape, np.float32)
        for number, image in enumerate(piece):
            coded = encode(codec, image, budget)
            rebuilt[number] = decode(coded.content, test.image_shape)
            sizes.append(len(coded.content))
            headers.append(codec.header_bytes(coded.content))
            num_too_large += not coded.fits
        rebuilt /= 255
        return rebuilt

    try:
        reference = measure(
            rebuild, test, floor, name=codec.name, title=title, note="", doing=f"coding as {codec.title}"
        )
    except CannotHoldError as error:
        return without_numbers(codec.name, title, f"Left out: {codec.title} cannot hold such images ({error}).")
    header = f"{np.mean(headers):,.0f}"
    if num_too_large > _MOST_TOO_LARGE * len(sizes):
        why = (
            f"Left out: no quality makes {num_too_large:,} of {counted(len(sizes), 'image')} that small; "
            f"the header alone has {header} bytes."
        )
        return without_numbers(codec.name, title, why)
    note = f"One byte for each latent value; {header} bytes are header. A model's values are floats, not bytes."
    if num_too_large:
        note += f" {num_too_large:,} of {counted(len(sizes), 'image')} need more, even at the lowest quality."
    return replace(reference, bytes_per_image=float(np.mean(sizes)), note=note + only)
