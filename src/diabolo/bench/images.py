"""Images for the benchmark: real ones where there are any, in files that every engine's Python can read."""

from dataclasses import dataclass
from pathlib import Path

import numpy as np

from diabolo.data import load_data

FULL = (50_000, 10_000)
"""Train and test images of the original job."""


@dataclass(frozen=True, kw_only=True)
class BenchImages:
    """The train and test images of a benchmark, as `.npy` files of uint8 (N, H, W, C)."""

    train: Path
    """Train images."""
    test: Path
    """Test images."""
    about: str
    """What they are, in words."""


def put_images(folder: Path, *, num_train: int = FULL[0], num_test: int = FULL[1]) -> BenchImages:
    """Writes CIFAR-10 from the cache, or the sample of the package over and over, without asking the network."""
    dataset = load_data("cifar10", offline=True)
    repeated = len(dataset.train) < num_train or len(dataset.test) < num_test
    for name, images, number in (("train", dataset.train, num_train), ("test", dataset.test, num_test)):
        np.save(folder / f"{name}.npy", images[np.arange(number) % len(images)])
    return BenchImages(
        train=folder / "train.npy",
        test=folder / "test.npy",
        about=f"{dataset.describe()}{'; repeated to the number needed' if repeated else ''}",
    )


def put_images_of_side(source: Path, folder: Path, side: int, number: int) -> Path:
    """Writes square images of another side: those of `source` repeated side by side and cut."""
    target = folder / f"side-{side}.npy"
    if not target.exists():
        images = np.load(source, mmap_mode="r")
        height, width = images.shape[1:3]
        chosen = images[np.arange(number) % len(images)]
        tiled = np.tile(chosen, (1, -(-side // height), -(-side // width), 1))
        np.save(target, tiled[:, :side, :side])
    return target
