"""Workers: one long-lived process an engine, asked one at a time; all end with the benchmark, whatever happens."""

import contextlib
import json
import os
import selectors
import signal
import subprocess
import tempfile
import time
from pathlib import Path
from types import TracebackType
from typing import Any, Self

from diabolo.bench.engines import Engine

_FOLDER = Path(__file__).parent / "worker"
_SECONDS_TO_END = 3.0
_LONGEST_REASON = 300

START_SECONDS = 300.0
"""After which a worker that has not started counts as dead."""
ANSWER_SECONDS = 900.0
"""After which a worker that does not answer counts as dead; `torch.compile` takes a minute or two of it."""


class WorkerError(Exception):
    """A worker could not start, failed, or did not answer in time; its text says which, in a line."""


class Worker:
    """One engine in a process of its own; use it as a context, so that the process ends."""

    def __init__(self, engine: Engine, python: Path, *, threads: int, scratch: Path) -> None:
        self.engine = engine
        self._log = tempfile.TemporaryFile()  # noqa: SIM115  (closed with the worker)
        command = [str(python), str(_FOLDER), engine.job, json.dumps(dict(engine.settings))]
        self._process = subprocess.Popen(
            command,
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=self._log,
            env=_variables(engine, threads, scratch),
            cwd=scratch,
            process_group=0,  # so that Ctrl-C comes to the benchmark alone, and what a worker starts ends with it
        )
        self._rest = b""
        self._is_closed = False
        assert self._process.stdout is not None
        self._selector = selectors.DefaultSelector()
        self._selector.register(self._process.stdout, selectors.EVENT_READ)
        self._limit_cores(threads)
        try:
            self.versions: dict[str, str] = self._answer(START_SECONDS)
        except BaseException:
            self.close()
            raise

    def __enter__(self) -> Self:
        return self

    def __exit__(self, kind: type[BaseException] | None, error: BaseException | None, at: TracebackType | None) -> None:
        self.close()

    @property
    def pid(self) -> int:
        """Number of the process."""
        return self._process.pid

    def ask(self, do: str, *, seconds: float = ANSWER_SECONDS, **arguments: Any) -> Any:
        """Has the worker call `do` of its job with the arguments, and returns the result.

        Raises:
            WorkerError: it failed, ended, or did not answer within `seconds`; in the last two cases it is closed.
        """
        assert self._process.stdin is not None
        if self._is_closed:
            raise WorkerError("has already ended")
        try:
            self._process.stdin.write(json.dumps({"do": do, **arguments}).encode() + b"\n")
            self._process.stdin.flush()
        except OSError:
            raise self._ended() from None
        return self._answer(seconds)

    def close(self) -> None:
        """Ends the process and all that it started: by closing its input, and by force where it is busy."""
        if self._is_closed:
            return
        self._is_closed = True
        for pipe in (self._process.stdin, self._process.stdout):
            with contextlib.suppress(OSError, AttributeError):
                pipe.close()  # type: ignore[union-attr]
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(_SECONDS_TO_END if self._process.poll() is None else 0)
        with contextlib.suppress(ProcessLookupError, PermissionError):
            os.killpg(self._process.pid, signal.SIGKILL)
        self._process.wait()
        self._selector.close()
        self._log.close()

    def cpu_seconds(self) -> float:
        """CPU time that the process has used so far; 0 where the system does not say."""
        try:
            fields = Path(f"/proc/{self.pid}/stat").read_text().rsplit(")", 1)[1].split()
        except OSError:
            return 0.0
        return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")

    def _limit_cores(self, threads: int) -> None:
        """Keeps the worker to so many cores: not every engine can be told its number of threads."""
        if hasattr(os, "sched_setaffinity"):
            allowed = sorted(os.sched_getaffinity(0))
            if threads < len(allowed):
                with contextlib.suppress(OSError):
                    os.sched_setaffinity(self.pid, allowed[:threads])

    def _answer(self, seconds: float) -> Any:
        until = time.monotonic() + seconds
        assert self._process.stdout is not None
        while b"\n" not in self._rest:
            left = until - time.monotonic()
            if left <= 0 or not self._selector.select(left):
                self.close()
                raise WorkerError(f"gave no answer within {seconds:g} s")
            new = os.read(self._process.stdout.fileno(), 1 << 16)
            if not new:
                raise self._ended()
            self._rest += new
        line, self._rest = self._rest.split(b"\n", 1)
        answer = json.loads(line)
        if "error" in answer:
            raise WorkerError(_one_line(answer["error"]))
        return answer["result"]

    def _ended(self) -> WorkerError:
        """What is known of a process that ended by itself."""
        with contextlib.suppress(subprocess.TimeoutExpired):
            self._process.wait(_SECONDS_TO_END)
        code = self._process.poll()
        self._log.seek(0)
        said = self._log.read().decode(errors="replace").strip().splitlines()
        self.close()
        how = "was killed (out of memory?)" if code == -signal.SIGKILL else f"ended with exit status {code}"
        return WorkerError(f"{how}{': ' + _one_line(said[-1]) if said else ''}")


def _variables(engine: Engine, threads: int, scratch: Path) -> dict[str, str]:
    """The worker's environment: this one, with the threads, without GPUs, and quiet."""
    kept = {
        name: value
        for name, value in os.environ.items()
        # Another environment's packages, and settings that would change what is measured, stay out.
        if not name.startswith(("TF_", "KERAS_", "JAX_", "XLA_", "DIABOLO_ENGINE", "THP_MEM_ALLOC_ENABLE"))
        and not (engine.environment and name.startswith("PYTHON"))
    }
    return {
        **kept,
        "OMP_NUM_THREADS": str(threads),
        "TF_CPP_MIN_LOG_LEVEL": "3",
        "CUDA_VISIBLE_DEVICES": "",
        "KERAS_HOME": str(scratch),
        "TORCHINDUCTOR_CACHE_DIR": str(scratch / "torchinductor"),
        **engine.variables,
    }


def _one_line(text: str) -> str:
    text = " ".join(text.split())
    return text if len(text) <= _LONGEST_REASON else text[:_LONGEST_REASON] + "…"
