"""What `initialisation=pca` is worth: the same lines and recipe from principal components and from random weights.

`python benchmarks/initialisation.py [--data NAME] [--epochs N] [--seeds N] [--rates RATE …] [--threads N]
[--runs FOLDER] [--results FOLDER]`: each start gets the learning rate that serves it best on the validation images at
seed 0, then all seeds run. What is finished is not trained again, and what was broken off is resumed, so that the
command may be repeated. Two quiet cores take about twenty minutes, reckoned from the CPU time of a step.
"""

import argparse
import os
import subprocess
import sys
from pathlib import Path
from typing import Any

from diabolo.errors import RunError
from diabolo.stats import paired_difference
from diabolo.use import Run
from header import RESULTS, ROOT, say, spread, write_results

_TOWER = "{conv64 3*res{silu conv64 silu conv64} silu conv%d}"
LINES = {
    "linear": "unshuffle4 conv16 | conv48 shuffle4",
    "residual": f"unshuffle4 res[skip=conv k=3]{_TOWER % 16} | res[skip=conv k=3]{_TOWER % 48} shuffle4",
}
STARTS = ("pca", "he-normal")
RATES = (1e-3, 4e-3, 1.6e-2, 6.4e-2)
RECIPE = {
    "batch_size": "100",
    "loss": "psnr",
    "optimiser": "adamw",
    "schedule": "cosine",
    "warmup": "0.02",
    "clip_norm": "1",
    "ema": "0.998",
    "augment": "flip",
    "precision": "bfloat16",
}
"""What all arms have in common."""


def train(options: argparse.Namespace, line: str, start: str, rate: float, seed: int) -> Run:
    """The finished run of one arm, trained or resumed where it is not there."""
    folder = (
        options.runs / f"{options.data.replace('/', '-')}-{line}-{start}-{rate:g}-epochs{options.epochs}-seed{seed}"
    )
    command = [sys.executable, "-m", "diabolo", "train"]
    if (folder / "run.toml").exists():
        if Run(folder).record.status == "finished":
            return Run(folder)
        command += ["--resume", str(folder)]
    else:
        choices = {**RECIPE, "epochs": str(options.epochs), "initialisation": start, "learning_rate": f"{rate:g}"}
        settings = [part for name, value in choices.items() for part in ("--set", f"{name}={value}")]
        command += [LINES[line], "--data", options.data, "--seed", str(seed), *settings, "--out", str(folder)]
        command += ["--threads", str(options.threads)]
    done = subprocess.run(command, cwd=ROOT, env={**os.environ, "TERM": "dumb"}, capture_output=True, text=True)
    if done.returncode:
        raise RunError(f"`{' '.join(command)}` ended with {done.returncode}: {done.stderr.strip()[-2000:]}")
    run = Run(folder)
    test = run.record.test["psnr"]
    say(f"  {line}, {start}, rate {rate:g}, seed {seed}: validation {best(run):.2f} dB, test {test:.2f}")
    return run


def best(run: Run) -> float:
    """PSNR of the kept weights on the validation images, dB."""
    return min(run.history, key=lambda row: row.val_loss).val_psnr


def result_of(run: Run, rate: float, seed: int) -> dict[str, Any]:
    """What is kept of a run."""
    return {
        "seed": seed,
        "learning_rate": rate,
        "val_psnr_by_epoch": [row.val_psnr for row in run.history],
        "val_psnr": best(run),
        "test": run.record.test,
        "train_seconds": sum(row.seconds for row in run.history),
        "command": run.record.command,
    }


def measure(options: argparse.Namespace) -> dict[str, Any]:
    """All runs of all arms, by line and start."""
    arms: dict[str, Any] = {}
    for line in LINES:
        for start in STARTS:
            tried = {rate: train(options, line, start, rate, 0) for rate in options.rates}
            rate = max(tried, key=lambda rate: best(tried[rate]))
            runs = [tried[rate], *(train(options, line, start, rate, seed) for seed in range(1, options.seeds))]
            arms[f"{line}, {start}"] = {
                "line": LINES[line],
                "rates_tried_at_seed_0": {f"{tried_rate:g}": best(run) for tried_rate, run in tried.items()},
                "runs": [result_of(run, rate, seed) for seed, run in enumerate(runs)],
            }
    return arms


def show(arms: dict[str, Any]) -> dict[str, Any]:
    """Prints each arm, and the differences between the two starts by seed; returns the latter."""
    differences = {}
    for name, arm in arms.items():
        values = [run["test"]["psnr"] for run in arm["runs"]]
        first = spread([run["val_psnr_by_epoch"][0] for run in arm["runs"]])["median"]
        rate, median = arm["runs"][0]["learning_rate"], spread(values)["median"]
        listed = ", ".join(f"{value:.2f}" for value in values)
        say(f"{name:22} rate {rate:<6g} test {median:.2f} dB (seeds: {listed}); validation after epoch 1: {first:.2f}")
    for line in LINES:
        pairs = [[run["test"]["psnr"] for run in arms[f"{line}, {start}"]["runs"]] for start in STARTS]
        found = paired_difference(*pairs)
        interval = found.t_interval
        differences[line] = {"n": found.n, "mean_db": found.mean, "interval_95": interval}
        within = "too few seeds for an interval" if interval is None else f"{interval[0]:+.2f} to {interval[1]:+.2f}"
        say(f"{line}: {STARTS[0]} less {STARTS[1]} {found.mean:+.2f} dB on the test images ({within}; n = {found.n})")
    return differences


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--data", default="cifar10")
    parser.add_argument("--epochs", type=int, default=2)
    parser.add_argument("--seeds", type=int, default=3)
    parser.add_argument("--rates", type=float, nargs="+", default=RATES)
    parser.add_argument("--threads", type=int, default=2)
    parser.add_argument("--runs", type=Path, default=ROOT / "runs" / "initialisation")
    parser.add_argument("--results", type=Path, default=RESULTS)
    options = parser.parse_args()
    arms = measure(options)
    differences = show(arms)
    tried = ", ".join(f"{rate:g}" for rate in options.rates)
    target = write_results(
        "initialisation",
        unit="dB: PSNR, mean over images; seconds of wall time of the training steps alone",
        method=f"`diabolo train` on {options.data}, {options.epochs} epochs, {options.threads} thread(s), the same "
        f"recipe for all; the learning rate of each arm is the best of {tried} on the "
        "validation images at seed 0; differences are of the same seed, with Student's 95 % interval",
        arms=arms,
        folder=options.results,
        recipe=RECIPE,
        differences=differences,
    )
    say(f"raw results: {target}")


if __name__ == "__main__":
    main()
