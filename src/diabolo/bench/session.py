"""`run_bench`: the whole benchmark, part by part, with a record that is true and whole at every moment."""

import os
import tempfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

from diabolo.bench.compare import Say, leave_out
from diabolo.bench.engines import choose_engines
from diabolo.bench.environments import default_folder, find_environment
from diabolo.bench.images import FULL, put_images
from diabolo.bench.options import BenchOptions, Session
from diabolo.bench.parts import PARTS, add_peaks
from diabolo.bench.report import new_report
from diabolo.bench.task import Task, count_work
from diabolo.errors import DiaboloError, clip
from diabolo.zoo.resolve import resolve

_FOR_SPEED = 4000  # train images, so that the largest batch does not come out of the caches


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
        session = Session(
            options=options, task=task, images=images, engines=engines, pythons={}, scratch=scratch, report=report,
            say=say,
        )  # fmt: skip
        say(report["images"])
        _find_pythons(session)
        add_peaks(session)
        for part in parts:
            PARTS[part](session)
        add_peaks(session)
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


def _find_pythons(session: Session) -> None:
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


def _cores() -> int:
    """Cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return len(os.sched_getaffinity(0))
    return os.cpu_count() or 1
