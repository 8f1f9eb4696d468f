"""Training from a file that stays on disk against training from memory: images a second, CPU time and peak memory.

`python benchmarks/data_speed.py [--rounds 3] [--seconds 10] [--images 300000]`: each arm runs in a process of its own;
the arms take turns. `from disk, cold` asks the system to forget the file first, as where it is larger than memory.
"""

import argparse
import json
import os
import re
import subprocess
import sys
import tempfile
import time
from pathlib import Path

from header import ROOT, say, spread, write_results

BATCHES = (1000, 50)
ARMS = ("in memory", "from disk", "from disk, cold")
TARGET = 0.8  # of the speed in memory
WARM_UP_STEPS = 3
PIECE = 10_000  # images written at a time


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--rounds", type=int, default=3, help="processes an arm")
    arguments.add_argument("--seconds", type=float, default=10.0, help="measured time of each process")
    arguments.add_argument("--images", type=int, default=300_000, help="of 32×32×3 in the file, 3 KB each")
    arguments.add_argument("--threads", type=int, default=os.cpu_count(), help="CPU threads")
    arguments.add_argument("--engine", default="auto", help="plain, fused or auto")
    arguments.add_argument("--folder", type=Path, help="for the file; default: the system's for temporary files")
    arguments.add_argument("--one", nargs=3, metavar=("FILE", "BATCH", "ARM"), help=argparse.SUPPRESS)
    options = arguments.parse_args()
    if options.one:
        path, batch, arm = options.one
        print(json.dumps(measure(Path(path), int(batch), arm, options.seconds, options.threads, options.engine)))
        return
    names = [(batch, arm) for batch in BATCHES for arm in ARMS]
    found: dict[tuple[int, str], list[dict]] = {name: [] for name in names}
    with tempfile.TemporaryDirectory(dir=options.folder) as folder:
        path = write_images(Path(folder) / "images.npy", options.images)
        for turn in range(options.rounds):
            for name in names if turn % 2 == 0 else reversed(names):
                found[name].append(_in_a_process(path, name, options))
                one = found[name][-1]
                say(f"  round {turn + 1}: batch {name[0]}, {name[1]}: {one['images_per_second']:,.0f} img/s")
        size = path.stat().st_size / 2**20
    results = {
        f"batch {batch}, {arm}": {
            "images_per_second": spread([one["images_per_second"] for one in runs]),
            "cpu_microseconds_an_image": spread([one["cpu_microseconds_an_image"] for one in runs]),
            "peak_memory_mib": spread([one["peak_memory_mib"] for one in runs]),
            "share_of_in_memory": spread(
                [
                    one["images_per_second"] / other["images_per_second"]
                    for one, other in zip(runs, found[batch, ARMS[0]], strict=True)
                ]
            ),
            "steps_each": [one["steps"] for one in runs],
        }
        for (batch, arm), runs in found.items()
    }
    title = f"training of method-2, {size:,.0f} MiB"
    say(f"\n{title:<36} {'img/s':>7}  {'of memory':>9}  {'CPU µs an image':>15}  {'peak MiB':>9}")
    for name, result in results.items():
        speed, share, cpu, memory = (
            result[key]["median"]
            for key in ("images_per_second", "share_of_in_memory", "cpu_microseconds_an_image", "peak_memory_mib")
        )
        say(f"{name:<36} {speed:>7,.0f}  {share:>9.0%}  {cpu:>15,.0f}  {memory:>9,.0f}")
    written = write_results(
        "data_speed",
        unit="images a second of wall time; microseconds of CPU time of all threads; MiB of resident memory at its "
        "highest, mapped pages included",
        method=f"{options.rounds} processes an arm, in turn, the order turned round each time; in each all steps of "
        f"{options.seconds:g} s after {WARM_UP_STEPS} uncounted ones, in random order over the whole file; recipe "
        "`fast`, float32; shares are of the same round",
        arms=results,
        file_mib=size,
        threads=options.threads,
        engine=options.engine,
        target=TARGET,
    )
    say(f"{written.relative_to(ROOT)}")


def write_images(path: Path, num_images: int) -> Path:
    """Random images as a `.npy` file, written in pieces."""
    import numpy as np

    rng = np.random.default_rng(0)
    file = np.lib.format.open_memmap(path, mode="w+", dtype=np.uint8, shape=(num_images, 32, 32, 3))
    for start in range(0, num_images, PIECE):
        piece = file[start : start + PIECE]
        piece[:] = rng.integers(0, 256, piece.shape, dtype=np.uint8)
    file.flush()
    return path


def measure(path: Path, batch: int, arm: str, seconds: float, threads: int, engine: str) -> dict:
    """Trains in this process; the speed over all counted steps, so that no wait for the disk is left out."""
    import numpy as np
    import torch

    from diabolo.api.build import build
    from diabolo.data import ImagesOnDisk
    from diabolo.train import StepDone, TrainingImages, find_recipe, train

    torch.set_num_threads(threads)
    images = np.load(path) if arm == "in memory" else ImagesOnDisk.of(np.load(path, mmap_mode="r"))
    assert images is not None
    if arm.endswith("cold"):
        with path.open("rb") as file:
            os.fsync(file.fileno())
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    recipe = find_recipe("fast").with_settings({"batch_size": batch, "epochs": 1_000_000, "num_train_eval": 1})
    parts = TrainingImages(
        train=images,
        train_indices=np.arange(len(images)),
        validation=images,
        validation_indices=np.arange(1),
    )
    num_steps, started, now, cpu_started = 0, 0.0, 0.0, 0.0
    for event in train(build("method-2", engine=engine), parts, recipe):
        if not isinstance(event, StepDone):
            continue
        now = time.perf_counter()
        num_steps += 1
        if num_steps == WARM_UP_STEPS:
            started, cpu_started = now, time.process_time()
        if num_steps > WARM_UP_STEPS and now - started > seconds:
            break
    peak = re.search(r"VmHWM:\s+(\d+)", Path("/proc/self/status").read_text())
    counted = num_steps - WARM_UP_STEPS
    return {
        "images_per_second": batch * counted / (now - started),
        "cpu_microseconds_an_image": 1e6 * (time.process_time() - cpu_started) / (batch * counted),
        "peak_memory_mib": int(peak[1]) / 1024 if peak else float("nan"),
        "steps": counted,
    }


def _in_a_process(path: Path, name: tuple[int, str], options: argparse.Namespace) -> dict:
    batch, arm = name
    command = [sys.executable, __file__, "--one", str(path), str(batch), arm, "--seconds", str(options.seconds)]
    command += ["--threads", str(options.threads), "--engine", options.engine]
    environment = {**os.environ, "THP_MEM_ALLOC_ENABLE": "1"}
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=environment)
    result: dict = json.loads(done.stdout.splitlines()[-1])
    return result


if __name__ == "__main__":
    main()
