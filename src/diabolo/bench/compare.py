"""Engines side by side: rounds in which each takes its turn while the others sleep."""

import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from diabolo.bench.engines import Engine
from diabolo.bench.task import Task
from diabolo.bench.workers import Worker, WorkerError

_SECONDS_BETWEEN_TURNS = 0.3  # thread pools spin for a while after their work before they sleep
_LEAST_FREE = 0.12  # of all memory: below that one more worker could bring the machine to its knees

Say = Callable[[str], None]


@dataclass(frozen=True, kw_only=True)
class Turns:
    """What rounds gave: seconds of each step, by engine and round."""

    training: dict[str, list[list[float]]] = field(default_factory=dict)
    """Training steps."""
    inference: dict[str, list[list[float]]] = field(default_factory=dict)
    """Reconstructions of a batch."""
    idle_cpu_share: list[float] = field(default_factory=list)
    """For each turn: CPU time that all sleeping workers used together, a second of that turn."""

    def images_per_second(self, kind: str, name: str, batch: int) -> list[float]:
        """Images a second in each round: the batch over the median step."""
        from statistics import median

        return [batch / median(steps) for steps in getattr(self, kind)[name]]


@contextmanager
def workers_of(
    engines: Sequence[Engine],
    pythons: Mapping[str, Path],
    *,
    threads: int,
    scratch: Path,
    left_out: dict[str, str],
    say: Say,
) -> Iterator[dict[str, Worker]]:
    """Starts a worker for each engine; those that cannot start are named in `left_out`. All end with the block."""
    with ExitStack() as stack:
        running: dict[str, Worker] = {}
        for engine in engines:
            say(f"  starting {engine.title}")
            try:
                worker = Worker(engine, pythons[engine.name], threads=threads, scratch=scratch)
            except WorkerError as error:
                leave_out(engine, str(error), left_out, say)
                continue
            running[engine.name] = stack.enter_context(worker)
        yield running


def leave_out(engine: Engine, reason: str, left_out: dict[str, str], say: Say) -> None:
    """Notes that an engine takes no further part, and why."""
    left_out[engine.name] = reason
    say(f"  {engine.title} is left out: {reason}")


def prepare(running: dict[str, Worker], task: Task, *, left_out: dict[str, str], say: Say, infer: bool = True) -> None:
    """Has every worker build the model and take first steps that are not counted; those that fail are left out."""
    for name in list(running):
        try:
            running[name].ask("prepare", task=task.message())
            running[name].ask("train", num_steps=1)
            if infer:
                running[name].ask("infer", num_steps=1)
            if free_share() < _LEAST_FREE:
                raise WorkerError(
                    "left too little memory for the others; name fewer in `--engines`, or a smaller `--batch`"
                )
        except WorkerError as error:
            worker = running.pop(name)
            worker.close()
            leave_out(worker.engine, str(error), left_out, say)


def alternate(
    running: dict[str, Worker],
    *,
    rounds: int,
    steps: int,
    inference: bool,
    left_out: dict[str, str],
    say: Say,
    show: Callable[[Turns], None] = lambda turns: None,
) -> Turns:
    """Rounds in which each worker in turn trains `steps` steps and, if asked, reconstructs as many batches.

    The order turns round from one round to the next. An engine that fails in a round is left out, with its earlier
    rounds.
    """
    turns = Turns(
        training={name: [] for name in running}, inference={name: [] for name in running} if inference else {}
    )
    for number in range(rounds):
        for name in list(running) if number % 2 == 0 else list(reversed(running)):
            others = [worker for other, worker in running.items() if other != name]
            time.sleep(_SECONDS_BETWEEN_TURNS)
            before, started = sum(worker.cpu_seconds() for worker in others), time.monotonic()
            try:
                turns.training[name].append(running[name].ask("train", num_steps=steps))
                if inference:
                    turns.inference[name].append(running[name].ask("infer", num_steps=steps))
            except WorkerError as error:
                worker = running.pop(name)
                worker.close()
                leave_out(worker.engine, str(error), left_out, say)
                turns.training.pop(name)
                turns.inference.pop(name, None)
                continue
            used = sum(worker.cpu_seconds() for worker in others) - before
            turns.idle_cpu_share.append(used / max(time.monotonic() - started, 1e-9))
        show(turns)  # first, so that what was announced is in the record even if nothing comes after it
        say(f"  round {number + 1} of {rounds}")
    return turns


def free_share() -> float:
    """Share of the machine's memory that is available; 1 where the system does not say."""
    try:
        lines = dict(line.split(":", 1) for line in Path("/proc/meminfo").read_text().splitlines())
        return int(lines["MemAvailable"].split()[0]) / int(lines["MemTotal"].split()[0])
    except (OSError, KeyError, ValueError):
        return 1.0
