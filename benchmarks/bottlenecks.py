"""What each bottleneck does on CIFAR-10: one small model each, trained by `diabolo train`, its numbers and a picture.

`python benchmarks/bottlenecks.py [--data NAME] [--only NAME …] [--runs FOLDER] [--results FOLDER] [--images FOLDER]`:
one thread, one seed. A run that is finished is not trained again, so that the command may be broken off and repeated.
"""

import argparse
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch
from numpy.typing import NDArray
from PIL import Image

from diabolo.api.bottleneck_use import bottleneck_use
from diabolo.api.recorded_data import load_recorded_data, training_images
from diabolo.layers.gaussian import GaussianBottleneck
from diabolo.layers.quantizer import Quantizer
from diabolo.train import ImageSource, recipe_from_record
from diabolo.use import Run
from diabolo.use.reconstruct import reconstruct
from diabolo.use.sample import sample
from header import RESULTS, ROOT, say, write_results


@dataclass(frozen=True, kw_only=True)
class Demonstration:
    """One bottleneck's model."""

    line: str
    """The model."""
    choices: tuple[str, ...]
    """What differs from the recipe `fast`."""
    picture: str
    """`samples`, `reconstructions` or `atoms` (what each latent channel adds to the image)."""


_LINEAR = ("loss=mse", "initialisation=pca", "learning_rate=0.002", "batch_size=100")
DEMONSTRATIONS = {
    "gaussian": Demonstration(
        line="flatten dense256 silu | gaussian32 | dense256 silu dense3072 unflatten sigmoid",
        choices=("epochs=3", "batch_size=100", "learning_rate=0.0007", "clip_norm=1"),
        picture="samples",
    ),
    "vq": Demonstration(
        line="unshuffle4 conv16[k=1] vq512[beta=0.01] | conv48[k=3] shuffle4",
        choices=("epochs=1", *_LINEAR),
        picture="reconstructions",
    ),
    "fsq": Demonstration(
        line="unshuffle4 conv64[k=1] silu conv3[k=1] fsq[levels=8,8,8] | conv64 silu conv48[k=1] shuffle4",
        choices=("epochs=3", "loss=mse", "batch_size=100", "learning_rate=0.003"),
        picture="reconstructions",
    ),
    "lloyd": Demonstration(
        line="unshuffle8 conv119[k=1] lloyd[bits=128] | conv192[k=1] shuffle8",
        choices=("epochs=1", *_LINEAR),
        picture="reconstructions",
    ),
    "sparse": Demonstration(
        line="unshuffle8 conv256[k=1] relu sparse[l1=0.02] | conv192[k=1] shuffle8",
        choices=(
            "epochs=1",
            "loss=mse",
            "batch_size=100",
            "learning_rate=0.003",
            "optimiser=adamw",
            "weight_decay=0.1",
        ),
        picture="atoms",
    ),
    "topk": Demonstration(
        line="unshuffle8 conv256[k=1] relu topk16 | conv192[k=1] shuffle8",
        choices=("epochs=1", "loss=mse", "batch_size=100", "learning_rate=0.003"),
        picture="atoms",
    ),
}


def train(name: str, data: str, folder: Path) -> Run:
    """The finished run of one demonstration, trained where it is not there."""
    demonstration = DEMONSTRATIONS[name]
    if folder.is_relative_to(ROOT):
        folder = folder.relative_to(ROOT)  # the command that the run keeps then names no place of this machine
    if (ROOT / folder / "run.toml").exists() and Run(ROOT / folder).record.status == "finished":
        say(f"{name}: finished in {folder}")
        return Run(ROOT / folder)
    command = [sys.executable, "-m", "diabolo", "train"]
    if (ROOT / folder / "run.toml").exists():
        command += ["--resume", str(folder)]
    else:
        choices = [part for choice in demonstration.choices for part in ("--set", choice)]
        command += [demonstration.line, "--data", data, *choices, "--out", str(folder), "--threads", "1"]
    say(f"{name}: {' '.join(command[1:])}")
    subprocess.run(command, check=True, cwd=ROOT)
    return Run(ROOT / folder)


