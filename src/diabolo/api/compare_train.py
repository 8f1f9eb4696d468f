"""The trainings of a comparison: child processes side by side, each a `diabolo train` with a log in its run folder."""

import ctypes
import os
import signal
import subprocess
import sys
import time
from collections import deque
from collections.abc import Callable
from dataclasses import dataclass, field

from diabolo.api.compare_plan import Plan, PlannedRun
from diabolo.api.compare_progress import ComparisonProgress, Estimator
from diabolo.errors import RunError
from diabolo.files import make_folder, output_errors

LOG_FILE = "train.log"
"""What a training of a comparison printed, in its run folder."""
_SECONDS_BETWEEN_LOOKS = 0.1
_SECONDS_BETWEEN_TICKS = 1.0
_SECONDS_TO_STOP = 60.0  # a step of a large model may take some; after that a child is killed
_LAST_BYTES = 20_000  # of a log in which the reason of a failure is sought
_PARENT_DIES = 1  # PR_SET_PDEATHSIG


@dataclass(kw_only=True)
class TrainedRuns:
    """What became of the trainings."""

    reasons: dict[str, str] = field(default_factory=dict)
    """Why a training failed, by folder."""
    is_stopped: bool = False
    """Whether it was asked to stop before all were done."""


def train_runs(
    plan: Plan,
    *,
    parallel: int,
    threads: int,
    watch: Callable[[ComparisonProgress], None] = lambda progress: None,
    should_stop: Callable[[], bool] = lambda: False,
) -> TrainedRuns:
    """Trains what is not finished yet; hold the lock of the comparison's folder meanwhile.

    A training that is asked to stop saves its state. Where this process dies, the system asks its children to stop
    (on Linux; elsewhere they train to their end, and the next comparison waits for them).

    Args:
        plan: from `plan_comparison`.
        parallel: most trainings at once.
        threads: of each.
        watch: called every second, and with a message when a training starts or ends.
        should_stop: asked ten times a second.
    """
    return _Trainings(plan, parallel, threads, watch).run(should_stop)


def last_words(run: PlannedRun) -> str:
    """The error that a training printed last, or its last line; empty without a log."""
    try:
        with (run.folder.path / LOG_FILE).open("rb") as file:
            file.seek(max(0, file.seek(0, os.SEEK_END) - _LAST_BYTES))
            lines = [line.strip() for line in file.read().decode("utf-8", "replace").splitlines() if line.strip()]
    except OSError:
        return ""
    errors = [line.removeprefix("diabolo: ") for line in lines if line.startswith("diabolo: ")]
    return (errors or lines or [""])[-1]


