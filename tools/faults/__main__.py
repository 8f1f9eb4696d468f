"""`python tools/faults`: lets every single write of a job fail, in every way, and sees what is left.

A small library in C (`faults.c`, compiled here) stands between Python and the system. For each write of a job, counted
from 1, a child process does the job until the disk is full, the write is cut short, the disk breaks, the file system is
read-only, or the process is killed just there. Then all files must read whole, the error must be one in words, and the
job, done again, must give what it gives undisturbed. `--tiny` does the jobs on real file systems that are too small,
from 4 KiB up to the size that is enough; it needs root.
"""

import argparse
import ctypes
import json
import os
import signal
import subprocess
import sys
import tempfile
import traceback
from collections import Counter
from collections.abc import Callable
from pathlib import Path
from typing import Any

from tiny_disk import NotAllowedError, set_size, tiny_disk, used_bytes

HERE = Path(__file__).parent
_LOG = HERE.parents[1] / "benchmarks" / "results" / "fault-campaign.json"
_PAGE = 4096  # bytes; by which a file system in memory counts
_ENOUGH = 64 << 20  # bytes; more than any job writes
KINDS = {"full": 1, "short": 2, "broken": 3, "kill": 4, "read-only": 5}


def main() -> int:
    """All faults of all jobs; exit code 1 where something was corrupt, different, or not in words."""
    parser = argparse.ArgumentParser(prog="python tools/faults", description=__doc__)
    parser.add_argument(
        "jobs", nargs="*", help="train, cache, pictures, encode, reconstruct, export, export-keras; all by default"
    )
    parser.add_argument("--kinds", nargs="*", choices=list(KINDS), default=list(KINDS))
    parser.add_argument("--every", type=int, default=1, help="disturb every n-th write only")
    parser.add_argument("--tiny", action="store_true", help="real file systems that are too small, in place of faults")
    parser.add_argument("--log", type=Path, default=_LOG)
    arguments = parser.parse_args()
    if "faults.so" not in os.environ.get("LD_PRELOAD", ""):
        return _again_with_library()
    with tempfile.TemporaryDirectory(prefix="diabolo-faults-") as place:
        results = _Campaign(Path(place)).run(arguments)
    known = json.loads(arguments.log.read_text()) if arguments.log.exists() else {}
    arguments.log.write_text(json.dumps({**known, **results}, indent=1) + "\n")
    return int(any(result["problems"] for result in results.values()))


def _again_with_library() -> int:
    """This program once more, in a process that has the library between it and the system."""
    with tempfile.TemporaryDirectory(prefix="diabolo-faults-") as place:
        library = Path(place) / "faults.so"
        compiler = os.environ.get("CC", "cc")
        subprocess.run(
            [compiler, "-shared", "-fPIC", "-O1", str(HERE / "faults.c"), "-o", str(library), "-ldl"], check=True
        )
        environment = {**os.environ, "LD_PRELOAD": str(library), "OMP_NUM_THREADS": "1"}
        return subprocess.run([sys.executable, str(HERE), *sys.argv[1:]], env=environment, check=False).returncode


