"""`run_bench`: the whole benchmark, part by part, with a record that is true and whole at every moment."""

import os
import tempfile
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Any

from diabolo.bench.compare import Say, Turns, alternate, leave_out, prepare, workers_of
from diabolo.bench.cost import cost_points, measure_cost
from diabolo.bench.engines import Engine, choose_engines
from diabolo.bench.environments import default_folder, find_environment
from diabolo.bench.fresh import measure_memory, measure_start_up
from diabolo.bench.images import FULL, BenchImages, put_images
from diabolo.bench.peak import measure_peak
from diabolo.bench.report import add_peak, add_turns, add_versions, current_load, new_report, ratio, write_report
from diabolo.bench.spread import spread
from diabolo.bench.task import Task, count_work
from diabolo.errors import DiaboloError, clip
from diabolo.zoo import zoo
from diabolo.zoo.resolve import resolve

PARTS = ("compare", "variants", "memory", "start-up", "cost")
"""What can be measured, in this order."""
VARIANTS = ("method-1", "pool-bn", "bn-relu")
"""The other orders of the question's layers, measured where the model is `method-2`."""
RESULTS_FILE = "bench.json"
COST_FILE = "bench-cost.png"
_FOR_SPEED = 4000  # train images, so that the largest batch does not come out of the caches


@dataclass(frozen=True, kw_only=True)
class BenchOptions:
    """What is measured, and how long."""

    model: str = "method-2"
    """A zoo name or a line of conv, relu, bn, pool, up and sigmoid."""
    engines: str | None = None
    """Comma-separated names; None: all."""
    parts: str | None = None
    """Comma-separated names of `PARTS`; None: all."""
    rounds: int = 7
    """Turns of each engine."""
    steps: int = 3
    """Counted steps of a turn."""
    batch: int = 1000
    """Images a step."""
    threads: int | None = None
    """CPU threads of each engine; None: the cores that this process may use."""
    quick: bool = False
    """Small and short, to see that everything works; the numbers mean little."""
    out: Path | None = None
    """Folder for `bench.json` and `bench-cost.png`; None writes nothing."""
    install: bool = True
    """Whether missing engines are installed into environments of their own."""
    venvs: Path | None = None
    """Folder for those environments; None: the user's cache."""


@dataclass(kw_only=True)
class _Session:
    """What the parts of one benchmark share."""

    options: BenchOptions
    task: Task
    images: BenchImages
    engines: Sequence[Engine]
    pythons: Mapping[str, Path]
    scratch: Path
    report: dict[str, Any]
    say: Say
    left_out: dict[str, str] = field(default_factory=dict)

    def save(self) -> None:
        """Writes the record as it is now."""
        self.report["left_out"] = self.left_out
        self.report["machine"]["load_at_end"] = current_load()
        if self.options.out is not None:
            write_report(self.report, self.options.out / RESULTS_FILE)


def run_bench(
    options: BenchOptions,
    *,
    say: Say = lambda text: None,
    keep: Callable[[dict[str, Any]], None] = lambda report: None,
) -> dict[str, Any]:
    """Measures and returns the record; writes it after every round where `options.out` is given.

    Args:
        options: what is measured.
        say: told what is being done, a line at a time.
        keep: given the record as soon as there is one; it is filled in place, so that an interrupted benchmark leaves
            what it had.

    Raises:
        DiaboloError: an option is wrong, or no engine is left.
        OutputError: the folder cannot be written.
    """
    engines, parts = choose_engines(options.engines), _choose_parts(options.parts)
    spec = resolve(options.model).spec
    batch, rounds, steps = (min(options.batch, 20), 2, 1) if options.quick else (
        options.batch, options.rounds, options.steps
    )  # fmt: skip
    with tempfile.TemporaryDirectory(prefix="diabolo-bench-") as folder:
        scratch = Path(folder)
        num_train, num_test = (400, 100) if options.quick else FULL
        if "memory" not in parts:  # which alone needs them all
            num_train, num_test = min(num_train, max(_FOR_SPEED, (steps + 1) * batch)), 1
        images = put_images(scratch, num_train=num_train, num_test=num_test)
        task = Task(
            line=str(spec),
            batch=batch,
            image_shape=(32, 32, 3),
            images=images.train,
            threads=options.threads or _cores(),
        )
        task.message()  # a line that the others cannot be given is refused before anything is installed
        report = new_report(
            task,
            model=options.model,
            images=images.about,
            work=count_work(task.line, task.image_shape),
            rounds=rounds,
            steps=steps,
        )
        keep(report)
        session = _Session(
            options=options, task=task, images=images, engines=engines, pythons={}, scratch=scratch, report=report,
            say=say,
        )  # fmt: skip
        say(report["images"])
        _find_pythons(session)
        _peak(session)
        for part in parts:
            _PARTS[part](session)
        _peak(session)
        report["complete"] = True
        session.save()
    return report


def _choose_parts(names: str | None) -> tuple[str, ...]:
    wanted = PARTS if names is None else tuple(name.strip() for name in names.split(",") if name.strip())
    for name in wanted:
        if name not in PARTS:
            raise DiaboloError(f"`--parts`: there is no part `{clip(name)}`; there are {', '.join(PARTS)}")
    if not wanted:
        raise DiaboloError(f"`--parts` names none; there are {', '.join(PARTS)}")
    return tuple(part for part in PARTS if part in wanted)


