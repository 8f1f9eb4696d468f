"""What every benchmark writes above its numbers: machine, versions, commit, and how the arms were run."""

import json
import statistics
import subprocess
import sys
from collections.abc import Sequence
from datetime import datetime
from pathlib import Path
from typing import Any

from diabolo.files import write_text
from diabolo.runs import current_machine, current_versions

ROOT = Path(__file__).parents[1]
RESULTS = Path(__file__).parent / "results"


def spread(values: Sequence[float]) -> dict[str, Any]:
    """Median, interquartile range, extremes and n of a sample, with the raw values in the order measured."""
    quartiles = statistics.quantiles(values, n=4, method="inclusive") if len(values) > 1 else [values[0]] * 3
    return {
        "n": len(values),
        "median": statistics.median(values),
        "lower_quartile": quartiles[0],
        "upper_quartile": quartiles[2],
        "min": min(values),
        "max": max(values),
        "raw": list(values),
    }


def write_results(name: str, *, unit: str, method: str, arms: dict[str, Any], **more: Any) -> Path:
    """Writes `results/<name>.json` and returns its path.

    Args:
        name: of the file.
        unit: of the arms' numbers.
        method: how it was measured, in a sentence or two.
        arms: results by arm.
        more: anything else that a reader needs, as `targets`.
    """
    content = {
        "benchmark": name,
        "command": f"python {Path(sys.argv[0]).parent.name}/{Path(sys.argv[0]).name} {' '.join(sys.argv[1:])}".strip(),
        "method": method,
        "unit": unit,
        "measured": datetime.now().astimezone().isoformat(timespec="seconds"),
        "commit": _commit(),
        "machine": {**current_machine(), "load_at_end": _load()},
        "versions": current_versions(),
        **more,
        "arms": arms,
    }
    target = RESULTS / f"{name}.json"
    write_text(target, json.dumps(content, indent=2) + "\n")
    return target


def say(text: str = "") -> None:
    """A line on the terminal, at once."""
    print(text, flush=True)


def _commit() -> str:
    """The commit measured; `+changes` where the tree differs from it."""
    try:
        commit = subprocess.run(["git", "rev-parse", "HEAD"], cwd=ROOT, capture_output=True, text=True, check=True)
        changed = subprocess.run(
            ["git", "status", "--porcelain", "src", "benchmarks/*.py"], cwd=ROOT, capture_output=True, text=True
        )
    except (OSError, subprocess.CalledProcessError):
        return "unknown"
    return commit.stdout.strip() + ("+changes" if changed.stdout.strip() else "")


def _load() -> list[float] | None:
    """Load averages of 1, 5 and 15 minutes: what else ran on the machine."""
    try:
        import os

        return [round(value, 2) for value in os.getloadavg()]
    except (OSError, AttributeError):
        return None
