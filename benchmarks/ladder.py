"""The ladder: how good a reconstruction of CIFAR-10 each size of latent can give, as a figure and a table.

`python benchmarks/ladder.py` trains nothing: it reads the zoo's results, `results/references.json` (made by
`python benchmarks/references.py`) and the runs in `results/ladder` and `results/keras-engines`, and writes
docs/ladder.md and its figure. `--take RUN…` first copies what a result needs of finished runs into `results/ladder`;
`--commands` prints the commands that make them.
"""

import argparse
import json
import shlex
import shutil
import statistics
import sys
import tomllib
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from matplotlib.figure import Figure

from diabolo.figures.style import COLOURS, MARKERS, QUIET_INK, house_style, write_figure
from diabolo.files import write_text
from diabolo.notation import parse
from diabolo.zoo import find_model
from diabolo.zoo.results import ZooResults, read_results, with_deviation
from header import RESULTS, ROOT, say

SIZES = (64, 256, 512, 1024)
"""Latent values of an image, or bytes where the latent is made of codes."""
LATENT_MAPS = {64: "8x8x1", 256: "8x8x4", 512: "8x8x8", 1024: "8x8x16"}
"""The references' latents of those sizes."""
RUNS = RESULTS / "ladder"
"""Runs of lines that are no models of the zoo."""
QUESTION = {
    size: f"conv64 relu bn pool conv{size // 64} relu bn pool | conv16 relu bn up conv32 relu bn up conv3 sigmoid"
    for size in SIZES
}
"""The question's second version with as many channels at its waist as the size asks for; 1,024 is its own."""
HALVES = {
    128: "flatten dense512 | lloyd[bits=1024] | dense3072 unflatten",
    32: "flatten dense128 | lloyd[bits=256] | dense3072 unflatten",
}
"""By bytes: `lloyd` with 4 bits for each of 256 and 64 values."""
COIN = {256: 27.84, 512: 32.13, 1024: 37.59}
"""COIN++, Dupont et al. 2022, https://arxiv.org/abs/2201.12904: fitted image by image; as published, not run here."""


INKS = (*COLOURS, "#7f3c8d", "#8c564b", "#6b8e23")
"""A colour for each series that is ours."""


@dataclass(frozen=True, kw_only=True)
class Series:
    """One line of the ladder."""

    title: str
    """Name in the figure and the table."""
    cells: dict[int, tuple[float, str]]
    """By size: mean PSNR in dB, and the same as text with its deviation."""
    is_published: bool = False
    """Whether the numbers are somebody else's."""


def main() -> None:
    arguments = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    arguments.add_argument("--take", nargs="+", type=Path, default=[], metavar="RUN", help="finished run folders")
    arguments.add_argument("--commands", action="store_true", help="print what trains the runs, and do nothing")
    options = arguments.parse_args()
    if options.commands:
        for command in commands():
            say(command)
        return
    for folder in options.take:
        take(folder)
    series = [
        Series(title="the question's network, its 50 epochs", cells=question("keras")),
        Series(title="the question's network, `fast` (3 epochs)", cells=question("fast")),
        Series(title="PCA of 4×4 blocks, floats", cells=reference("pca-blocks")),
        Series(title="PCA of whole images, floats", cells=reference("pca")),
        Series(title="JPEG at that many bytes", cells=reference("jpeg")),
        Series(title="WebP at that many bytes", cells=reference("webp")),
        Series(title="`drop-in`, floats, under 25,000 parameters", cells=zoo("drop-in", (1024,))),
        Series(
            title="`blocks`, bytes, under 50,000 weights beside the tables of levels", cells=zoo("blocks-{}", SIZES)
        ),
        Series(title="`tower-1024`, floats", cells=zoo("tower-1024", (1024,))),
        Series(title="`lloyd`, bytes: the best here", cells=zoo("lloyd-{}", SIZES)),
        Series(title="COIN++, floats (published)", cells=published(COIN), is_published=True),
    ]
    series = [one for one in series if one.cells]
    figure = write_figure(drawn(series), ROOT / "docs/images/ladder.png")
    page = ROOT / "docs/ladder.md"
    write_text(page, text(series))
    say(f"{page.relative_to(ROOT)}, {figure.relative_to(ROOT)}")


