"""Seconds to a quality: how soon a latent of 1,024 values reaches 26, 30, 34.8, 36.5 and 37.9 dB on held-out images.

`python benchmarks/time_to_target.py [--seeds 5] [--only NAME…] [--threads 2] [--device cuda]`: every entry below is run
with each seed, in turns, and may be broken off and gone on with. In the manner of the speed records for classifying
CIFAR-10: quality is the mean over the 5,000 validation images of the per-image PSNR; a target counts as reached where
all seeds reach it; images are in memory as bytes. Counted are building the model, fitting in closed form and training
steps. Not counted are imports, the download, a first go of each entry on few images, and evaluation: before the first
step and after each epoch. A seed changes which images are fitted to, initial weights and the order of the images.

| target  | fastest entry  | line                                            | fitted to                          |
|---------|----------------|-------------------------------------------------|------------------------------------|
| 26 dB   | `blocks-4-few` | `unshuffle4 conv16[k=1] ∣ conv48[k=1] shuffle4` | 4×4 blocks of 10 images            |
| 30 dB   | the same       |                                                 |                                    |
| 34.8 dB | `blocks-4`     | the same line                                   | of 500 images, weighted            |
| 36.5 dB | `blocks-16`    | `unshuffle16 conv256[k=1] ∣ …`                  | 16×16 blocks of 1,000 images       |
| 37.9 dB | `whole`        | `unshuffle32 conv1024[k=1] ∣ …`                 | 30,000 whole images                |

So no target needs a step of gradient descent. The question's network and `drop-in` are here to show how far training
gets, and a latent of 1,024 bytes to show that it is another thing than one of 1,024 floats. Tried for the closed forms,
on the validation images: 46 settings of block, images and weights. For whole images, weights over 15,000 of them reach
38.01 dB in 4.3 s of CPU time, where 40,000 without weights reach 38.01 in 3.5; 40,000 with weights 38.14 in 10.1.
"""

import argparse
import json
import statistics
import time
from collections.abc import Iterator, Mapping
from contextlib import suppress
from dataclasses import asdict, dataclass, field, replace
from pathlib import Path
from typing import Any

import numpy as np
import torch

from block_components import fit
from diabolo.api.recorded_data import training_images
from diabolo.api.start import build_for
from diabolo.data import Dataset, load_data
from diabolo.model import AutoEncoder, build_model, derive_seed, initialise_closed_form
from diabolo.train import EpochDone, ImageSource, TrainingImages, evaluate, find_loss, find_recipe, train
from diabolo.train.evaluate import images_at_once
from diabolo.zoo import find_model
from header import RESULTS, say, write_results

TARGETS = (26.0, 30.0, 34.8, 36.5, 37.9)
"""dB; the last three are PCA of 4×4 blocks, of larger blocks, and of whole images."""
WARM_UP = 40
"""Images of the first go of each entry, which is not counted."""
Checkpoint = tuple[float, float]
"""Seconds so far, and PSNR on the validation images in dB."""


@dataclass(frozen=True, kw_only=True)
class Blocks:
    """Principal components of blocks and of their mirror images, see `block_components`."""

    block: int
    """Side of a block."""
    images: int
    """Train images that are fitted to; the seed chooses them."""
    weighted: bool = False
    """Whether images are weighted by one over their error in a second round."""

    @property
    def line(self) -> str:
        """The line that holds them."""
        width = 3 * self.block**2
        return f"unshuffle{self.block} conv{width // 3}[k=1] | conv{width}[k=1] shuffle{self.block}"

    def run(self, images: TrainingImages, seed: int, device: torch.device) -> Iterator[tuple[float, AutoEncoder]]:
        """Seconds and the fitted model, once."""
        pixels = torch.from_numpy(np.asarray(images.train[chosen(images, self.images, seed)])).to(device)
        started = clock(device)
        found = fit(pixels, self.block, self.block**2, weighted=self.weighted)
        model = build_model(self.line, images.train.shape[1:], seed=seed).to(device)
        narrow, widen = (layer for layer in model.layers.values() if hasattr(layer, "weight"))
        with torch.no_grad():
            narrow.weight.copy_(found.directions.T[:, :, None, None])
            narrow.bias.copy_(-found.directions.T @ found.mean)
            widen.weight.copy_(found.directions[:, :, None, None])
            widen.bias.copy_(found.mean)
        yield clock(device) - started, model


