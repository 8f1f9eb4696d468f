"""The ladder: how good a reconstruction of CIFAR-10 each size of latent can give, as a figure and a table.

`python benchmarks/ladder.py` trains nothing: it reads the zoo's results, `results/references.json` (made by
`python benchmarks/references.py`) and the runs of the question's network, and writes docs/ladder.md and its figure.
"""

import json
import statistics
import tomllib
from dataclasses import dataclass

from matplotlib.figure import Figure

from diabolo.figures.style import COLOURS, MARKERS, QUIET_INK, house_style, write_figure
from diabolo.files import write_text
from diabolo.zoo.results import read_results, with_deviation
from header import RESULTS, ROOT, say

SIZES = (64, 256, 512, 1024)
"""Latent values of an image, or bytes where the latent is made of codes."""
LATENT_MAPS = {64: "8x8x1", 256: "8x8x4", 512: "8x8x8", 1024: "8x8x16"}
"""The references' latents of those sizes."""
QUESTION = RESULTS / "keras-engines"
"""The question's network after its 50 epochs, one run a seed."""
COIN = {256: 27.84, 512: 32.13, 1024: 37.59}
"""COIN++, Dupont et al. 2022, https://arxiv.org/abs/2201.12904: fitted image by image; as published, not run here."""


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
    series = [
        Series(title="the question's network, 50 epochs", cells=question()),
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


def question() -> dict[int, tuple[float, str]]:
    """Test PSNR of the runs of the `keras` recipe, by the stage engine."""
    values = [
        float(tomllib.loads(file.read_text(encoding="utf-8"))["test"]["psnr"])
        for file in sorted(QUESTION.glob("fused-*/run.toml"))
    ]
    return {1024: (statistics.fmean(values), f"{statistics.fmean(values):.2f} ± {statistics.stdev(values):.2f}")}


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


def published(values: dict[int, float]) -> dict[int, tuple[float, str]]:
    """Figures from a paper."""
    return {size: (value, f"{value:.2f}") for size, value in values.items()}


def drawn(series: list[Series]) -> Figure:
    """PSNR over the size of the latent, one line a series; a single point where there is one size."""
    with house_style():
        figure = Figure(figsize=(8.0, 5.2), dpi=140, layout="constrained")
        axes = figure.add_subplot()
        for number, one in enumerate(series):
            colour = QUIET_INK if one.is_published else COLOURS[number % len(COLOURS)]
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
        "**Published** means taken from the paper and not run here: COIN++ (Dupont et al. 2022, "
        "https://arxiv.org/abs/2201.12904) fits a latent to each image by gradient descent.\n"
    )


if __name__ == "__main__":
    main()
