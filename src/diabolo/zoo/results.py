"""Measured results of zoo models, one JSON file a model, as `benchmarks/zoo.py` collects them; no torch."""

import json
import math
import statistics
from collections.abc import Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path
from typing import Any

from diabolo.errors import DiaboloError
from diabolo.files import write_text

RESULTS = Path(__file__).parent / "measured"
"""Where they lie."""
FORMAT = 1
"""Version of the files."""


@dataclass(frozen=True, kw_only=True)
class SeedResult:
    """One training; the test images were read once, by the training itself."""

    seed: int
    """Of initial weights and batch order."""
    mse: float
    """Mean squared error on the test images, pixels in [0, 1]."""
    psnr: float
    """Mean over test images of the per-image PSNR, dB."""
    ssim: float
    """Mean structural similarity on the test images."""
    validation_psnr: float
    """The same as `psnr` on the validation images, after the epoch whose weights were kept."""
    seconds: float
    """Of all training steps; evaluation, loading and the start in closed form are not in it."""
    psnr_8_bits: float | None = None
    """Test PSNR with each latent value rounded to 8 bits, dB; None where the latent is made of codes already."""
    psnr_4_bits: float | None = None
    """The same with 4 bits."""
    threads: int
    """CPU threads."""
    device: str
    """`cpu`, `cuda`…"""
    machine: str
    """Processor."""
    instructions: str
    """Instruction set of the native stages; empty where they did not run."""
    versions: str
    """Of diabolo and torch."""
    command: str
    """The command that made the run."""


@dataclass(frozen=True, kw_only=True)
class ZooResults:
    """All trainings of one zoo model."""

    name: str
    """Of the model."""
    line: str
    """The canonical line that was trained."""
    recipe: dict[str, Any]
    """Every choice of the recipe."""
    data: str
    """The images."""
    digest: str
    """Of their content."""
    seeds: tuple[SeedResult, ...]
    """By seed, at least one."""

    def spread(self, measure: str) -> tuple[float, float | None]:
        """Mean over seeds, and the standard deviation between them; None with one seed.

        Args:
            measure: a number of `SeedResult`, as `psnr`.
        """
        values = [float(getattr(one, measure)) for one in self.seeds]
        return statistics.fmean(values), statistics.stdev(values) if len(values) > 1 else None


def read_results(name: str, folder: Path = RESULTS) -> ZooResults | None:
    """Results of a zoo model; None where it was not measured.

    Raises:
        DiaboloError: the file is damaged.
    """
    file = folder / f"{name}.json"
    try:
        values = json.loads(file.read_text(encoding="utf-8"))
        if values["format"] != FORMAT:
            raise ValueError(f"format {values['format']}")
        seeds = tuple(_seed(one) for one in values["seeds"])
        if not seeds:
            raise ValueError("no trainings")
        return ZooResults(seeds=seeds, **{key: values[key] for key in ("name", "line", "recipe", "data", "digest")})
    except FileNotFoundError:
        return None
    except (OSError, ValueError, KeyError, TypeError) as error:
        raise DiaboloError(
            f"`{file.name}` of the zoo's results cannot be read ({error}); install diabolo again, or measure again "
            "with `python benchmarks/zoo.py`"
        ) from None


def write_results(results: ZooResults, folder: Path = RESULTS) -> Path:
    """Writes the file of a model, atomically."""
    target = folder / f"{results.name}.json"
    write_text(target, json.dumps({"format": FORMAT, **asdict(results)}, indent=2, ensure_ascii=False) + "\n")
    return target


def with_deviation(spread: tuple[float, float | None], digits: int = 2) -> str:
    """A mean over seeds as `44.79 ± 0.01`, or without the deviation where there is none."""
    mean, deviation = spread
    return f"{mean:.{digits}f}" if deviation is None else f"{mean:.{digits}f} ± {deviation:.{digits}f}"


def _seed(values: dict[str, Any]) -> SeedResult:
    found = SeedResult(**values)
    for field in fields(SeedResult):
        value = getattr(found, field.name)
        if field.name in _NUMBERS and not (isinstance(value, int | float) and math.isfinite(value)):
            raise ValueError(f"`{field.name}` is {value!r}")
    return found


_NUMBERS: Sequence[str] = ("seed", "mse", "psnr", "ssim", "validation_psnr", "seconds", "threads")
