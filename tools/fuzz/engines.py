"""The two engines: hypothesis (drawn edits of good files, by seed) and atheris (edits that reach new code)."""

import argparse
import contextlib
import json
import mmap
import os
import resource
import signal
import sys
import tempfile
import traceback
from collections import Counter
from collections.abc import Callable, Iterator
from hashlib import sha256
from pathlib import Path
from typing import Any

from mutation import edited_seeds
from target import Target

_SECONDS_A_CASE = 20.0  # CPU; a reader that takes longer over a small input is a failure
_BATCH = 500  # examples of one hypothesis seed
_MOST_MEMORY = 6 << 30  # bytes; an answer without end once filled the machine
_LARGEST = 1 << 20  # bytes of an input


def cpu_seconds() -> float:
    """Of this process and of the children that have ended."""
    spent = os.times()
    return spent.user + spent.system + spent.children_user + spent.children_system


class _TooSlowError(BaseException):
    """A case went over its time; no reader may catch it."""


class Recorder:
    """Runs cases, counts what became of them, and keeps every failure that is new by its place.

    Args:
        target: what is fuzzed.
        report: file for the results.
        minutes: CPU time after which `is_over`.
    """

    def __init__(self, target: Target, report: Path, minutes: float, found: Path) -> None:
        self.target, self.report, self.found = target, report, found
        self.minutes = minutes
        self.started = self.limit = cpu_seconds()
        self.outcomes: Counter[str] = Counter()
        self.failures: dict[str, dict[str, Any]] = {}
        self.last_seed = 0
        self._scratch = tempfile.TemporaryDirectory(prefix="diabolo-case-")
        self._current = _shared(report.parent / "current")
        self._reported = 0.0

    def begin(self) -> None:
        """Starts the time and limits the memory, after all that is loaded and made ready."""
        resource.setrlimit(resource.RLIMIT_AS, (_MOST_MEMORY, _MOST_MEMORY))
        self.started = cpu_seconds()
        self.limit = self.started + self.minutes * 60

    @property
    def is_over(self) -> bool:
        """Whether the time is spent."""
        return cpu_seconds() >= self.limit

    def run(self, data: bytes) -> None:
        """One case."""
        data = data[:_LARGEST]
        self._current[: len(data) + 8] = len(data).to_bytes(8, "little") + data
        try:
            with _time_limit(_SECONDS_A_CASE):
                outcome = self.target.run(data, Path(self._scratch.name))
        except (KeyboardInterrupt, SystemExit):
            raise
        except BaseException as error:
            outcome = "failure"
            self._keep(error, data)
        self.outcomes[outcome] += 1
        if cpu_seconds() - self._reported > 5:
            self.write()

    def write(self) -> None:
        """Puts the results where the parent finds them, also after a crash."""
        self._reported = cpu_seconds()
        content = {
            "cpu_minutes": (cpu_seconds() - self.started) / 60,
            "outcomes": dict(self.outcomes),
            "failures": list(self.failures.values()),
            "last_seed": self.last_seed,
        }
        self.report.with_suffix(".new").write_text(json.dumps(content))
        self.report.with_suffix(".new").replace(self.report)

    def _keep(self, error: BaseException, data: bytes) -> None:
        frames = [frame for frame in traceback.extract_tb(error.__traceback__) if "/diabolo/" in frame.filename]
        where = f"{Path(frames[-1].filename).name}:{frames[-1].lineno}" if frames else "outside of diabolo"
        key = f"{type(error).__name__} {where}"
        if key in self.failures:
            return
        what = f"{type(error).__name__}: {str(error)[:300]}"
        self.failures[key] = {"what": what, "where": where, "input": keep_input(data, self.target.name, self.found)}
        traceback.print_exception(error, limit=-6, file=sys.stderr)
        self.write()


