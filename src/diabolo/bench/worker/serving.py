"""The worker's side of the talk with `diabolo bench`: one JSON document a line, asked on stdin, answered on stdout."""

import json
import os
import sys
import traceback
from collections.abc import Callable
from functools import partial
from pathlib import Path
from typing import Any


def serve(make_job: Callable[[], Any]) -> None:
    """Makes the job, says so with the versions that it runs on, and carries out what is asked until the input ends.

    A request is `{"do": NAME, …}`; NAME is a method of the job, the rest its arguments. The answer is
    `{"result": …}`, or `{"error": …, "trace": …}` for an exception, after which the worker goes on.
    """
    answers = os.fdopen(os.dup(sys.stdout.fileno()), "w", encoding="utf-8")
    os.dup2(sys.stderr.fileno(), sys.stdout.fileno())  # what an engine prints must not get among the answers

    def answer(work: Callable[[], Any]) -> Any:
        result = None
        try:
            result = work()
            text = json.dumps({"result": result})
        except Exception as error:
            text = json.dumps({"error": f"{type(error).__name__}: {error}", "trace": traceback.format_exc()})
        answers.write(text + "\n")
        answers.flush()
        return result

    job: Any = None

    def start() -> dict[str, str]:
        nonlocal job
        job = make_job()
        versions: dict[str, str] = job.versions()
        return versions

    def carry_out(name: str, arguments: dict[str, Any]) -> Any:
        return getattr(job, name)(**arguments)

    answer(start)
    for line in sys.stdin:
        request = json.loads(line)
        name = request.pop("do")
        answer(peak_memory if name == "peak_memory" else partial(carry_out, name, request))


def peak_memory() -> float:
    """The most resident memory that this process had so far, in MiB: VmHWM where there is /proc."""
    try:
        for line in Path("/proc/self/status").read_text().splitlines():
            if line.startswith("VmHWM:"):
                return int(line.split()[1]) / 1024
    except OSError:
        pass
    import resource

    unit = 2**20 if sys.platform == "darwin" else 1024
    return resource.getrusage(resource.RUSAGE_SELF).ru_maxrss / unit
