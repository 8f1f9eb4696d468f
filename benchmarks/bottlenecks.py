"""What each bottleneck does on CIFAR-10: small models, each trained by `diabolo train`, their numbers and pictures.

`python benchmarks/bottlenecks.py [--data NAME] [--only NAME …] [--runs FOLDER] [--results FOLDER] [--images FOLDER]`:
one thread, three seeds. A run that is finished is not trained again, and one that was stopped goes on, so that the
command may be broken off and repeated; so it takes over the zoo's runs of the same names, too.
"""

import argparse
import subprocess
import sys
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import numpy as np
import torch

from bottleneck_pictures import atoms, draw, smoothness
from diabolo.api.bottleneck_use import bottleneck_use
from diabolo.api.recorded_data import load_recorded_data, training_images
from diabolo.layers.gaussian import GaussianBottleneck
from diabolo.layers.quantizer import Quantizer
from diabolo.runs import RunFolder
from diabolo.train import ImageSource, recipe_from_record
from diabolo.use import Run
from header import RESULTS, ROOT, say, spread, write_results

NUM_IMAGES = 2000
"""Validation images that the use of a bottleneck is measured on."""
_SMOOTH = 0.5  # of `smoothness`: from here on a channel adds edges or patches, not noise


@dataclass(frozen=True, kw_only=True)
class Demonstration:
    """One bottleneck's model."""

    model: str
    """A model of the zoo, trained as its record says, or a line."""
    picture: str
    """`samples`, `reconstructions`, `atoms` (what each latent channel adds to the image), or `none`."""
    choices: tuple[str, ...] = ()
    """Of a line: what differs from the recipe `fast`."""
    seeds: int = 3
    """Trainings."""


_LLOYD = "unshuffle8 conv119[k=1] lloyd[{}] | conv192[k=1] shuffle8"
_CLOSED_FORM = ("epochs=1", "loss=mse", "initialisation=pca", "learning_rate=0.002", "batch_size=100")
DEMONSTRATIONS = {
    "vae": Demonstration(model="vae", picture="samples"),
    "vq": Demonstration(model="vq", picture="reconstructions"),
    "fsq": Demonstration(model="fsq", picture="reconstructions"),
    "sparse": Demonstration(model="sparse", picture="atoms"),
    "topk": Demonstration(model="topk", picture="atoms"),
    "collapsed": Demonstration(
        model="flatten dense256 silu | gaussian64[beta=100] | dense256 silu dense3072 unflatten sigmoid",
        choices=("epochs=1", "batch_size=100", "learning_rate=0.001", "clip_norm=1"),
        picture="none",
        seeds=1,
    ),
    "lloyd": Demonstration(
        model=_LLOYD.format("bits=128"), choices=_CLOSED_FORM, picture="reconstructions", seeds=1
    ),
    "lloyd-fixed": Demonstration(
        model=_LLOYD.format("bits=128 decay=1"), choices=_CLOSED_FORM, picture="none", seeds=1
    ),
}  # fmt: skip


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
        demonstration = DEMONSTRATIONS[name]
        runs = [train(name, seed, options.data, options.runs) for seed in range(demonstration.seeds)]
        arms[name] = measure(runs, demonstration.picture)
        say(f"{name}: PSNR {_text(arms[name]['psnr'])} dB, " + _use_text(arms[name]["use"]))
        for file in draw(runs[0], demonstration.picture, options.images / f"bottleneck-{name}.png", arms[name]):
            say(f"{name}: {file}")
    write_results(
        "bottlenecks",
        unit="as named",
        method=f"small models, one thread, trained by `diabolo train`; use of the bottleneck on {NUM_IMAGES} "
        "validation images, quality on the test images, read once by each training; over seeds the median, and each",
        arms=arms,
        folder=options.results,
    )


def train(name: str, seed: int, data: str, runs: Path) -> Run:
    """The finished run of one demonstration and seed, trained where it is not there."""
    demonstration = DEMONSTRATIONS[name]
    folder = (runs if runs.is_absolute() else ROOT / runs) / f"{name}-seed{seed}"
    if RunFolder(path=folder).exists() and Run(folder).record.status == "finished":
        say(f"{name}: finished in {folder}")
        return Run(folder)
    # The command that the run keeps then names no place of this machine.
    out = folder.relative_to(ROOT) if folder.is_relative_to(ROOT) else folder
    command = [sys.executable, "-m", "diabolo", "train"]
    if RunFolder(path=folder).exists():
        command += ["--resume", str(out)]
    else:
        choices = [part for choice in demonstration.choices for part in ("--set", choice)]
        command += [demonstration.model, "--data", data, *choices, "--seed", str(seed)]
        command += ["--threads", "1", "--out", str(out)]
    say(f"{name}: {' '.join(command[1:])}")
    subprocess.run(command, check=True, cwd=ROOT)
    return Run(folder)


def measure(runs: list[Run], picture: str) -> dict[str, Any]:
    """Test results over seeds, use of the bottleneck on validation images, and bits; all seeds one by one, too."""
    run = runs[0]
    graph = run.model.graph
    each = [_of_one(one, picture) for one in runs]
    result: dict[str, Any] = {
        "line": run.line,
        "recipe": run.record.recipe,
        "latent_values": int(np.prod(graph.latent_shape)),
        "psnr": spread([one["test"]["psnr"] for one in each]),
        "ssim": spread([one["test"]["ssim"] for one in each]),
        "use": {key: spread([one["use"][key] for one in each]) for key in each[0]["use"]},
        "seeds": each,
    }
    bits = run.model.summary().measures.latent_bits
    if bits is not None:
        result["bits_an_image"] = bits
    layer = run.model.layers[graph.latent]
    if isinstance(layer, Quantizer):
        result["bytes_an_image_packed"] = int(np.prod(graph.latent_shape[:-1])) * layer.num_bytes
    return result


def _of_one(run: Run, picture: str) -> dict[str, Any]:
    dataset = load_recorded_data(run.folder, run.record)
    parts = training_images(dataset, recipe_from_record(run.record.recipe))
    chosen = parts.validation_indices[:NUM_IMAGES]
    (used,) = bottleneck_use(run.model, parts.validation, chosen).values()
    result: dict[str, Any] = {
        "seed": run.record.seed,
        "command": run.record.command,
        "test": run.record.test,
        "validation_psnr": [row.val_psnr for row in run.history],
        "use": used,
        "train_seconds": sum(row.seconds for row in run.history),
    }
    layer = run.model.layers[run.model.graph.latent]
    if isinstance(layer, GaussianBottleneck):
        inputs: list[torch.Tensor] = []
        handle = layer.register_forward_pre_hook(lambda _, values: inputs.append(values[0]))
        with torch.no_grad():
            run.model.encode(ImageSource(parts.validation, torch.device("cpu")).batch(chosen))
        handle.remove()
        result["kl_by_channel"] = layer.divergences(inputs[0]).tolist()
        result["is_active"] = layer.is_active(inputs[0]).tolist()
    if picture == "atoms":
        smooth = smoothness(atoms(run))
        result["smooth_channels"] = int((smooth > _SMOOTH).sum())
        result["channels"] = len(smooth)
    if isinstance(layer, Quantizer) and len(layer.num_levels) > 1:
        result["num_levels"] = layer.num_levels
    return result


def _text(found: dict[str, float]) -> str:
    return f"{found['median']:.2f} ({found['min']:.2f} to {found['max']:.2f})"


def _use_text(use: dict[str, dict[str, float]]) -> str:
    return ", ".join(f"{key} {_text(found)}" for key, found in use.items())


if __name__ == "__main__":
    main()
