"""The parts of the benchmark: each measures one thing, fills its place in the record and saves it."""

from collections.abc import Callable, Container, Mapping
from dataclasses import replace
from typing import Any

from diabolo.bench.compare import Turns, alternate, prepare, workers_of
from diabolo.bench.cost import cost_points, measure_cost
from diabolo.bench.fresh import measure_memory, measure_start_up
from diabolo.bench.options import COST_FILE, Session
from diabolo.bench.peak import measure_peak
from diabolo.bench.report import add_peak, add_turns, add_versions, ratio
from diabolo.bench.spread import spread
from diabolo.zoo import zoo
from diabolo.zoo.resolve import resolve

VARIANTS = ("method-1", "pool-bn", "bn-relu")
"""The other orders of the question's layers, measured where the model is `method-2`."""


def add_peaks(session: Session) -> None:
    """Measures what the machine can do; before and after the rest, since a shared machine changes."""
    session.say("what the machine can do at best")
    small = {"num_values": 1 << 18, "tries": 2} if session.options.quick else {}
    peak = measure_peak(session.task.threads, **small)
    add_peak(session.report, peak)
    session.say(f"  {peak.gflops:.0f} GFLOP/s, {peak.gigabytes:.1f} GB/s ({peak.how})")
    session.save()


def _compare(session: Session) -> None:
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


def _variants(session: Session) -> None:
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


def _name_engines(session: Session, names: Container[str]) -> None:
    """Sees that every engine that has a number has a row, whichever parts are measured."""
    for engine in session.engines:
        if engine.name in names:
            session.report["engines"].setdefault(engine.name, {"title": engine.title})


def _memory(session: Session) -> None:
    steps = 1 if session.options.quick else 10
    session.say(f"peak memory with all images in memory, {steps} steps and an evaluation of the test images")
    session.report["memory"] = {"steps": steps, "unit": "MiB, resident, the whole process", "peak": {}}

    def save(peaks: dict[str, float]) -> None:
        session.report["memory"]["peak"] = peaks
        _name_engines(session, peaks)
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


def _start_up(session: Session) -> None:
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
    _name_engines(session, seconds)
    session.save()


def _cost(session: Session) -> None:
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


PARTS: Mapping[str, Callable[[Session], None]] = {
    "compare": _compare,
    "variants": _variants,
    "memory": _memory,
    "start-up": _start_up,
    "cost": _cost,
}
"""What can be measured, in this order."""