def _find_pythons(session: _Session) -> None:
    """Finds or makes the environments; engines without one are left out."""
    folder = (session.options.venvs or default_folder()).expanduser().absolute()
    pythons: dict[str, Path] = {}
    missing: dict[str, str] = {}
    for engine in session.engines:
        reason = missing.get(engine.environment, "")
        if not reason:
            found = find_environment(engine, folder, install=session.options.install, say=session.say)
            if found.python is not None:
                pythons[engine.name] = found.python
                continue
            reason = missing[engine.environment] = found.reason
        leave_out(engine, reason, session.left_out, session.say)
    if not pythons:
        raise DiaboloError(
            "`diabolo bench`: none of the engines is there; name others in `--engines`, as diabolo-plain"
        )
    session.pythons = pythons
    session.engines = tuple(engine for engine in session.engines if engine.name in pythons)


def _peak(session: _Session) -> None:
    session.say("what the machine can do at best")
    small = {"num_values": 1 << 18, "tries": 2} if session.options.quick else {}
    peak = measure_peak(session.task.threads, **small)
    add_peak(session.report, peak)
    session.say(f"  {peak.gflops:.0f} GFLOP/s, {peak.gigabytes:.1f} GB/s ({peak.how})")
    session.save()


def _compare(session: _Session) -> None:
    session.say(f"training steps and reconstructions, batch {session.task.batch}")
    by_name = {engine.name: engine for engine in session.engines}

    def show(turns: Turns) -> None:
        add_turns(session.report, turns, by_name)
        session.save()

    with workers_of(
        session.engines,
        session.pythons,
        threads=session.task.threads,
        scratch=session.scratch,
        left_out=session.left_out,
        say=session.say,
    ) as running:
        for name, worker in running.items():
            add_versions(session.report, by_name[name], worker.versions)
        prepare(running, session.task, left_out=session.left_out, say=session.say)
        turns = alternate(
            running,
            rounds=session.report["rounds"],
            steps=session.report["steps_a_round"],
            inference=True,
            left_out=session.left_out,
            say=session.say,
            show=show,
        )
        show(turns)


def _variants(session: _Session) -> None:
    if session.options.model != "method-2":
        session.say("the other orders of the question's layers are measured with method-2 only")
        return
    chosen = [engine for engine in session.engines if engine.in_variants and engine.name not in session.left_out]
    if not chosen:
        return
    rounds = max(2, session.report["rounds"] // 2 + 1)
    session.report["variants"] = {"rounds": rounds, "models": {}}
    with workers_of(
        chosen,
        session.pythons,
        threads=session.task.threads,
        scratch=session.scratch,
        left_out=session.left_out,
        say=session.say,
    ) as running:
        for name in ("method-2", *VARIANTS):
            session.say(f"{name}, batch {session.task.batch}")
            line = str(resolve(zoo()[name]).spec)
            batch, steps = session.task.batch, session.report["steps_a_round"]
            prepare(running, replace(session.task, line=line), left_out=session.left_out, say=session.say)
            turns = alternate(
                running, rounds=rounds, steps=steps, inference=False, left_out=session.left_out, say=session.say
            )
            session.report["variants"]["models"][name] = {
                engine: {
                    "training_images_per_second": spread(turns.images_per_second("training", engine, batch)),
                    **({"ratio": ratio(turns, "diabolo-fused", engine, batch)} if "diabolo-fused" in running else {}),
                }
                for engine in turns.training
            }
            session.save()


def _memory(session: _Session) -> None:
    steps = 1 if session.options.quick else 10
    session.say(f"peak memory with all images in memory, {steps} steps and an evaluation of the test images")
    session.report["memory"] = {"steps": steps, "unit": "MiB, resident, the whole process", "peak": {}}

    def save(peaks: dict[str, float]) -> None:
        session.report["memory"]["peak"] = peaks
        session.save()

    measure_memory(
        session.engines,
        session.pythons,
        session.task,
        session.images.test,
        steps=steps,
        scratch=session.scratch,
        left_out=session.left_out,
        say=session.say,
        save=save,
    )


def _start_up(session: _Session) -> None:
    session.say("start-up: from starting Python to the end of the first training step")
    runs = 1 if session.options.quick else min(5, session.report["rounds"])
    seconds = measure_start_up(
        session.engines,
        session.pythons,
        session.task,
        runs=runs,
        scratch=session.scratch,
        left_out=session.left_out,
        say=session.say,
    )
    session.report["start_up_seconds"] = {name: spread(values) for name, values in seconds.items() if values}
    session.save()


def _cost(session: _Session) -> None:
    session.say("cost against batch, image side, width and number of images")
    chosen = [engine for engine in session.engines if engine.in_cost and engine.name not in session.left_out]
    rounds = 2 if session.options.quick else 3
    session.report["cost"] = {"rounds": rounds, "series": {}}

    def save(series: dict[str, Any]) -> None:
        session.report["cost"]["series"] = series
        session.save()

    with workers_of(
        chosen,
        session.pythons,
        threads=session.task.threads,
        scratch=session.scratch,
        left_out=session.left_out,
        say=session.say,
    ) as running:
        for name, worker in running.items():
            engine = next(engine for engine in chosen if engine.name == name)
            if name not in session.report["engines"]:
                add_versions(session.report, engine, worker.versions)
        points = cost_points(session.task, session.scratch, quick=session.options.quick)
        measure_cost(running, points, rounds=rounds, left_out=session.left_out, say=session.say, save=save)
    if session.options.out is not None:
        from diabolo.bench.figure import draw_cost

        draw_cost(session.report, session.options.out / COST_FILE)


def _cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1


_PARTS: Mapping[str, Callable[[_Session], None]] = {
    "compare": _compare,
    "variants": _variants,
    "memory": _memory,
    "start-up": _start_up,
    "cost": _cost,
}
