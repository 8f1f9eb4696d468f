"""One training step of method-2: images a second and peak memory, with and without huge pages for torch's memory.

`python benchmarks/step.py [--rounds 5] [--seconds 10]`: each arm runs in a process of its own, since the allocator
reads its setting once; the arms take turns, round by round; the first steps of each process are not counted.
"""

import argparse
import json
import os
import resource
import subprocess
import sys
import time

from header import ROOT, say, spread, write_results

BATCHES = (1000, 100)
ALLOCATORS = {"ordinary pages": "0", "huge pages": "1"}  # THP_MEM_ALLOC_ENABLE, read by torch once
WARM_UP_STEPS = 2


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--rounds", type=int, default=5, help="processes an arm")
    arguments.add_argument("--seconds", type=float, default=10.0, help="measured time of each process")
    arguments.add_argument("--threads", type=int, default=os.cpu_count(), help="CPU threads")
    arguments.add_argument("--one", type=int, metavar="BATCH", help=argparse.SUPPRESS)
    options = arguments.parse_args()
    if options.one:
        print(json.dumps(measure(options.one, options.seconds, options.threads)))
        return
    names = [(batch, allocator) for batch in BATCHES for allocator in ALLOCATORS]
    found: dict[tuple[int, str], list[dict]] = {name: [] for name in names}
    for turn in range(options.rounds):
        for name in names if turn % 2 == 0 else reversed(names):
            found[name].append(_in_a_process(*name, options.seconds, options.threads))
            say(f"  round {turn + 1}: batch {name[0]}, {name[1]}: {found[name][-1]['images_per_second']:,.0f} img/s")
    results = {
        f"batch {batch}, {allocator}": {
            "images_per_second": spread([one["images_per_second"] for one in runs]),
            "peak_memory_mib": spread([one["peak_memory_mib"] for one in runs]),
            "steps_each": [one["steps"] for one in runs],
        }
        for (batch, allocator), runs in found.items()
    }
    say(f"\n{'training step of method-2':<28} {'img/s':>7}  {'quartiles':>15}  {'peak MiB':>9}")
    for name, result in results.items():
        speed, memory = result["images_per_second"], result["peak_memory_mib"]
        quartiles = f"{speed['lower_quartile']:,.0f} … {speed['upper_quartile']:,.0f}"
        say(f"{name:<28} {speed['median']:>7,.0f}  {quartiles:>15}  {memory['median']:>9,.0f}")
    path = write_results(
        "step",
        unit="images a second of wall time; MiB of resident memory at its highest",
        method=f"{options.rounds} processes an arm, in turn, the order turned round each time; in each the median step "
        f"of {options.seconds:g} s after {WARM_UP_STEPS} uncounted steps; recipe `fast`, random images, float32",
        arms=results,
        threads=options.threads,
    )
    say(f"{path.relative_to(ROOT)}")


def measure(batch: int, seconds: float, threads: int) -> dict:
    """Trains on random images in this process; the median step's speed."""
    import statistics

    import numpy as np
    import torch

    from diabolo.api.build import build
    from diabolo.train import StepDone, TrainingImages, find_recipe, train

    torch.set_num_threads(threads)
    images = np.random.default_rng(0).integers(0, 256, (2 * batch, 32, 32, 3), dtype=np.uint8)
    indices = np.arange(len(images))
    recipe = find_recipe("fast").with_settings({"batch_size": batch, "epochs": 1_000_000, "num_train_eval": 1})
    parts = TrainingImages(train=images, train_indices=indices, validation=images[:1], validation_indices=indices[:1])
    times: list[float] = []
    num_steps, before = 0, 0.0
    started = time.perf_counter()
    for event in train(build("method-2"), parts, recipe):
        if not isinstance(event, StepDone):
            before = time.perf_counter()  # an epoch's end is no part of a step
            continue
        now = time.perf_counter()
        num_steps += 1
        if num_steps > WARM_UP_STEPS:
            times.append(now - before)
        else:
            started = now
        before = now
        if num_steps > WARM_UP_STEPS + 2 and now - started > seconds:
            break
    return {
        "images_per_second": batch / statistics.median(times),
        "peak_memory_mib": resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / 1024,
        "steps": len(times),
    }


def _in_a_process(batch: int, allocator: str, seconds: float, threads: int) -> dict:
    command = [sys.executable, __file__, "--one", str(batch), "--seconds", str(seconds), "--threads", str(threads)]
    environment = {**os.environ, "THP_MEM_ALLOC_ENABLE": ALLOCATORS[allocator]}
    done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True, cwd=ROOT, env=environment)
    result: dict = json.loads(done.stdout.splitlines()[-1])
    return result


if __name__ == "__main__":
    main()
