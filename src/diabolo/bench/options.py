"""What a benchmark is told, and what its parts share while it runs."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from diabolo.bench.compare import Say
from diabolo.bench.engines import Engine
from diabolo.bench.images import BenchImages
from diabolo.bench.report import current_load, write_report
from diabolo.bench.task import Task

RESULTS_FILE = "bench.json"
COST_FILE = "bench-cost.png"


@dataclass(frozen=True, kw_only=True)
class BenchOptions:
    """What is measured, and how long."""

    model: str = "method-2"
    """A zoo name or a line of conv, relu, bn, pool, up and sigmoid."""
    engines: str | None = None
    """Comma-separated names; None: all."""
    parts: str | None = None
    """Comma-separated names of `parts.PARTS`; None: all."""
    rounds: int = 7
    """Turns of each engine."""
    steps: int = 3
    """Counted steps of a turn."""
    batch: int = 1000
    """Images a step."""
    threads: int | None = None
    """CPU threads of each engine; None: the cores that this process may use."""
    quick: bool = False
    """Small and short, to see that everything works; the numbers mean little."""
    out: Path | None = None
    """Folder for `bench.json` and `bench-cost.png`; None writes nothing."""
    install: bool = True
    """Whether missing engines are installed into environments of their own."""
    venvs: Path | None = None
    """Folder for those environments; None: the user's cache."""


@dataclass(kw_only=True)
class Session:
    """What the parts of one benchmark share."""

    options: BenchOptions
    task: Task
    images: BenchImages
    engines: Sequence[Engine]
    pythons: Mapping[str, Path]
    scratch: Path
    report: dict[str, Any]
    say: Say
    left_out: dict[str, str] = field(default_factory=dict)

    def save(self) -> None:
        """Writes the record as it is now."""
        self.report["left_out"] = self.left_out
        self.report["machine"]["load_at_end"] = current_load()
        if self.options.out is not None:
            write_report(self.report, self.options.out / RESULTS_FILE)