class _Trainings:
    """The queue, the children at work, and what became of those that ended."""

    def __init__(self, plan: Plan, parallel: int, threads: int, watch: Callable[[ComparisonProgress], None]) -> None:
        self.parallel = parallel
        self.environment = {**os.environ, "OMP_NUM_THREADS": str(threads)}
        self.watch = watch
        self.queue = deque(plan.runs)
        self.children: dict[str, tuple[PlannedRun, subprocess.Popen[bytes]]] = {}
        self.waiting: set[str] = set()
        self.estimator = Estimator(plan.runs)
        self.result = TrainedRuns()
        self.last_tick = 0.0

    def run(self, should_stop: Callable[[], bool]) -> TrainedRuns:
        self._drop_settled()
        try:
            while self.queue or self.children:
                if should_stop():
                    self.result.is_stopped = True
                    self._stop()
                    break
                self._start_next()
                self._collect()
                self._tick()
                time.sleep(_SECONDS_BETWEEN_LOOKS)
        finally:
            self._stop()
        return self.result

    def _drop_settled(self) -> None:
        """Takes out of the queue what is finished, diverged, or cannot be read."""
        left = deque(run for run in self.queue if not self._is_settled(run))
        settled = len(self.queue) - len(left)
        self.queue = left
        self.estimator.forgive()
        if settled:
            self._say(f"{settled} of {len(self.estimator.runs)} runs are there already; {len(left)} to train")

    def _is_settled(self, run: PlannedRun) -> bool:
        if not run.folder.exists():
            return False
        try:
            status = run.folder.record().status
        except RunError:
            status = "damaged"  # the comparison names it
        if status not in ("finished", "diverged", "damaged"):
            return False
        if status == "diverged" and (words := last_words(run)):
            self.result.reasons[str(run.folder.path)] = f"it diverged: {words}"
        self.estimator.close(run)
        return True

    def _start_next(self) -> None:
        """Starts runs while there is room; one that another process writes goes to the end of the queue."""
        for _ in range(len(self.queue)):
            if len(self.children) >= self.parallel:
                return
            run = self.queue.popleft()
            if self._is_settled(run):  # another process finished it meanwhile
                continue
            try:
                with run.folder.writing():
                    pass
            except RunError as error:
                self.queue.append(run)
                if str(run.folder.path) not in self.waiting:
                    self.waiting.add(str(run.folder.path))
                    self._say(f"waiting for {run.model} seed {run.seed}: {str(error).split(';')[0]}")
                continue
            self._start(run)

    def _start(self, run: PlannedRun) -> None:
        verb = "goes on" if run.folder.exists() else "starts"
        log = make_folder(run.folder.path) / LOG_FILE
        with output_errors(log), log.open("ab") as file:
            child = subprocess.Popen(
                run.command(),
                stdin=subprocess.DEVNULL,
                stdout=file,
                stderr=subprocess.STDOUT,
                env=self.environment,
                start_new_session=True,  # Ctrl-C in the terminal is for this process, which tells its children
                preexec_fn=_die_with_parent if sys.platform == "linux" else None,
            )
        self.children[str(run.folder.path)] = (run, child)
        self._say(f"{run.model} seed {run.seed} {verb}")

    def _collect(self) -> None:
        for path, (run, child) in list(self.children.items()):
            code = child.poll()
            if code is None:
                continue
            del self.children[path]
            self.estimator.close(run)
            if code == 0:
                self._say(f"{run.model} seed {run.seed} is finished{_result(run)}")
                continue
            words = last_words(run)
            if _status(run) == "diverged":
                self.result.reasons[path] = f"it diverged: {words}"
            elif code < 0:
                name = signal.Signals(-code).name
                hint = ", as the system does when memory is short" if -code == signal.SIGKILL else ""
                self.result.reasons[path] = f"its training was killed ({name}{hint}); the same command goes on with it"
            else:
                self.result.reasons[path] = f"its training failed: {words or f'exit code {code}'}"
            self._say(f"{run.model} seed {run.seed} is left out: {self.result.reasons[path]}")

    def _tick(self) -> None:
        if time.monotonic() - self.last_tick >= _SECONDS_BETWEEN_TICKS:
            self._say("")

    def _say(self, message: str) -> None:
        self.last_tick = time.monotonic()
        self.watch(self.estimator.progress([run for run, _ in self.children.values()], message))

    def _stop(self) -> None:
        """Asks the children to stop, and waits; on a second signal, or after a minute, they are killed."""
        children = [child for _, child in self.children.values()]
        self.children.clear()
        try:
            for child in children:
                child.terminate()
            deadline = time.monotonic() + _SECONDS_TO_STOP
            for child in children:
                child.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            pass
        finally:
            for child in children:
                if child.poll() is None:
                    child.kill()
                    child.wait()


def _status(run: PlannedRun) -> str:
    try:
        return run.folder.record().status
    except RunError:
        return "missing"


def _result(run: PlannedRun) -> str:
    try:
        return f": test PSNR {run.folder.record().test['psnr']:.2f} dB"
    except (RunError, KeyError, TypeError):
        return ""


def _die_with_parent() -> None:
    """In a child before it starts: the system sends it SIGTERM when its parent dies, so that it saves and stops."""
    ctypes.CDLL(None).prctl(_PARENT_DIES, signal.SIGTERM)
