"""Collects the results of zoo models from runs, and puts small weights into the package.

`python benchmarks/zoo.py --take runs/lloyd-1024-seed0 …` reads finished runs; each belongs to the zoo model with its
line and recipe, and may lie anywhere; of a run that was kept without its weights, as those in `results/`, all is
taken but the precision that its latent needs. `--train NAME --seeds 3` trains what is missing into
`runs/zoo/NAME-seedK` and takes it. `--ship RUN` puts a run's weights into the package as those of its model. The test
images are read by the trainings alone, once each; the latents' precision is measured on the same test images with the
kept weights.
"""

import argparse
import shutil
import subprocess
import sys
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from diabolo.data import load_data
from diabolo.graph import build_graph, measure
from diabolo.notation import parse
from diabolo.runs import RunFolder, RunRecord
from diabolo.train import find_recipe
from diabolo.train.recipe import default_choices
from diabolo.use import Run, psnr_of
from diabolo.use.rounding import rounded, step_range
from diabolo.zoo import ZooModel, find_model, zoo
from diabolo.zoo.results import SeedResult, ZooResults, read_results, write_results
from diabolo.zoo.shipped import FILES, WEIGHTS
from header import ROOT, say

RANGE_IMAGES = 2_000
"""Train images that the steps of rounded latents are laid by."""
MOST_BYTES = 4_000_000
"""Of all weights in the package together."""


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--take", nargs="+", type=Path, default=[], metavar="RUN", help="finished run folders")
    arguments.add_argument("--train", metavar="NAME", help="train this model of the zoo with --seeds seeds")
    arguments.add_argument("--seeds", type=int, default=3)
    arguments.add_argument("--threads", type=int, default=2)
    arguments.add_argument("--ship", type=Path, metavar="RUN", help="put this run's weights into the package")
    options = arguments.parse_args()
    folders = list(options.take)
    if options.train:
        folders += train(find_model(options.train), options.seeds, options.threads)
    for folder in folders:
        take(folder)
    if options.ship:
        ship(options.ship)


def train(model: ZooModel, seeds: int, threads: int) -> list[Path]:
    """Trains what is not there; goes on with what was stopped."""
    folders = []
    for seed in range(seeds):
        out = Path("runs/zoo") / f"{model.name}-seed{seed}"
        folders.append(out)
        command = [sys.executable, "-m", "diabolo", "train"]
        if RunFolder(path=out).exists():
            if RunFolder(path=out).record().status == "finished":
                continue
            command += ["--resume", str(out)]
        else:
            command += [model.name, "--data", model.data, "--seed", str(seed), "--threads", str(threads)]
            command += ["--out", str(out)]
        subprocess.run(command, check=True)
    return folders


def take(folder: Path) -> None:
    """Adds a run to its model's results; one of the same seed is replaced."""
    run = Run(folder)
    record = run.record
    model = model_of(record)
    if record.status != "finished":
        sys.exit(f"{folder} is {record.status}, not finished")
    row = kept_row(run)
    eight, four = precision_of_latent(run)
    found = SeedResult(
        seed=record.seed,
        mse=record.test["mse"],
        psnr=record.test["psnr"],
        ssim=record.test["ssim"],
        validation_psnr=row,
        seconds=sum(one.seconds for one in run.history),
        psnr_8_bits=eight,
        psnr_4_bits=four,
        threads=record.threads,
        device=record.device,
        machine=f"{record.machine['processor']}, {record.machine['cores']} cores",
        instructions=record.machine.get("instructions", ""),
        versions=f"diabolo {record.versions['diabolo']}, torch {record.versions['torch']}",
        command=record.command,
    )
    before = read_results(model.name)
    others: Sequence[SeedResult] = ()
    if before is not None and before.line == record.line and before.recipe == record.recipe:
        others = [one for one in before.seeds if one.seed != record.seed]
    results = ZooResults(
        name=model.name,
        line=record.line,
        recipe=record.recipe,
        data=record.data["name"],
        digest=record.data["digest"],
        seeds=tuple(sorted([*others, found], key=lambda one: one.seed)),
    )
    path = write_results(results)
    say(f"{path.relative_to(ROOT)}: {len(results.seeds)} seeds; seed {found.seed}: {found.psnr:.2f} dB")


def model_of(record: RunRecord) -> ZooModel:
    """The zoo's record that a run was trained by, line and recipe."""
    same_line = [model for model in zoo().values() if parse(model.line) == parse(record.line)]
    for model in same_line:
        chosen = find_recipe(model.recipe).with_settings(model.settings)
        wanted = {"name": chosen.name, **chosen.choices()}
        recorded = {**default_choices(), **record.recipe}
        differing = {key for key in wanted if wanted[key] != recorded.get(key)}
        if not differing:
            return model
        listed = ", ".join(f"{key} (run {recorded.get(key)}, record {wanted[key]})" for key in sorted(differing))
        say(f"not {model.name}: {listed}")
    sys.exit(f"no record of the zoo has this line and recipe: {record.line}")


def kept_row(run: Run) -> float:
    """PSNR on the validation images of the kept epoch."""
    history = run.history
    if run.record.recipe["keep"] == "last":
        return history[-1].val_psnr
    return min(history, key=lambda row: row.val_loss).val_psnr


def precision_of_latent(run: Run) -> tuple[float | None, float | None]:
    """Test PSNR with latents rounded to 8 and to 4 bits; nothing for a latent of codes, or where weights are gone."""
    measures = measure(build_graph(run.line, run.record.input_shape))
    if measures.latent_bits is not None or not run.folder.model_file.exists():
        return None, None
    dataset = load_data(run.record.data["name"], offline=True)
    low, high = step_range(run.encode(np.asarray(dataset.train[:RANGE_IMAGES])))
    psnr: dict[int, list[np.ndarray]] = {8: [], 4: []}
    for start in range(0, len(dataset.test), 1000):
        images = np.asarray(dataset.test[start : start + 1000])
        latents = run.encode(images)
        for bits, found in psnr.items():
            found.append(psnr_of(images, run.decode(rounded(latents, bits, low, high))))
    return float(np.concatenate(psnr[8]).mean()), float(np.concatenate(psnr[4]).mean())


def ship(folder: Path) -> None:
    """Copies what a shipped run holds, and sees that all of them stay small."""
    record = RunFolder(path=folder).record()
    model = model_of(record)
    if record.status != "finished":
        sys.exit(f"{folder} is {record.status}, not finished")
    target = WEIGHTS / model.name
    others = sum(file.stat().st_size for file in WEIGHTS.rglob("*.safetensors") if file.parent != target)
    size = (folder / "model.safetensors").stat().st_size
    if others + size > MOST_BYTES:
        sys.exit(f"{size:,} bytes for {model.name} and {others:,} of others are more than {MOST_BYTES:,}")
    target.mkdir(parents=True, exist_ok=True)
    for name in FILES:
        shutil.copyfile(folder / name, target / name)
    say(f"{target.relative_to(ROOT)}: {size:,} bytes; {others + size:,} of {MOST_BYTES:,} in all")


if __name__ == "__main__":
    main()
