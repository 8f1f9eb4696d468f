"""The benchmark's record: header, numbers of every engine, what was left out; one JSON document."""

import json
import os
import subprocess
from collections.abc import Mapping
from datetime import datetime
from pathlib import Path
from statistics import median
from typing import Any

from diabolo.bench.compare import Turns
from diabolo.bench.engines import Engine, reference_among
from diabolo.bench.peak import Peak
from diabolo.bench.spread import spread
from diabolo.bench.task import Task, Work
from diabolo.files import write_text
from diabolo.runs import current_machine, current_versions
from diabolo.runs.provenance import command_line

FORMAT = 1
"""Of the document; a change that a reader would notice makes it 2."""


def new_report(task: Task, *, model: str, images: str, work: Work, rounds: int, steps: int) -> dict[str, Any]:
    """The document before anything was measured."""
    return {
        "benchmark": "diabolo bench",
        "format": FORMAT,
        "complete": False,
        "command": command_line(),
        "measured": datetime.now().astimezone().isoformat(timespec="seconds"),
        "commit": current_commit(),
        "machine": {**current_machine(), "load_at_start": current_load()},
        "versions": current_versions(),
        "model": model,
        "line": task.line,
        "batch": task.batch,
        "image_shape": list(task.image_shape),
        "images": images,
        "threads": task.threads,
        "rounds": rounds,
        "steps_a_round": steps,
        "method": (
            "Each engine in a process of its own; in a round each in turn trains `steps_a_round` steps and then "
            "reconstructs as many batches, while the others sleep; the first step and the first batch of a turn are "
            "not counted. A round's speed is the batch over its median step, which includes fetching the batch; the "
            "figures are medians over rounds. float32, Adam, binary cross-entropy."
        ),
        "work_an_image": {"flops": work.flops, "layer_by_layer_bytes": work.traffic},
        "peaks": [],
        "engines": {},
        "left_out": {},
    }


def add_peak(report: dict[str, Any], peak: Peak) -> None:
    """Adds a measurement of what the machine can do; the best of all is what percentages are of."""
    report["peaks"].append({"gflops": peak.gflops, "gigabytes_a_second": peak.gigabytes, "how": peak.how})
    _add_shares(report)


def add_versions(report: dict[str, Any], engine: Engine, versions: Mapping[str, str]) -> None:
    """Adds an engine that takes part."""
    report["engines"][engine.name] = {"title": engine.title, "versions": dict(versions)}


def add_turns(report: dict[str, Any], turns: Turns, engines: Mapping[str, Engine]) -> None:
    """Adds speeds, shares of the peaks and ratios of the rounds that all engines have finished."""
    batch = report["batch"]
    finished = min((len(rounds) for rounds in turns.training.values()), default=0)
    names = [name for name, rounds in turns.training.items() if len(rounds) == finished and finished]
    reference = reference_among(names)
    report["reference"] = reference
    report["idle_cpu_share"] = max(turns.idle_cpu_share, default=0.0)
    for name in names:
        entry = report["engines"].setdefault(name, {"title": engines[name].title})
        speeds = turns.images_per_second("training", name, batch)
        entry["training_images_per_second"] = spread(speeds)
        entry["training_step_seconds"] = turns.training[name]
        if turns.inference.get(name):
            entry["inference_images_per_second"] = spread(turns.images_per_second("inference", name, batch))
        if reference:
            entry["ratio"] = ratio(turns, reference, name, batch)
    _add_shares(report)


def _add_shares(report: dict[str, Any]) -> None:
    """Speeds as shares of the best peaks that were measured, before or after them."""
    gflops = max((peak["gflops"] for peak in report["peaks"]), default=0.0)
    gigabytes = max((peak["gigabytes_a_second"] for peak in report["peaks"]), default=0.0)
    work = report["work_an_image"]
    for entry in report["engines"].values():
        if gflops and gigabytes and "training_images_per_second" in entry:
            speed = entry["training_images_per_second"]["median"]
            entry["share_of_fma_peak"] = speed * work["flops"] / (gflops * 1e9)
            entry["share_of_bandwidth_if_layer_by_layer"] = speed * work["layer_by_layer_bytes"] / (gigabytes * 1e9)


def ratio(turns: Turns, reference: str, name: str, batch: int) -> dict[str, float]:
    """How many times as fast the reference trains: median, least and most over the rounds."""
    pairs = zip(
        turns.images_per_second("training", reference, batch),
        turns.images_per_second("training", name, batch),
        strict=False,
    )
    ratios = [ours / theirs for ours, theirs in pairs]
    return {"median": median(ratios), "min": min(ratios), "max": max(ratios)}


def write_report(report: Mapping[str, Any], target: Path) -> None:
    """Writes the document in one piece."""
    write_text(target, json.dumps(report, indent=1) + "\n")


def current_load() -> list[float] | None:
    """Load averages of 1, 5 and 15 minutes: what else runs on the machine."""
    try:
        return [round(value, 2) for value in os.getloadavg()]
    except (OSError, AttributeError):
        return None


def current_commit() -> str | None:
    """The commit that diabolo was imported from, `+changes` where the tree differs; None outside of its repository."""
    root = Path(__file__).resolve().parents[3]
    if not (root / "src" / "diabolo").is_dir():
        return None
    try:
        commit = subprocess.run(["git", "rev-parse", "HEAD"], cwd=root, capture_output=True, text=True, check=True)
        changes = ["git", "status", "--porcelain", "src", "benchmarks/*.py"]
        changed = subprocess.run(changes, cwd=root, capture_output=True, text=True, check=True)
    except (OSError, subprocess.CalledProcessError):
        return None
    return commit.stdout.strip() + ("+changes" if changed.stdout.strip() else "")