class _Campaign:
    """All jobs, in one folder."""

    def __init__(self, place: Path) -> None:
        self.place = place
        self.library = ctypes.CDLL(os.environ["LD_PRELOAD"])
        self.library.fault_arm.argtypes = [ctypes.c_int, ctypes.c_int, ctypes.c_char_p]
        self.number = 0

    def run(self, arguments: argparse.Namespace) -> dict[str, Any]:
        """Results by job."""
        from jobs import JOBS, prepare

        import diabolo.api.execute
        import diabolo.api.report
        import diabolo.interop.onnx  # noqa: F401  (loaded once, before the children)

        inputs = self.place / "inputs"
        inputs.mkdir()
        prepare(inputs)
        self.inputs = inputs
        trained = self._child("train", inputs)  # what `pictures` starts from
        assert trained["result"] is not None, trained
        text = (inputs / "run" / "run.toml").read_text()
        (inputs / "run" / "run.toml").write_text(text.replace('status = "finished"', 'status = "trained"'))
        results = {}
        for name in arguments.jobs or JOBS:
            if arguments.tiny:
                try:
                    results[f"{name}: tiny disk"] = self._tiny(name)
                except NotAllowedError as error:
                    print(f"{name}: tiny disk: skipped, since no file system can be mounted here ({error})")
                continue
            for kind in arguments.kinds:
                results[f"{name}: {kind}"] = self._job(name, kind, arguments.every)
        for name, result in results.items():
            print(f"{name}: {sum(result['outcomes'].values())} faults: {result['outcomes']}; "
                  f"{len(result['problems'])} problems", flush=True)  # fmt: skip
        return results

    def _job(self, name: str, kind: str, every: int) -> dict[str, Any]:
        undisturbed = self._child(name, self._folder(name))
        assert undisturbed["result"] is not None, undisturbed
        outcomes: Counter[str] = Counter()
        problems: list[str] = []
        for at in range(1, undisturbed["writes"] + 1, every):
            outcome, found = self._fault(name, kind, at, undisturbed["result"])
            outcomes[outcome] += 1
            problems += [f"at write {at}: {problem}" for problem in found]
        return {
            "writes": undisturbed["writes"],
            "every": every,
            "outcomes": dict(sorted(outcomes.items())),
            "problems": problems,
        }

    def _tiny(self, name: str) -> dict[str, Any]:
        """On file systems that grow by a page or a few, until the job comes to its end twice in a row."""
        expected = self._child(name, self._folder(name))["result"]
        assert expected is not None
        outcomes: Counter[str] = Counter()
        problems: list[str] = []
        sizes, in_a_row = [_PAGE], 0
        while in_a_row < 2:
            outcome, found = self._on_tiny_disk(name, sizes[-1], expected)
            outcomes[outcome] += 1
            problems += [f"{sizes[-1]:,} bytes: {problem}" for problem in found]
            in_a_row = in_a_row + 1 if outcome == "done all the same" else 0
            sizes.append(sizes[-1] + _PAGE * max(1, sizes[-1] // (20 * _PAGE)))
        return {"bytes": [sizes[0], sizes[-2]], "outcomes": dict(sorted(outcomes.items())), "problems": problems}

    def _on_tiny_disk(self, name: str, num_bytes: int, expected: Any) -> tuple[str, list[str]]:
        from jobs import set_up

        folder = self._folder()
        with tiny_disk(folder, _ENOUGH):
            set_up(name, self.inputs, folder)
            set_size(folder, used_bytes(folder) + num_bytes)
            return self._disturbed(name, folder, expected, lambda: set_size(folder, _ENOUGH))

    def _fault(self, name: str, kind: str, at: int, expected: Any) -> tuple[str, list[str]]:
        return self._disturbed(name, self._folder(name), expected, lambda: None, kind, at)

    def _disturbed(
        self, name: str, folder: Path, expected: Any, mend: Callable[[], None], kind: str = "", at: int = 0
    ) -> tuple[str, list[str]]:
        """What becomes of a job and its files; and whether it gives the same when the fault is mended."""
        from jobs import problems

        disturbed = self._child(name, folder, kind, at)
        found = problems(name, folder)
        if disturbed["error"] is not None and not disturbed["in_words"]:
            found.append(f"not in words: {disturbed['error']}")
        if disturbed["result"] is not None and disturbed["result"] != expected:
            found.append("it came to its end, with another result")
        mend()
        again = self._child(name, folder)
        if again["result"] != expected:
            found.append(f"done again: {again['error'] or 'another result'}")
        left = [path.name for path in folder.rglob(".*-????????.*")] if name not in ("pictures", "reconstruct") else []
        found += [f"`{path}` was left behind" for path in left]
        outcome = "killed" if disturbed["killed"] else "in words" if disturbed["error"] else "done all the same"
        return outcome, found

    def _folder(self, name: str = "") -> Path:
        """A new one, with what the job of that name starts from."""
        from jobs import set_up

        self.number += 1
        folder = self.place / f"case-{self.number}"
        folder.mkdir()
        set_up(name, self.inputs, folder)
        return folder

    def _child(self, name: str, folder: Path, kind: str = "", at: int = 0) -> dict[str, Any]:
        """Does a job in a child process, with a fault where one is named."""
        from jobs import JOBS

        answer = self.place / "answer.json"
        answer.unlink(missing_ok=True)
        sys.stdout.flush()
        child = os.fork()
        if child == 0:
            self._work(JOBS[name], folder, kind, at, answer)
        _, status = os.waitpid(child, 0)
        if os.WIFSIGNALED(status):
            killed = os.WTERMSIG(status) == signal.SIGKILL and kind == "kill"
            error = None if killed else f"signal {os.WTERMSIG(status)}"
            return {"result": None, "error": error, "in_words": False, "killed": killed, "writes": 0}
        return json.loads(answer.read_text())

    def _work(self, job: Any, folder: Path, kind: str, at: int, answer: Path) -> None:
        from diabolo.errors import DiaboloError

        result, error, in_words = None, None, False
        self.library.fault_arm(KINDS.get(kind, 0), at, str(folder).encode())
        try:
            result = job(self.inputs, folder)
        except DiaboloError as caught:
            error, in_words = str(caught), True
        except BaseException as caught:
            error = f"{type(caught).__name__}: {caught} {traceback.format_exc(limit=-3)}"
        writes = self.library.fault_count()
        self.library.fault_arm(0, 0, b"")
        content = {"result": result, "error": error, "in_words": in_words, "killed": False, "writes": writes}
        answer.write_text(json.dumps(content))
        os._exit(0)


if __name__ == "__main__":
    sys.exit(main())
