"""The stage engine's instruction sets against each other and plain torch: the stages of Method 2, and whole steps.

`python benchmarks/levels.py [--levels avx2 avx512] [--batch N] [--threads N] [--rounds N] [--cpu-time] [--write NAME]`.
`--wide` measures networks of 64 to 256 channels instead, all their convolutions on the engine (`--widest 1000`) or, by
default, those that models give to it.
The arms alternate in one process, the order turned round each round; median and spread. `--cpu-time` counts the
processor time of this process instead of wall time: what to read where other programs run beside (one thread then).
"""

import argparse
import statistics
import sys
import time
from collections.abc import Callable

import torch

import diabolo.model.stages as model_stages
from diabolo.kernels import find_library
from header import RESULTS, say, write_results
from stages import LINES, STAGES, fma_peak, model_work, stage_work

_WIDE_LINE = (
    "conv{c} relu {bn}pool conv{c} relu {bn}conv{c} relu {bn}pool "
    "| conv{c} relu {bn}up conv{c} relu {bn}up conv3 sigmoid"
)
WIDE = {
    f"{channels} channels{', bn' if bn else ''}": _WIDE_LINE.format(c=channels, bn=bn)
    for channels in (64, 96, 128, 160, 192, 256)
    for bn in ("", "bn ")
}
Work = dict[str, Callable[[], object]]


def arms_of(make: Callable[[], Work], levels: list[str]) -> Work:
    """The work of `plain`, and that of `fused` on every level: `avx2 training`, `plain training`, ..."""
    work = make()
    arms: Work = {name: run for name, run in work.items() if name.startswith("plain ")}
    for level in levels:
        for name, run in work.items():
            if name.startswith("fused "):
                arms[name.replace("fused", level)] = _on(level, run)
    return arms


def _on(level: str, run: Callable[[], object]) -> Callable[[], object]:
    def work() -> None:
        library = find_library()
        assert library is not None
        library.choose(level)
        run()

    return work


def alternate(work: Work, rounds: int, clock: Callable[[], float]) -> dict[str, list[float]]:
    """Seconds of each, taken in turns; the first round is thrown away."""
    seconds: dict[str, list[float]] = {name: [] for name in work}
    for turn in range(rounds + 1):
        for name in work if turn % 2 == 0 else reversed(work):
            started = clock()
            work[name]()
            if turn:
                seconds[name].append(clock() - started)
    return seconds


def report(name: str, found: dict[str, list[float]], batch: int) -> None:
    say(name)
    for what in sorted({arm.split()[1] for arm in found}):
        slowest = statistics.median(found[f"plain {what}"])
        for arm in sorted(arm for arm in found if arm.endswith(f" {what}")):
            times = found[arm]
            middle, (low, _, high) = statistics.median(times), statistics.quantiles(times, n=4)
            say(
                f"    {arm:18} {batch / middle:8,.0f} img/s ({batch / high:,.0f} … {batch / low:,.0f}), "
                f"{slowest / middle:.2f} × plain"
            )


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--levels", nargs="+", default=["avx2", "avx512"])
    parser.add_argument("--batch", type=int, default=1000)
    parser.add_argument("--threads", type=int, default=torch.get_num_threads())
    parser.add_argument("--rounds", type=int, default=7)
    parser.add_argument("--cpu-time", action="store_true")
    parser.add_argument("--wide", action="store_true")
    parser.add_argument(
        "--widest", type=int, default=model_stages._WIDEST, help="channels from which on torch is asked"
    )
    parser.add_argument("--only", default="", help="part of the names of what is measured")
    parser.add_argument("--write", metavar="NAME", help="keeps the raw values in results/NAME.json")
    options = parser.parse_args()
    library = find_library()
    if library is None:
        sys.exit("the stage engine is not built: python -m diabolo.kernels")
    missing = [level for level in options.levels if library.choose(level) != level]
    if missing:
        sys.exit(f"this processor has no {missing[0]}")
    torch.set_num_threads(options.threads)
    model_stages._WIDEST = options.widest
    clock = time.process_time if options.cpu_time else time.perf_counter
    results: dict[str, object] = {}
    peaks = {}
    for level in options.levels:
        library.choose(level)
        peaks[level] = fma_peak() * options.threads
        say(f"{level}: FMA peak {peaks[level]:.0f} GFLOP/s")
    some = max(1, options.batch // 5)
    stages, lines = ((), WIDE) if options.wide else (STAGES, LINES)
    named: list[tuple[str, Callable[[], Work], int]] = [
        *((name, lambda name=name: stage_work(name, some), some) for name in stages),
        *((name, lambda line=line: model_work(line, options.batch), options.batch) for name, line in lines.items()),
    ]
    for name, make, batch in named:
        if options.only in name:
            found = alternate(arms_of(make, options.levels), options.rounds, clock)
            report(name, found, batch)
            results[name] = {"batch": batch, "seconds": found}
    if options.write:
        write_results(
            options.write,
            unit=f"seconds of {'CPU' if options.cpu_time else 'wall'} time, each round's",
            method=f"{options.rounds} rounds in one process after an uncounted one; the arms take turns, the order "
            f"turned round each time; huge pages; {options.threads} thread(s)",
            arms=results,
            folder=RESULTS,
            peak_gflops=peaks,
        )


if __name__ == "__main__":
    main()