def commands() -> list[str]:
    """What trains the runs that `--take` takes."""
    closed = ("initialisation=pca", "main_rate=0", "epochs=1", "batch_size=100", "loss=psnr")
    settings = [part for setting in closed for part in ("--set", setting)]
    found = [
        ["diabolo", "train", line, "--recipe", recipe, "--seed", str(seed)]
        for recipe, seeds in (("fast", range(3)), ("keras", range(1)))
        for seed in seeds
        for size, line in QUESTION.items()
        if size != 1024
    ]
    found += [
        ["diabolo", "train", line, "--seed", str(seed), *settings] for seed in range(3) for line in HALVES.values()
    ]
    return [shlex.join([*command, "--data", "cifar10", "--threads", "1"]) for command in found]


def take(folder: Path) -> None:
    """Copies a finished run's description and history."""
    record = read(folder / "run.toml")
    if record["status"] != "finished":
        sys.exit(f"{folder} is {record['status']}, not finished")
    if parse(record["line"]) not in map(parse, (*QUESTION.values(), *HALVES.values())):
        sys.exit(f"{folder}: the ladder has no such line: {record['line']}")
    target = RUNS / folder.name
    target.mkdir(parents=True, exist_ok=True)
    for name in ("run.toml", "history.csv"):
        shutil.copyfile(folder / name, target / name)


def read(file: Path) -> dict[str, Any]:
    """A `run.toml`."""
    return tomllib.loads(file.read_text(encoding="utf-8"))


def runs_of(line: str, recipe: str, pattern: str) -> dict[int, float]:
    """Test PSNR by seed of the finished runs of a line and a recipe, among the result folders of a pattern."""
    found = {}
    for file in sorted(RESULTS.glob(f"{pattern}/run.toml")):
        record = read(file)
        if parse(record["line"]) == parse(line) and record["recipe"]["name"] == recipe:
            assert record["status"] == "finished", file
            found[record["seed"]] = float(record["test"]["psnr"])
    return found


def cell(values: list[float]) -> tuple[float, str]:
    """Mean, and the same as text with the deviation between seeds, or the words 'one seed'."""
    mean = statistics.fmean(values)
    return mean, f"{mean:.2f} ± {statistics.stdev(values):.2f}" if len(values) > 1 else f"{mean:.2f} (one seed)"


def question(recipe: str) -> dict[int, tuple[float, str]]:
    """The question's network by size: 1,024 on the stage engine or from the zoo, the others from the ladder's runs."""
    cells = {}
    for size, line in QUESTION.items():
        values = runs_of(line, recipe, "keras-engines/fused-*" if size == 1024 else "ladder/*")
        if values:
            cells[size] = cell(list(values.values()))
    return cells | zoo("method-2", (1024,)) if recipe == find_model("method-2").recipe else cells


def reference(name: str) -> dict[int, tuple[float, str]]:
    """A closed-form reference or codec, for the sizes that were measured and that it can reach."""
    arms = json.loads((RESULTS / "references.json").read_text(encoding="utf-8"))["arms"]
    cells = {}
    for size, latent in LATENT_MAPS.items():
        for one in arms.get(latent, {"references": []})["references"]:
            if one["name"] == name and one["psnr"] is not None:
                cells[size] = (one["psnr"], f"{one['psnr']:.2f}")
    return cells


def zoo(pattern: str, sizes: tuple[int, ...]) -> dict[int, tuple[float, str]]:
    """Zoo models, one a size, mean over seeds; what was not measured is left out."""
    cells = {}
    for size in sizes:
        results = read_results(pattern.format(size))
        if results is not None:
            cells[size] = (results.spread("psnr")[0], with_deviation(results.spread("psnr")))
    return cells


