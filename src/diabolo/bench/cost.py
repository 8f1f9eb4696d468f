"""What training costs against batch, image side, width of the network and number of images."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

from diabolo.bench.compare import Say, alternate, prepare
from diabolo.bench.images import put_images_of_side
from diabolo.bench.spread import spread
from diabolo.bench.task import Task, widened
from diabolo.bench.workers import Worker

_STEPS = 3
_PIXELS = 256 * 32 * 32  # of a batch, for every image side


@dataclass(frozen=True, kw_only=True)
class Point:
    """One setting that every engine is measured at."""

    series: str
    """`batch`, `side`, `width` or `images`."""
    value: float
    """Where it stands on the axis."""
    task: Task
    """What is run."""
    steps: int
    """Training steps of a turn."""


def cost_points(task: Task, scratch: Path, *, quick: bool) -> Iterator[Point]:
    """The points, series by series."""
    batch = min(100, task.batch)
    for value in (1, 10, 50) if quick else (1, 10, 50, 100, 250, 500, 1000):
        yield Point(series="batch", value=value, task=replace(task, batch=value), steps=_STEPS)
    for side in (16, 32) if quick else (16, 32, 64, 128):
        size = max(1, (_PIXELS // 16 if quick else _PIXELS) // side**2)
        images = put_images_of_side(task.images, scratch, side, (_STEPS + 1) * size)
        shape = (side, side, task.image_shape[2])
        sized = replace(task, batch=size, image_shape=shape, images=images)
        yield Point(series="side", value=side, task=sized, steps=_STEPS)
    for factor in (0.25, 1.0) if quick else (0.25, 0.5, 1.0, 2.0, 4.0):
        wide = replace(task, line=widened(task.line, factor), batch=batch)
        yield Point(series="width", value=factor, task=wide, steps=_STEPS)
    for number in (200, 400) if quick else (500, 1000, 2000, 5000, 10_000):
        yield Point(series="images", value=number, task=replace(task, batch=batch), steps=max(1, number // batch))


def measure_cost(
    running: dict[str, Worker],
    points: Iterator[Point],
    *,
    rounds: int,
    left_out: dict[str, str],
    say: Say,
    save: Callable[[dict[str, Any]], None],
) -> None:
    """Measures every point on every worker, the engines in turn, and hands the series so far to `save`."""
    series: dict[str, list[dict[str, Any]]] = {}
    for point in points:
        say(f"  {point.series} {point.value:g}")
        prepare(running, point.task, left_out=left_out, say=say, infer=False)
        turns = alternate(
            running, rounds=rounds, steps=point.steps, inference=False, left_out=left_out, say=lambda text: None
        )
        engines = {
            name: spread([point.task.batch * len(steps) / sum(steps) for steps in found])
            for name, found in turns.training.items()
        }
        series.setdefault(point.series, []).append(
            {
                "value": point.value,
                "batch": point.task.batch,
                "image_shape": list(point.task.image_shape),
                "line": point.task.line,
                "steps": point.steps,
                "images_per_second": engines,
            }
        )
        save(series)
