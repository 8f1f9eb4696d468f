"""What `AutoencoderTransformer` learns: the shape and range of images in rows, and weights, without a run folder."""

import math
from collections.abc import Mapping
from dataclasses import asdict
from typing import Any

import numpy as np
from numpy.typing import NDArray
from safetensors.torch import save

from diabolo.api.engine import pick_engine
from diabolo.data import split_validation
from diabolo.errors import DataError, DiaboloError, DivergedError
from diabolo.model import build_model
from diabolo.model.device import choose_device
from diabolo.runs import EpochRow
from diabolo.train import Diverged, EpochDone, TrainingImages, find_recipe, train
from diabolo.zoo.resolve import resolve


def trained_weights(
    model: str,
    images: NDArray[np.uint8],
    *,
    recipe: str,
    settings: Mapping[str, Any],
    seed: int,
    device: str,
    engine: str | None,
) -> tuple[str, bytes, list[dict[str, Any]]]:
    """Trains a model on uint8 images (N, H, W, C), some of which are held out for validation.

    Returns:
        The line, the kept weights in the format of safetensors, and a dictionary for each epoch.

    Raises:
        DiaboloError: a choice is wrong, or the model does not fit the images.
        DivergedError: the loss became NaN or infinite.
    """
    chosen = find_recipe(recipe).with_settings(settings)
    if chosen.validation == "test":
        raise DiaboloError(
            f"`recipe` (={recipe}) validates on test images, and an estimator has none; "
            "add `settings={'validation': 'held-out'}`"
        )
    where = choose_device(device)
    picked, _ = pick_engine(engine, where, chosen.precision)
    shape = images.shape[1:]
    built = build_model(
        resolve(model).spec, (shape[0], shape[1], shape[2]), seed=seed, initialisation=chosen.initialisation,
        engine=picked,
    ).to(where)  # fmt: skip
    fraction = max(chosen.validation_fraction, 1 / len(images))
    train_indices, validation_indices = split_validation(len(images), fraction=fraction, seed=seed)
    parts = TrainingImages(
        train=images, train_indices=train_indices, validation=images, validation_indices=validation_indices
    )
    weights = b""
    history: tuple[EpochRow, ...] = ()
    for event in train(built, parts, chosen, seed=seed):
        if isinstance(event, EpochDone):
            history = event.history
            if event.is_kept:
                weights = save({name: value.cpu().contiguous() for name, value in built.state_dict().items()})
        elif isinstance(event, Diverged):
            raise DivergedError(event.message)
    return built.line or "", weights, [asdict(row) for row in history]


def read_shape(
    wanted: tuple[int, int, int] | None, num_values: int, found: tuple[int, int, int] | None
) -> tuple[int, int, int]:
    """(height, width, channels) of images with so many values.

    Args:
        wanted: what the user says, one side of which may be -1; None: nothing.
        num_values: in a row.
        found: what 4-dimensional images said.

    Raises:
        DataError: it does not go with the number of values.
    """
    if wanted is None:
        return found or _square(num_values)
    sides = tuple(wanted) if isinstance(wanted, tuple | list) else ()
    is_whole = all(isinstance(side, int | np.integer) and not isinstance(side, bool) for side in sides)
    if len(sides) != 3 or not is_whole or sum(side == -1 for side in sides) > 1 or any(side < -1 for side in sides):
        raise DataError(f"`image_shape` (={wanted}) must be (height, width, channels); one may be -1")
    known = math.prod(side for side in sides if side != -1)
    if known and -1 in sides and num_values % known == 0:
        sides = tuple(num_values // known if side == -1 else side for side in sides)
    if math.prod(sides) != num_values or sides[2] not in (1, 3):
        raise DataError(
            f"`image_shape` (={tuple(wanted)}) does not go with {num_values:,} values an image; "
            "height × width × channels must give that, with 1 or 3 channels"
        )
    if found is not None and found != sides:
        raise DataError(f"`image_shape` (={tuple(wanted)}) is not that of the images, {found}")
    return int(sides[0]), int(sides[1]), int(sides[2])


def read_range(wanted: tuple[float, float] | None, values: NDArray[Any]) -> tuple[float, float]:
    """The values that stand for black and white.

    Raises:
        DataError: what the user says is no range.
    """
    if wanted is not None:
        is_pair = isinstance(wanted, tuple | list) and len(wanted) == 2
        if not is_pair or not all(isinstance(end, int | float | np.number) for end in wanted) or wanted[0] >= wanted[1]:
            raise DataError(f"`value_range` (={wanted}) must be (lowest, highest), as (0, 255)")
        return float(wanted[0]), float(wanted[1])
    if values.dtype == np.uint8:
        return 0.0, 255.0
    low, high = float(values.min()), float(values.max())
    if (low >= 0 and high <= 1) or low == high:
        return (0.0, 1.0) if low >= 0 and high <= 1 else (low, low + 1.0)
    return low, high


def _square(num_values: int) -> tuple[int, int, int]:
    """Square grey or square colour images: no number of values allows both, since √3 is irrational."""
    for channels in (1, 3):
        side = math.isqrt(num_values // channels)
        if side * side * channels == num_values:
            return side, side, channels
    raise DataError(
        f"{num_values:,} values are neither a square grey nor a square colour image; "
        "say `image_shape=(height, width, channels)`"
    )