@dataclass(frozen=True, kw_only=True)
class Start:
    """`initialisation=pca` of any line, as `diabolo train` has it, on fewer images and with no training after it."""

    line: str
    """The line."""
    images: int
    """Train images that are fitted to; the seed chooses them."""

    def run(self, images: TrainingImages, seed: int, device: torch.device) -> Iterator[tuple[float, AutoEncoder]]:
        """Seconds and the started model, once."""
        source = ImageSource(images.train, device)
        indices = chosen(images, self.images, seed)
        started = clock(device)
        model = build_model(self.line, images.train.shape[1:], seed=seed).to(device)
        initialise_closed_form(model, lambda: source.batches(indices, images_at_once(model)))
        yield clock(device) - started, model


@dataclass(frozen=True, kw_only=True)
class Training:
    """A model of the zoo, trained as its record says or with changes."""

    model: str
    """Its name."""
    settings: Mapping[str, Any] = field(default_factory=dict)
    """Changes to its recipe."""

    @property
    def line(self) -> str:
        """The zoo's."""
        return find_model(self.model).line

    def run(self, images: TrainingImages, seed: int, device: torch.device) -> Iterator[tuple[float, AutoEncoder]]:
        """Seconds so far and the model, at its start and after each epoch."""
        record = find_model(self.model)
        recipe = find_recipe(record.recipe).with_settings({**record.settings, **self.settings})
        dataset = Dataset(name="cifar10", train=images.train, test=images.train[:1], digest="", source="cache")
        started = clock(device)
        model = build_for(self.line, dataset, images, recipe, seed=seed, engine="auto").to(device)
        seconds = clock(device) - started
        yield seconds, model
        for event in train(model, images, recipe, seed=seed):
            if isinstance(event, EpochDone):
                seconds += event.row.seconds
                yield seconds, model


ENTRIES: Mapping[str, Blocks | Start | Training] = {
    "blocks-4-few": Blocks(block=4, images=10),
    "blocks-4": Blocks(block=4, images=500, weighted=True),
    "blocks-8": Blocks(block=8, images=2_000, weighted=True),
    "blocks-16": Blocks(block=16, images=1_000),
    "whole": Blocks(block=32, images=30_000),
    "drop-in": Training(model="drop-in"),
    "the question's network": Training(model="method-2", settings={"epochs": 5}),
    "1,024 bytes": Start(line=find_model("blocks-1024").line, images=1_000),
}
"""What is run; hyper-parameters were chosen on the validation images."""
BYTES = ("1,024 bytes",)
"""Entries whose latent is made of codes: 1,024 bytes are a quarter of 1,024 floats."""


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--seeds", type=int, default=5)
    arguments.add_argument("--only", nargs="+", choices=list(ENTRIES), default=list(ENTRIES), metavar="NAME")
    arguments.add_argument("--threads", type=int, default=torch.get_num_threads())
    arguments.add_argument("--device", default="cpu", help="cpu or cuda")
    arguments.add_argument("--out", type=Path, default=RESULTS, help="folder for the result")
    options = arguments.parse_args()
    torch.set_num_threads(options.threads)
    device = torch.device(options.device)
    images = training_images(load_data("cifar10"), find_recipe("fast"))
    name = "time-to-target" if device.type == "cpu" else f"time-to-target-{device.type}"
    conditions = {"threads": options.threads, "device": describe(device)}
    runs = earlier(options.out / f"{name}.json", conditions)
    missing = [
        (seed, entry) for seed in range(options.seeds) for entry in options.only if not is_done(runs, entry, seed)
    ]
    few = replace(
        images,
        train_indices=images.train_indices[:WARM_UP],
        validation_indices=images.validation_indices[:WARM_UP],
    )
    for entry in dict.fromkeys(entry for _, entry in missing):
        list(ENTRIES[entry].run(few, 0, device))
    for seed, entry in missing:
        checkpoints = list(measured(ENTRIES[entry], images, seed, device))
        runs.append({"entry": entry, **asdict_of(entry), "seed": seed, "checkpoints": checkpoints})
        say(f"seed {seed}, {entry}: {checkpoints[-1][1]:.2f} dB after {checkpoints[-1][0]:.3f} s")
        write_results(
            name,
            unit="seconds of wall time; PSNR in dB, mean over the validation images",
            method="building the model, fitting and training steps are counted, imports and evaluation are not; each "
            "entry had a first go on few images that is not counted; the entries took turns",
            arms=summary(runs),
            folder=options.out,
            targets=TARGETS,
            **conditions,
            runs=runs,
        )
    show(runs)
    say(str(options.out / f"{name}.json"))


