"""What is measured in fresh processes: time from start to the end of the first step, and memory of the whole job."""

import time
from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

from diabolo.bench.compare import Say, leave_out
from diabolo.bench.engines import Engine
from diabolo.bench.task import Task
from diabolo.bench.workers import Worker, WorkerError


def measure_start_up(
    engines: Sequence[Engine],
    pythons: Mapping[str, Path],
    task: Task,
    *,
    runs: int,
    scratch: Path,
    left_out: dict[str, str],
    say: Say,
) -> dict[str, list[float]]:
    """Seconds from starting Python to the end of the first training step; one run before them isn't counted."""
    seconds: dict[str, list[float]] = {}
    for number in range(runs + 1):
        for engine in engines:
            if engine.name in left_out:
                continue
            started = time.perf_counter()
            try:
                with Worker(engine, pythons[engine.name], threads=task.threads, scratch=scratch) as worker:
                    worker.ask("prepare", task=task.message())
                    worker.ask("train", num_steps=0)
                    taken = time.perf_counter() - started
            except WorkerError as error:
                leave_out(engine, str(error), left_out, say)
                seconds.pop(engine.name, None)
                continue
            if number:
                seconds.setdefault(engine.name, []).append(taken)
        say(f"  run {number} of {runs}" if number else "  a first run, not counted")
    return seconds


def measure_memory(
    engines: Sequence[Engine],
    pythons: Mapping[str, Path],
    task: Task,
    test_images: Path,
    *,
    steps: int,
    scratch: Path,
    left_out: dict[str, str],
    say: Say,
    save: Callable[[dict[str, float]], None],
) -> None:
    """Peak resident memory in MiB of a process that has all images in memory, trains, and evaluates the test images."""
    peaks: dict[str, float] = {}
    for engine in engines:
        if engine.name in left_out:
            continue
        try:
            with Worker(engine, pythons[engine.name], threads=task.threads, scratch=scratch) as worker:
                worker.ask("whole", task=task.message(), test_images=str(test_images), num_steps=steps)
                peaks[engine.name] = worker.ask("peak_memory")
        except WorkerError as error:
            leave_out(engine, str(error), left_out, say)
            continue
        say(f"  {engine.title}: {peaks[engine.name]:,.0f} MiB")
        save(peaks)