def measure(run: Run) -> dict[str, Any]:
    """Test results of the run, use of the bottleneck on its validation images, and bits."""
    dataset = load_recorded_data(run.folder, run.record)
    parts = training_images(dataset, recipe_from_record(run.record.recipe))
    graph = run.model.graph
    result: dict[str, Any] = {
        "line": run.line,
        "recipe": run.record.recipe,
        "command": run.record.command,
        "test": run.record.test,
        "use": bottleneck_use(run.model, parts.validation, parts.validation_indices),
        "train_seconds": sum(row.seconds for row in run.history),
        "latent_values": int(np.prod(graph.latent_shape)),
    }
    bits = run.model.summary().measures.latent_bits
    if bits is not None:
        result["bits_an_image"] = bits
    layer = run.model.layers[graph.latent]
    if isinstance(layer, Quantizer):
        result["bytes_an_image_packed"] = int(np.prod(graph.latent_shape[:-1])) * layer.num_bytes
        result["num_levels"] = layer.num_levels
    if isinstance(layer, GaussianBottleneck):
        batch = ImageSource(parts.validation, torch.device("cpu")).batch(parts.validation_indices[:2000])
        inputs: list[torch.Tensor] = []
        handle = layer.register_forward_pre_hook(lambda _, values: inputs.append(values[0]))
        with torch.no_grad():
            run.model.encode(batch)
        handle.remove()
        result["kl_by_channel"] = sorted(layer.divergences(inputs[0]).tolist(), reverse=True)
    return result


def draw(name: str, run: Run, images: NDArray[np.uint8], target: Path) -> None:
    """The picture of one demonstration as a PNG."""
    picture = DEMONSTRATIONS[name].picture
    if picture == "samples":
        tiles = [np.rint(one * 255).astype(np.uint8) for one in sample(run.model, 64)]
        grid = tiled(tiles, columns=16, scale=2)
    elif picture == "reconstructions":
        made = np.rint(reconstruct(run.model, images) * 255).astype(np.uint8)
        grid = tiled([*images, *made], columns=len(images), scale=2)
    else:
        grid = tiled(atoms(run), columns=16, scale=4)
    Image.fromarray(grid).save(target)
    say(f"{name}: {target}")


def atoms(run: Run) -> list[NDArray[np.uint8]]:
    """What one unit of each latent channel adds to the image, the channel used most first; grey is nothing."""
    height, width, channels = run.model.graph.latent_shape
    with torch.no_grad():
        zero = torch.zeros(1, channels, height, width)
        each = torch.zeros(channels, channels, height, width)
        each[torch.arange(channels), torch.arange(channels), 0, 0] = 1.0
        added = (run.model.decode(each) - run.model.decode(zero)).permute(0, 2, 3, 1).numpy()
    side = run.record.input_shape[0] // height
    dataset = load_recorded_data(run.folder, run.record)
    parts = training_images(dataset, recipe_from_record(run.record.recipe))
    batch = ImageSource(parts.validation, torch.device("cpu")).batch(parts.validation_indices[:500])
    with torch.no_grad():
        energy = run.model.encode(batch).square().mean(dim=(0, 2, 3)).numpy() * (added**2).sum(axis=(1, 2, 3))
    pieces = added[np.argsort(-energy), :side, :side]
    largest = np.abs(pieces).max(axis=(1, 2, 3), keepdims=True)
    return list(np.rint(127.5 + 127.5 * pieces / np.maximum(largest, 1e-12)).astype(np.uint8))


def tiled(tiles: list[NDArray[np.uint8]], *, columns: int, scale: int) -> NDArray[np.uint8]:
    """Tiles (H, W, 3) in rows, each pixel `scale` wide, on white."""
    tiles = [tile.repeat(scale, axis=0).repeat(scale, axis=1) for tile in tiles]
    height, width = tiles[0].shape[0] + 2, tiles[0].shape[1] + 2
    page = np.full((-(-len(tiles) // columns) * height + 2, columns * width + 2, 3), 255, np.uint8)
    for index, tile in enumerate(tiles):
        top, left = index // columns * height + 2, index % columns * width + 2
        page[top : top + height - 2, left : left + width - 2] = tile
    return page


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", default="cifar10")
    parser.add_argument("--only", nargs="+", choices=DEMONSTRATIONS, default=list(DEMONSTRATIONS))
    parser.add_argument("--runs", type=Path, default=ROOT / "runs" / "bottlenecks")
    parser.add_argument("--results", type=Path, default=RESULTS)
    parser.add_argument("--images", type=Path, default=ROOT / "docs" / "images")
    options = parser.parse_args()
    torch.set_num_threads(1)
    arms: dict[str, Any] = {}
    for name in options.only:
        run = train(name, options.data, options.runs / name)
        arms[name] = measure(run)
        shown = {key: arms[name]["test"][key] for key in ("psnr", "mse")}
        say(f"{name}: {shown} {arms[name]['use']}")
        dataset = load_recorded_data(run.folder, run.record)
        options.images.mkdir(parents=True, exist_ok=True)
        draw(name, run, np.array(dataset.test[:10]), options.images / f"bottleneck-{name}.png")
    write_results(
        "bottlenecks",
        unit="as named",
        method="one small model for each bottleneck, one seed, one thread, trained by `diabolo train`; use of the "
        "bottleneck on the first 2,000 validation images, quality on the test images",
        arms=arms,
        folder=options.results,
    )


if __name__ == "__main__":
    main()