def measured(
    entry: Blocks | Start | Training, images: TrainingImages, seed: int, device: torch.device
) -> Iterator[Checkpoint]:
    """Seconds and quality after each part of a run; the quality is measured off the clock."""
    source, loss = ImageSource(images.validation, device), find_loss("mse")
    for seconds, model in entry.run(images, seed, device):
        yield seconds, evaluate(model, source, images.validation_indices, loss).psnr


def chosen(images: TrainingImages, number: int, seed: int) -> np.ndarray:
    """Indices of so many train images, which the seed chooses; all of them where there are no more."""
    generator = np.random.default_rng(derive_seed(seed, "fitted to"))
    number = min(number, len(images.train_indices))
    return np.sort(generator.choice(images.train_indices, number, replace=False))


def clock(device: torch.device) -> float:
    """Seconds, when the device has done what it was asked to."""
    if device.type == "cuda":
        torch.cuda.synchronize(device)
    return time.perf_counter()


def describe(device: torch.device) -> str:
    return torch.cuda.get_device_name(device) if device.type == "cuda" else "cpu"


def asdict_of(entry: str) -> dict[str, Any]:
    """What an entry is, for the raw log."""
    what = ENTRIES[entry]
    return {"line": what.line, "how": {"kind": type(what).__name__, **asdict(what)}}


def earlier(file: Path, conditions: Mapping[str, Any]) -> list[dict[str, Any]]:
    """Runs of an earlier go on the same device with as many threads, of entries that are still the same."""
    with suppress(FileNotFoundError):
        content = json.loads(file.read_text(encoding="utf-8"))
        if all(content[name] == value for name, value in conditions.items()):
            return [
                run
                for run in content["runs"]
                if run["entry"] in ENTRIES and all(run[key] == value for key, value in asdict_of(run["entry"]).items())
            ]
    return []


def is_done(runs: list[dict[str, Any]], entry: str, seed: int) -> bool:
    return any(run["entry"] == entry and run["seed"] == seed for run in runs)


def seconds_to(checkpoints: list[Checkpoint], target: float) -> float | None:
    """Seconds at the first checkpoint that is as good as the target; None where none is."""
    return next((seconds for seconds, psnr in checkpoints if psnr >= target), None)


def summary(runs: list[dict[str, Any]]) -> dict[str, Any]:
    """Of each entry the best quality of every seed, and the seconds to each target that all seeds reach."""
    arms = {}
    for entry in dict.fromkeys(run["entry"] for run in runs):
        own = [run["checkpoints"] for run in runs if run["entry"] == entry]
        reached = {}
        for target in TARGETS:
            seconds = [seconds_to(checkpoints, target) for checkpoints in own]
            found = [one for one in seconds if one is not None]
            reached[f"{target:g}"] = {
                "num_reached": len(found),
                "num_seeds": len(own),
                "median": statistics.median(found) if len(found) == len(own) else None,
                "min": min(found, default=None),
                "max": max(found, default=None),
            }
        arms[entry] = {"best_psnr": [max(psnr for _, psnr in checkpoints) for checkpoints in own], "seconds": reached}
    return arms


def fastest(arms: Mapping[str, Any], target: str) -> str | None:
    """The entry that is first at a target with all seeds, among those with a latent of floats."""
    able = [name for name, arm in arms.items() if name not in BYTES and arm["seconds"][target]["median"] is not None]
    return min(able, key=lambda name: arms[name]["seconds"][target]["median"], default=None)


def show(runs: list[dict[str, Any]]) -> None:
    """The table: median seconds (least to most) of each entry to each target."""
    arms = summary(runs)
    say("\n" + "entry".ljust(24) + "".join(f"{target:g} dB".rjust(28) for target in TARGETS))
    for entry, arm in arms.items():
        say(entry.ljust(24) + "".join(cell(arm["seconds"][f"{target:g}"]).rjust(28) for target in TARGETS))
    for target in TARGETS:
        say(f"{target:g} dB: {fastest(arms, f'{target:g}') or 'no entry reaches it with all seeds'}")


def cell(found: Mapping[str, Any]) -> str:
    """`0.012 (0.011 to 0.013)`, or how many seeds got there."""
    if found["median"] is None:
        return f"{found['num_reached']} of {found['num_seeds']} seeds" if found["num_reached"] else "–"
    return f"{found['median']:.3g} ({found['min']:.3g} to {found['max']:.3g})"


if __name__ == "__main__":
    main()
