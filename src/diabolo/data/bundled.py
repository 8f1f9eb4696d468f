"""The small real sample of CIFAR-10 that comes with the package, for when no source of the full set answers."""

import io
import json
from importlib import resources
from typing import Any

import numpy as np

from diabolo.data.archive import Parts
from diabolo.data.catalogue import CatalogueEntry
from diabolo.data.dataset import bytes_digest
from diabolo.errors import DataError

NUM_COLUMNS = 50
"""Images side by side in a mosaic."""


def read_sample(entry: CatalogueEntry) -> Parts:
    """Reads the sample and verifies it: uint8 (2000, 32, 32, 3) train and (500, 32, 32, 3) test, labels uint8.

    Raises:
        DataError: a file of the installed package is damaged.
    """
    index = read_index(entry)
    parts: Parts = {}
    for part in ("train", "test"):
        labels = np.array(index[part]["labels"], dtype=np.uint8)
        parts[part] = _split_mosaic(_content(entry, f"{part}.webp"), len(labels), entry.image_shape)
        parts[f"{part}_labels"] = labels
        for name in (part, f"{part}_labels"):
            if bytes_digest(parts[name]) != index["digests"][name]:
                raise DataError(
                    f"the sample in the package is damaged (wrong sha256 of its {name}); install diabolo again"
                )
    return parts


def read_index(entry: CatalogueEntry) -> dict[str, Any]:
    """`index.json`: for train and test the rows of the full set and the labels; the sha256 of every part."""
    index: dict[str, Any] = json.loads(_content(entry, "index.json"))
    return index


def choose_rows(labels: np.ndarray, step: int) -> np.ndarray:
    """Rows of the sample: every `step`-th image of each class, in the order of the full set.

    Within a class, so that the classes are as balanced as in the full set.
    """
    return np.sort(np.concatenate([np.flatnonzero(labels == number)[::step] for number in np.unique(labels)]))


def make_mosaic(images: np.ndarray) -> np.ndarray:
    """uint8 (N, H, W, C), N a multiple of `NUM_COLUMNS`, as one picture (N / columns · H, columns · W, C)."""
    num_images, height, width, channels = images.shape
    grid = images.reshape(num_images // NUM_COLUMNS, NUM_COLUMNS, height, width, channels)
    return grid.transpose(0, 2, 1, 3, 4).reshape(-1, NUM_COLUMNS * width, channels)


def _split_mosaic(content: bytes, num_images: int, shape: tuple[int, int, int]) -> np.ndarray:
    from PIL import Image

    height, width, channels = shape
    try:
        with Image.open(io.BytesIO(content), formats=["WEBP"]) as image:
            picture = np.asarray(image.convert("RGB"))
        grid = picture.reshape(-1, height, NUM_COLUMNS, width, channels)
    except (OSError, ValueError, KeyError) as error:
        raise DataError(
            f"the sample in the package cannot be read ({error}); install diabolo again, with a Pillow that reads WebP"
        ) from error
    return np.ascontiguousarray(grid.transpose(0, 2, 1, 3, 4)).reshape(-1, *shape)[:num_images]


def _content(entry: CatalogueEntry, name: str) -> bytes:
    try:
        return resources.files("diabolo.data").joinpath(str(entry.sample), name).read_bytes()
    except OSError as error:
        raise DataError(
            f"`{name}` of the sample is missing from the installed package; install diabolo again"
        ) from error