def fuzz_with_hypothesis(target: Target, arguments: argparse.Namespace) -> None:
    """Batches of examples, one seed each, until the time is spent."""
    from hypothesis import HealthCheck, Phase, given, settings
    from hypothesis import seed as with_seed

    recorder = Recorder(target, Path(arguments.worker), arguments.minutes, Path(arguments.found))
    inputs = target.strategy() if target.strategy is not None else edited_seeds(target.seeds(), target.words)
    seed = arguments.seed
    _warm_up(target)
    recorder.begin()
    while not recorder.is_over:
        recorder.last_seed = seed

        @with_seed(seed)
        @settings(
            max_examples=_BATCH,
            database=None,
            deadline=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        @given(data=inputs)
        def batch(data: bytes) -> None:
            if not recorder.is_over:
                recorder.run(data)

        batch()
        seed += 1
    recorder.write()


def fuzz_with_atheris(target: Target, arguments: argparse.Namespace) -> None:
    """libFuzzer over diabolo's own bytecode, with the good files as its corpus; leaves the process at the end."""
    import atheris

    recorder = Recorder(target, Path(arguments.worker), arguments.minutes, Path(arguments.found))
    recorder.last_seed = arguments.seed
    recorder.write()
    for name in target.modules:
        with atheris.instrument_imports(include=["diabolo"]):
            __import__(name)
    corpus = Path(tempfile.mkdtemp(prefix="diabolo-corpus-"))
    for number, content in enumerate(target.seeds()):
        (corpus / f"seed-{number}").write_bytes(content)
    words = corpus.parent / f"{corpus.name}.dict"
    words.write_text("".join(f'"{_escaped(word)}"\n' for word in target.words))

    def one(data: bytes) -> None:
        recorder.run(data)
        if recorder.is_over:
            recorder.write()
            sys.stderr.flush()
            os._exit(0)  # libFuzzer itself would stop by the wall clock only

    _warm_up(target)
    recorder.begin()
    options = [
        f"-artifact_prefix={corpus}/",
        f"-seed={arguments.seed}",
        f"-max_len={_LARGEST}",
        f"-dict={words}",
        "-verbosity=0",
        "-timeout=1000",
    ]
    atheris.Setup([sys.argv[0], *options, "-rss_limit_mb=0", str(corpus)], one)
    atheris.Fuzz()


ENGINES: dict[str, Callable[[Target, argparse.Namespace], None]] = {
    "hypothesis": fuzz_with_hypothesis,
    "atheris": fuzz_with_atheris,
}


def result_of(scratch: Path, code: int, found: Path) -> dict[str, Any]:
    """What a worker left; where a signal or an error ended it, the input at hand is a failure."""
    report = scratch / "report.json"
    empty = {"cpu_minutes": 0.0, "outcomes": {}, "failures": [], "last_seed": 0}
    result = json.loads(report.read_text()) if report.exists() else empty
    if code:
        content = (scratch / "current").read_bytes() if (scratch / "current").exists() else bytes(8)
        data = content[8 : 8 + int.from_bytes(content[:8], "little")]
        what = f"the process ended with {signal.Signals(-code).name if code < 0 else f'exit code {code}'}"
        result["failures"].append({"what": what, "where": "unknown", "input": keep_input(data, "crash", found)})
    return result


def _warm_up(target: Target) -> None:
    """Reads the good inputs once: they load what is loaded late, and show that the target itself works."""
    with tempfile.TemporaryDirectory(prefix="diabolo-case-") as scratch:
        for content in target.seeds():
            target.run(content, Path(scratch))


def keep_input(data: bytes, name: str, found: Path) -> str:
    """Writes an input to the folder of failures and returns its path."""
    found.mkdir(parents=True, exist_ok=True)
    path = found / f"{name}-{sha256(data).hexdigest()[:12]}"
    path.write_bytes(data)
    return str(path)


def _shared(path: Path) -> mmap.mmap:
    """Memory that outlives the process: the parent finds in it the input on which a C library crashed."""
    path.write_bytes(bytes(_LARGEST + 8))
    with path.open("r+b") as file:
        return mmap.mmap(file.fileno(), 0)


def _escaped(word: bytes) -> str:
    """As libFuzzer's dictionaries have it."""
    return "".join(f"\\x{byte:02x}" for byte in word)


@contextlib.contextmanager
def _time_limit(seconds: float) -> Iterator[None]:
    def stop(number: int, frame: object) -> None:
        raise _TooSlowError(f"more than {seconds:.0f} CPU-seconds")

    previous = signal.signal(signal.SIGVTALRM, stop)
    signal.setitimer(signal.ITIMER_VIRTUAL, seconds)
    try:
        yield
    finally:
        signal.setitimer(signal.ITIMER_VIRTUAL, 0)
        signal.signal(signal.SIGVTALRM, previous)
