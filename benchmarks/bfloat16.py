"""What `precision=bfloat16` does to the speed of a training step on this processor.

`python benchmarks/bfloat16.py [--batch N] [--threads N] [--rounds N] [--cpu-time]`: float32 on plain torch, bfloat16 on
plain torch (the engine leaves it to torch) and float32 on the native stages, in turn in one process.
"""

import argparse
import time
from collections.abc import Callable

import torch

from diabolo.kernels import find_library
from diabolo.model import build_model
from diabolo.train.losses import loss_for, loss_input
from diabolo.train.precision import autocast
from header import say, spread, write_results
from levels import alternate
from stages import LINES

ARMS = {  # engine, precision
    "plain float32": ("plain", "float32"),
    "plain bfloat16": ("plain", "bfloat16"),
    "fused float32": ("fused", "float32"),
}


def step_of(engine: str, precision: str, images: torch.Tensor) -> Callable[[], None]:
    """A training step of method-2, as the loop makes it."""
    model = build_model(LINES["method-2"], engine=engine)
    optimiser = torch.optim.Adam(model.parameters())
    loss = loss_for("bce", model)

    def step() -> None:
        optimiser.zero_grad()
        with autocast(precision, images.device):
            output = loss_input(model, loss, images)
        loss.function(output, images).backward()
        optimiser.step()

    return step


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--batch", type=int, default=50)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--rounds", type=int, default=15)
    parser.add_argument("--cpu-time", action="store_true")
    options = parser.parse_args()
    torch.set_num_threads(options.threads)
    images = torch.rand(options.batch, 3, 32, 32).contiguous(memory_format=torch.channels_last)
    work = {name: step_of(engine, precision, images) for name, (engine, precision) in ARMS.items()}
    clock = time.process_time if options.cpu_time else time.perf_counter
    seconds = alternate(work, options.rounds, clock)
    speeds = {name: [options.batch / one for one in times] for name, times in seconds.items()}
    for name, values in speeds.items():
        result = spread(values)
        low, high = result["lower_quartile"], result["upper_quartile"]
        say(f"{name:16} {result['median']:8,.0f} img/s ({low:,.0f} … {high:,.0f})")
    library = find_library()
    write_results(
        f"bfloat16-batch{options.batch}",
        unit=f"images a second of {'CPU' if options.cpu_time else 'wall'} time, each round's",
        method=f"{options.rounds} rounds in one process after an uncounted one; the arms take turns, the order turned "
        f"round each time; method-2, batch {options.batch}, huge pages, {options.threads} thread(s)",
        arms=speeds,
        instruction_set=None if library is None else library.level,
    )


if __name__ == "__main__":
    main()