def rounded_rows() -> list[str]:
    """Values by bits a value: float models rounded, byte models with half of the bytes."""
    rows = []
    for name, size in (("method-2", 1024), ("drop-in", 1024), ("tower-1024", 1024)):
        results = read_results(name)
        if results is not None and all(one.psnr_4_bits is not None for one in results.seeds):
            spreads = [with_deviation(results.spread(measure)) for measure in ("psnr", "psnr_8_bits", "psnr_4_bits")]
            rows.append(f"| `{name}` | {size:,} | {' | '.join(spreads)} |")
    for size in reversed(SIZES):
        whole, half = read_results(f"lloyd-{size}"), lloyd_of(size // 2)
        if whole is not None and half is not None:
            rows.append(f"| `lloyd` | {size:,} | – | {with_deviation(whole.spread('psnr'))} | {half} |")
    return rows


def lloyd_of(num_bytes: int) -> str | None:
    """`lloyd` with that many bytes, of the zoo or of the ladder's runs; None where it was not trained."""
    results: ZooResults | None = read_results(f"lloyd-{num_bytes}")
    if results is not None:
        return with_deviation(results.spread("psnr"))
    values = runs_of(HALVES[num_bytes], "fast", "ladder/*") if num_bytes in HALVES else {}
    return cell(list(values.values()))[1] if values else None


def published(values: dict[int, float]) -> dict[int, tuple[float, str]]:
    """Figures from a paper."""
    return {size: (value, f"{value:.2f}") for size, value in values.items()}


def drawn(series: list[Series]) -> Figure:
    """PSNR over the size of the latent, one line a series; a single point where there is one size."""
    with house_style():
        figure = Figure(figsize=(8.0, 5.2), dpi=140, layout="constrained")
        axes = figure.add_subplot()
        for number, one in enumerate(series):
            colour = QUIET_INK if one.is_published else INKS[number]
            sizes = sorted(one.cells)
            axes.plot(
                sizes,
                [one.cells[size][0] for size in sizes],
                color=colour,
                marker=MARKERS[number % len(MARKERS)],
                linestyle=":" if one.is_published else "--" if "bytes" not in one.title else "-",
                markerfacecolor="white" if one.is_published else colour,
                label=one.title.replace("`", ""),
            )
        axes.set_xscale("log", base=2)
        axes.set_xticks(SIZES, [f"{size:,}" for size in SIZES])
        axes.set_xlabel("latent: values (dashed, floats) or bytes (solid) of an image")
        axes.set_ylabel("PSNR on the CIFAR-10 test images, dB")
        axes.legend(loc="upper left", fontsize=8)
        return figure


def text(series: list[Series]) -> str:
    """The page."""
    rows = [
        "| | " + " | ".join(f"{size:,}" for size in SIZES) + " |",
        "|---" * (len(SIZES) + 1) + "|",
        *(
            f"| {one.title} | " + " | ".join(one.cells[size][1] if size in one.cells else "–" for size in SIZES) + " |"
            for one in series
        ),
    ]
    return (
        "# The ladder\n\n"
        "What a reconstruction of CIFAR-10 can be at four sizes of latent. Mean PSNR over the 10,000 test images, "
        "dB; for models of the zoo mean ± deviation over seeds, whose raw results lie in `src/diabolo/zoo/measured`. "
        "Written by `python benchmarks/ladder.py`; a dash is what was not trained or cannot be that small.\n\n"
        "![PSNR over the size of the latent](images/ladder.png)\n\n" + "\n".join(rows) + "\n\n"
        "**Floats and bytes.** A float32 is four bytes, so a latent of 1,024 floats is four times as large as one of "
        "1,024 bytes, and yet the byte models reconstruct better: what counts is how many bits a latent holds and how "
        "they are shared out, not how many numbers it has ([008](decisions/008-bits-not-numbers.md)). `lloyd` and "
        "`blocks` quantise principal components at a fixed rate, several codes to a byte. They are not smooth: for "
        "search, clustering and interpolation take a model with a float latent.\n\n"
        "**The question's network** at 64, 256 and 512 values is the second version with 1, 4 and 8 channels at the "
        "waist in place of 16; its runs are in `benchmarks/results/ladder`.\n\n"
        "**Published** means taken from the paper and not run here: COIN++ (Dupont et al. 2022, "
        "https://arxiv.org/abs/2201.12904) fits a latent to each image by gradient descent.\n\n"
        "## Bits a value\n\n"
        "The same number of latent values with all their precision, at 8 bits and at 4 bits each. Float latents are "
        "rounded in even steps. `lloyd` shares its bits among its components itself: at 4 bits a value it has half as "
        "many bytes.\n\n"
        "| | Values | Floats | 8 bits | 4 bits |\n|---|---|---|---|---|\n" + "\n".join(rounded_rows()) + "\n"
    )


if __name__ == "__main__":
    main()
