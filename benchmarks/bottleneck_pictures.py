"""Pictures of bottlenecks: samples with the KL of each value, reconstructions, and what each latent channel adds."""

from pathlib import Path
from typing import Any

import numpy as np
import torch
from matplotlib.figure import Figure
from matplotlib.patches import Patch
from numpy.typing import NDArray
from PIL import Image

from diabolo.api.recorded_data import load_recorded_data, training_images
from diabolo.figures.style import COLOURS, GRID, house_style, write_figure
from diabolo.train import ImageSource, recipe_from_record
from diabolo.use import Run
from diabolo.use.reconstruct import reconstruct
from diabolo.use.sample import sample

NUM_SHOWN = 10
"""Test images whose reconstructions are shown: the first ones."""
_FEWEST = 500  # validation images that say which channels are used most
_COLUMNS = 16
_CONTRAST = 2.5


def draw(run: Run, picture: str, target: Path, arm: dict[str, Any]) -> list[Path]:
    """Draws what a demonstration shows; returns the files.

    Args:
        run: the first of its trainings.
        picture: `samples`, `reconstructions`, `atoms` or `none`.
        target: the PNG.
        arm: its numbers, as `bottlenecks.py` writes them.
    """
    if picture == "none":
        return []
    target.parent.mkdir(parents=True, exist_ok=True)
    files = [target]
    if picture == "samples":
        images = [np.rint(one * 255).astype(np.uint8) for one in sample(run.model, 64)]
        grid = tiled(images, columns=_COLUMNS, scale=2)
        files.append(_draw_kl(arm["seeds"][0], target.with_stem(f"{target.stem}-kl")))
    elif picture == "reconstructions":
        originals = np.array(load_recorded_data(run.folder, run.record).test[:NUM_SHOWN])
        made = np.rint(reconstruct(run.model, originals) * 255).astype(np.uint8)
        grid = tiled([*originals, *made], columns=len(originals), scale=2)
    else:
        grid = tiled(_shown(atoms(run)), columns=_COLUMNS, scale=4)
    Image.fromarray(grid).save(target)
    return files


def atoms(run: Run) -> NDArray[np.float64]:
    """What one unit of each latent channel adds to its block of the image: (channels, height, width, 3).

    The channel used most comes first, whose part of the reconstruction has the most energy.
    """
    height, width, channels = run.model.graph.latent_shape
    with torch.no_grad():
        zero = torch.zeros(1, channels, height, width)
        each = torch.zeros(channels, channels, height, width)
        each[torch.arange(channels), torch.arange(channels), 0, 0] = 1.0
        added = (run.model.decode(each) - run.model.decode(zero)).permute(0, 2, 3, 1).numpy()
    side = run.record.input_shape[0] // height
    parts = training_images(load_recorded_data(run.folder, run.record), recipe_from_record(run.record.recipe))
    batch = ImageSource(parts.validation, torch.device("cpu")).batch(parts.validation_indices[:_FEWEST])
    with torch.no_grad():
        energy = run.model.encode(batch).square().mean(dim=(0, 2, 3)).numpy() * (added**2).sum(axis=(1, 2, 3))
    pieces: NDArray[np.float64] = added[np.argsort(-energy), :side, :side].astype(np.float64)
    return pieces


def smoothness(pieces: NDArray[np.float64]) -> NDArray[np.float64]:
    """How alike pixels beside each other are: 1 for a patch of one colour, about 0 for noise, (channels,).

    The sum of products of neighbours over the same sum of squares.
    """
    pairs = ((pieces[:, 1:], pieces[:, :-1]), (pieces[:, :, 1:], pieces[:, :, :-1]))
    products = sum((one * other).sum(axis=(1, 2, 3)) for one, other in pairs)
    squares = sum((one**2 + other**2).sum(axis=(1, 2, 3)) / 2 for one, other in pairs)
    return np.asarray(products / np.maximum(squares, 1e-30))


def _shown(pieces: NDArray[np.float64]) -> list[NDArray[np.uint8]]:
    """As pictures: grey is nothing, each at its own contrast, black and white `_CONTRAST` root mean squares away."""
    sizes = np.sqrt(np.square(pieces).mean(axis=(1, 2, 3), keepdims=True))
    shown = pieces / np.maximum(_CONTRAST * sizes, 1e-12)
    return list(np.rint(127.5 + 127.5 * shown.clip(-1, 1)).astype(np.uint8))


def _draw_kl(one: dict[str, Any], target: Path) -> Path:
    """A bar for the KL of each latent value, the largest first; those that tell images apart in colour."""
    order = np.argsort(-np.asarray(one["kl_by_channel"]))
    kl, active = np.asarray(one["kl_by_channel"])[order], np.asarray(one["is_active"])[order]
    with house_style():
        figure = Figure(figsize=(8, 2.6), dpi=110, layout="constrained")
        axes = figure.add_subplot()
        axes.bar(np.arange(1, len(kl) + 1), kl, width=0.8, color=np.where(active, COLOURS[0], COLOURS[5]))
        axes.grid(visible=False, axis="x")
        axes.set_xlim(0.4, len(kl) + 0.6)
        axes.set_title(f"KL divergence of each latent value, {kl.sum():.1f} nats an image in all")
        axes.set_ylabel("nats an image")
        axes.set_xlabel("latent values, the most used first")
        handles = [Patch(color=COLOURS[0]), Patch(color=COLOURS[5])]
        names = [f"{active.sum()} tell images apart", f"{(~active).sum()} do not"]
        axes.legend(handles, names, loc="upper right", facecolor="white", edgecolor=GRID)
        return write_figure(figure, target)


def tiled(tiles: list[NDArray[np.uint8]], *, columns: int, scale: int) -> NDArray[np.uint8]:
    """Tiles (H, W, 3) in rows, each pixel `scale` wide, on white."""
    tiles = [tile.repeat(scale, axis=0).repeat(scale, axis=1) for tile in tiles]
    height, width = tiles[0].shape[0] + 2, tiles[0].shape[1] + 2
    page = np.full((-(-len(tiles) // columns) * height + 2, columns * width + 2, 3), 255, np.uint8)
    for index, tile in enumerate(tiles):
        top, left = index // columns * height + 2, index % columns * width + 2
        page[top : top + height - 2, left : left + width - 2] = tile
    return page
