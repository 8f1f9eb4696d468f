"""`python tools/fuzz TARGET --minutes 10`: throws damaged and hostile input at one reader for that many CPU-minutes.

Each engine works in a process of its own, so that a crash of a C library is found, too, and costs only its input. Exit
code 1 where anything escaped that is no refusal in words.
"""

import argparse
import json
import platform
import subprocess
import sys
import tempfile
from pathlib import Path
from typing import Any

from engines import ENGINES, result_of
from targets import TARGETS

HERE = Path(__file__).parent


def main() -> int:
    """Runs the engines one after the other, prints a line for each, and adds them to the results."""
    arguments = _arguments()
    if arguments.worker:
        ENGINES[arguments.engine](TARGETS[arguments.target], arguments)
        return 0
    engines = list(ENGINES) if arguments.engine == "both" else [arguments.engine]
    if "atheris" in engines and not _has_atheris():
        print("atheris is not installed here: hypothesis does all of it")
        engines = ["hypothesis"]
    failed = False
    for engine in engines:
        result = _run(arguments, engine, arguments.minutes / len(engines))
        failed |= bool(result["failures"])
        _show(result)
        if arguments.out:
            _add(Path(arguments.out), result)
    return int(failed)


def _arguments() -> argparse.Namespace:
    parser = argparse.ArgumentParser(prog="python tools/fuzz", description=__doc__)
    parser.add_argument(
        "target", choices=sorted(TARGETS), help="; ".join(f"{t.name}: {t.about}" for t in TARGETS.values())
    )
    parser.add_argument("--minutes", type=float, default=1.0, help="CPU-minutes in all, shared by the engines")
    parser.add_argument("--engine", choices=[*ENGINES, "both"], default="both")
    parser.add_argument("--seed", type=int, default=1, help="of the first batch; the next ones count on")
    parser.add_argument("--out", help="JSON file to which the results are added")
    parser.add_argument("--found", default="fuzz-found", help="folder for the inputs that nothing refused in words")
    parser.add_argument("--worker", metavar="FILE", help=argparse.SUPPRESS)
    return parser.parse_args()


def _run(arguments: argparse.Namespace, engine: str, minutes: float) -> dict[str, Any]:
    """One engine in a child process; a child that a signal ends is a failure, and another goes on with new seeds."""
    done: list[dict[str, Any]] = []
    seed, left = arguments.seed, minutes
    while left > 0.01:
        with tempfile.TemporaryDirectory(prefix="diabolo-fuzz-") as scratch:
            report = Path(scratch) / "report.json"
            command = [
                sys.executable,
                str(HERE),
                arguments.target,
                "--engine",
                engine,
                "--minutes",
                str(left),
                "--seed",
                str(seed),
                "--found",
                arguments.found,
                "--worker",
                str(report),
            ]
            code = subprocess.run(command, check=False, stdout=sys.stderr if engine == "atheris" else None).returncode
            result = result_of(Path(scratch), code, Path(arguments.found))
        done.append(result)
        left -= max(result["cpu_minutes"], 0.2)
        if code == 0:
            break
        seed += 1_000_000
    return _together(done, arguments, engine)


def _together(done: list[dict[str, Any]], arguments: argparse.Namespace, engine: str) -> dict[str, Any]:
    outcomes: dict[str, int] = {}
    for result in done:
        for name, count in result["outcomes"].items():
            outcomes[name] = outcomes.get(name, 0) + count
    return {
        "target": arguments.target,
        "engine": engine,
        "first_seed": arguments.seed,
        "last_seed": max(result["last_seed"] for result in done),
        "cases": sum(outcomes.values()),
        "cpu_minutes": round(sum(result["cpu_minutes"] for result in done), 2),
        "outcomes": dict(sorted(outcomes.items(), key=lambda pair: -pair[1])),
        "failures": [failure for result in done for failure in result["failures"]],
        "commit": _commit(),
        "python": platform.python_version(),
    }


def _show(result: dict[str, Any]) -> None:
    read = ", ".join(f"{name} {count:,}" for name, count in result["outcomes"].items())
    print(
        f"{result['target']} ({result['engine']}, seeds {result['first_seed']} to {result['last_seed']}): "
        f"{result['cases']:,} cases in {result['cpu_minutes']:.1f} CPU-minutes: {read}; "
        f"{len(result['failures'])} not refused in words"
    )
    for failure in result["failures"]:
        print(f"  {failure['what']}\n    at {failure['where']}, input {failure['input']}")


def _add(target: Path, result: dict[str, Any]) -> None:
    known = json.loads(target.read_text()) if target.exists() else []
    target.write_text(json.dumps([*known, result], indent=1) + "\n")


def _commit() -> str:
    command = ["git", "-C", str(HERE), "rev-parse", "--short", "HEAD"]
    return subprocess.run(command, capture_output=True, text=True, check=False).stdout.strip()


def _has_atheris() -> bool:
    from importlib.util import find_spec

    return find_spec("atheris") is not None


if __name__ == "__main__":
    sys.exit(main())
