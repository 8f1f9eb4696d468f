"""The whole training of `drop-in` beside two epochs of the question's Keras code, on the same machine in one run.

`python benchmarks/drop_in.py [--rounds 3] [--threads 2]`: in turns a `diabolo train drop-in`, in a process of its own,
and two epochs of the question's network in Keras with TensorFlow (`fit` with batch 1000 and its validation). Keras's
first epoch, which compiles, is not counted, nor are its imports.
"""

import argparse
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any

from diabolo.use import Run
from header import RESULTS, say, spread, write_results
from time_to_quality import keras_epoch, put_data, start_keras

EPOCHS = 2
"""Of Keras, in whose time the training has to be done."""


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--rounds", type=int, default=3)
    arguments.add_argument("--threads", type=int, default=os.cpu_count() or 1)
    arguments.add_argument("--keras", default="keras-tensorflow", help="engine, as in bench")
    arguments.add_argument("--quick", action="store_true", help="few images and one round, to see that it works")
    arguments.add_argument("--venvs", type=Path, help="where Keras's environment is kept")
    arguments.add_argument("--out", type=Path, default=RESULTS, help="folder for the result")
    options = arguments.parse_args()
    with tempfile.TemporaryDirectory(prefix="diabolo-drop-in-") as folder:
        measure(options, Path(folder))


def measure(options: argparse.Namespace, scratch: Path) -> None:
    """Takes the turns, prints and writes the result."""
    data, images = put_data(scratch, quick=options.quick)
    workers = start_keras(options, scratch, images)
    if not workers:
        sys.exit(f"{options.keras} is not there, and this compares with it")
    trainings: list[dict[str, Any]] = []
    epochs: dict[str, list[list[float]]] = {name: [] for name in workers}
    try:
        for name, worker in workers.items():
            keras_epoch(name, worker)
        for seed in range(1 if options.quick else options.rounds):
            trainings.append(train(seed, data, options.threads, scratch))
            for name, worker in workers.items():
                epochs[name].append([keras_epoch(name, worker)["seconds"] for _ in range(EPOCHS)])
        versions = {name: worker.versions for name, worker in workers.items()}
    finally:
        for worker in workers.values():
            worker.close()
    arms: dict[str, Any] = {"drop-in": {"runs": trainings}}
    for name, rounds in epochs.items():
        arms[name] = {"epoch_seconds": rounds, "versions": versions[name], **ratios(trainings, rounds)}
        for what, title in (("steps", "training steps"), ("whole", "whole command")):
            found = arms[name][f"{what}_to_two_epochs"]
            say(f"{name}: drop-in's {title} took {found['median']:.2f} of two epochs "
                f"({found['min']:.2f} to {found['max']:.2f})")  # fmt: skip
    quality = [one["test_psnr"] for one in trainings]
    say(f"drop-in: {statistics.fmean(quality):.2f} dB on the test images ({min(quality):.2f} to {max(quality):.2f})")
    path = write_results(
        "drop-in-quick" if options.quick else "drop-in",
        unit="seconds of wall time; test PSNR in dB",
        method="in turns: `diabolo train drop-in` in a process of its own (whole: from its start to the test results "
        "and pictures; steps: its training steps alone), and two epochs of Keras's `fit` with its validation; ratios "
        "are of one round",
        arms=arms,
        folder=options.out,
        threads=options.threads,
        data=data if data == "cifar10" else "few images",
    )
    say(str(path))


def train(seed: int, data: str, threads: int, scratch: Path) -> dict[str, Any]:
    """One whole `diabolo train drop-in`."""
    out = scratch / f"seed{seed}"
    arguments = ["train", "drop-in", "--data", data, "--seed", str(seed), "--threads", str(threads), "--out", str(out)]
    started = time.perf_counter()
    done = subprocess.run([sys.executable, "-m", "diabolo", *arguments, "--json"], capture_output=True, text=True)
    seconds = time.perf_counter() - started
    if done.returncode:
        sys.exit(f"diabolo {' '.join(arguments)}: exit status {done.returncode}: {done.stderr.strip()[-1000:]}")
    steps = sum(row.seconds for row in Run(out).history)
    psnr = json.loads(done.stdout)["test"]["psnr"]
    say(f"drop-in, seed {seed}: {seconds:.1f} s in all, {steps:.1f} s of steps, test PSNR {psnr:.2f} dB")
    return {"seed": seed, "whole_seconds": seconds, "steps_seconds": steps, "test_psnr": psnr}


def ratios(trainings: list[dict[str, Any]], rounds: list[list[float]]) -> dict[str, Any]:
    """Each training's seconds in units of the two epochs of its round."""
    return {
        f"{what}_to_two_epochs": spread(
            [one[f"{what}_seconds"] / sum(pair) for one, pair in zip(trainings, rounds, strict=True)]
        )
        for what in ("steps", "whole")
    }


if __name__ == "__main__":
    main()
