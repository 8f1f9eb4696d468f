"""What every benchmark writes above its numbers: machine, versions, commit, and how the arms were run."""

import json
import sys
from datetime import datetime
from pathlib import Path
from typing import Any

from diabolo.bench.report import current_commit, current_load
from diabolo.bench.spread import spread
from diabolo.files import write_text
from diabolo.runs import current_machine, current_versions

__all__ = ["RESULTS", "ROOT", "say", "spread", "write_results"]

ROOT = Path(__file__).parents[1]
RESULTS = Path(__file__).parent / "results"


def write_results(
    name: str, *, unit: str, method: str, arms: dict[str, Any], folder: Path = RESULTS, **more: Any
) -> Path:
    """Writes `<name>.json` and returns its path.

    Args:
        name: of the file.
        unit: of the arms' numbers.
        method: how it was measured, in a sentence or two.
        arms: results by arm.
        folder: where it goes.
        more: anything else that a reader needs, as `targets`.
    """
    content = {
        "benchmark": name,
        "command": f"python {Path(sys.argv[0]).parent.name}/{Path(sys.argv[0]).name} {' '.join(sys.argv[1:])}".strip(),
        "method": method,
        "unit": unit,
        "measured": datetime.now().astimezone().isoformat(timespec="seconds"),
        "commit": current_commit(),
        "machine": {**current_machine(), "load_at_end": current_load()},
        "versions": current_versions(),
        **more,
        "arms": arms,
    }
    target = folder / f"{name}.json"
    write_text(target, json.dumps(content, indent=2) + "\n")
    return target


def say(text: str = "") -> None:
    """A line on the terminal, at once."""
    print(text, flush=True)
