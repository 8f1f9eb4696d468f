"""How long a short command takes, from the shell to its end, beside what Python and torch alone take.

`python benchmarks/startup.py [--runs 15]`: the arms take turns, after one round that is not counted.
"""

import argparse
import os
import subprocess
import sys
import time
from pathlib import Path

from header import ROOT, say, spread, write_results

DIABOLO = str(Path(sys.executable).with_name("diabolo"))
ARMS = {
    "python -c pass": [sys.executable, "-c", "pass"],
    "diabolo --help": [DIABOLO, "--help"],
    "diabolo summary method-2": [DIABOLO, "summary", "method-2"],
    "python -c 'import torch'": [sys.executable, "-c", "import torch"],
}
TARGETS = {"diabolo --help": 0.3, "diabolo summary method-2": 0.5}  # seconds


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__)
    arguments.add_argument("--runs", type=int, default=15, help="counted runs of each arm, at least 10")
    runs = max(10, arguments.parse_args().runs)
    seconds: dict[str, list[float]] = {name: [] for name in ARMS}
    for turn in range(runs + 1):  # turn 0 fills the caches of files and compiled modules
        for name, command in ARMS.items():
            started = time.perf_counter()
            subprocess.run(command, check=True, stdout=subprocess.DEVNULL, cwd=ROOT, env={**os.environ})
            if turn:
                seconds[name].append(time.perf_counter() - started)
    results = {name: spread(values) for name, values in seconds.items()}
    say(f"{'start-up, seconds':<28} {'median':>7}  {'quartiles':>15}  target")
    for name, result in results.items():
        target = f"{TARGETS[name]:.1f}" if name in TARGETS else ""
        quartiles = f"{result['lower_quartile']:.3f} … {result['upper_quartile']:.3f}"
        say(f"{name:<28} {result['median']:>7.3f}  {quartiles:>15}  {target}")
    path = write_results(
        "startup",
        unit="seconds of wall time a run",
        method=f"{runs} runs an arm, the arms in turn, after one uncounted round; new process each, output discarded",
        arms=results,
        targets=TARGETS,
    )
    say(f"{path.relative_to(ROOT)}")


if __name__ == "__main__":
    main()
