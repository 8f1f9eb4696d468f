"""The page about the zoo, made of records, measured results and what benchmarks left; `generate.py` writes it."""

import json
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

from diabolo.api.zoo import NOT_MEASURED, ZooEntry, zoo_entries
from diabolo.vocabulary import describe
from diabolo.zoo.results import with_deviation

DOCS = Path(__file__).parent
RESULTS = DOCS.parent / "benchmarks" / "results"
KINDS = {
    "question": "the question's own",
    "small": "small",
    "best": "for quality, a smooth latent",
    "closed form": "in closed form",
    "bottleneck": "shows a bottleneck",
    "denoise": "denoises",
}
"""What a model is in the zoo for, in a word or two."""


def zoo_page() -> str:
    """The whole page."""
    entries = zoo_entries()
    classes: dict[str, list[ZooEntry]] = {}
    for entry in sorted(entries, key=order):
        classes.setdefault(class_of(entry), []).append(entry)
    parts = [
        "# The zoo",
        "Every model that comes with diabolo: its line, what it is for, how it was trained, and what it was measured "
        "to do. `diabolo zoo` prints the table, `diabolo zoo NAME` one model with each of its trainings, `diabolo "
        "train NAME` trains it as its record says. A model with shipped weights is a run by its name: `diabolo "
        "reconstruct drop-in photo.png` works at once. This page is generated from the records, from the raw results "
        "in `src/diabolo/zoo/measured`, and from those of the benchmarks (`make format`).",
        table(entries),
        "Mean over the seeds ± deviation between them, on the 10,000 test images of CIFAR-10, pixels in [0, 1]; each "
        "training read the test images once, at its end. *8 bits* and *4 bits*: the test PSNR with each latent value "
        "rounded to so many bits, in even steps, by the same weights; *codes* is a latent that is counted in bits "
        "already. *Seconds* are wall time of the training steps with one thread, while other programs "
        "ran on the machine: an upper bound. "
        f"{NOT_MEASURED} is not measured. `python benchmarks/zoo.py --train NAME --seeds 3` makes a row.",
        *(text for name, members in classes.items() for text in section(name, members)),
        *times(RESULTS / "time-to-target.json"),
        *drop_in(RESULTS / "drop-in.json"),
        *initialisation(RESULTS / "initialisation.json"),
    ]
    return "\n\n".join(parts) + "\n"


def table(entries: list[ZooEntry]) -> str:
    """All models, a row each."""
    lines = [
        "| Model | What for | Parameters | MACs, million | Latent | Test PSNR, dB | 8 bits | 4 bits | SSIM | MSE | "
        "Seeds | Seconds | Weights |",
        "|---|---|---|---|---|---|---|---|---|---|---|---|---|",
    ]
    for entry in entries:
        cells = [
            f"[`{entry.model.name}`](#{entry.model.name})",
            KINDS[entry.model.kind],
            f"{entry.num_parameters:,}",
            f"{entry.measures.macs / 1e6:.2f}",
            entry.latent,
            *results_cells(entry),
            "shipped" if entry.has_weights else "made by its command",
        ]
        lines.append(f"| {' | '.join(cells)} |")
    return "\n".join(lines)


def results_cells(entry: ZooEntry) -> list[str]:
    """PSNR, rounded latents, SSIM, MSE, seeds and seconds."""
    results = entry.results
    if results is None:
        return [NOT_MEASURED] * 7
    bits = ["codes"] * 2
    if entry.measures.latent_bits is None:
        rounded = all(one.psnr_8_bits is not None and one.psnr_4_bits is not None for one in results.seeds)
        measures = ("psnr_8_bits", "psnr_4_bits")
        bits = [with_deviation(results.spread(name)) if rounded else NOT_MEASURED for name in measures]
    return [
        with_deviation(results.spread("psnr")),
        *bits,
        with_deviation(results.spread("ssim"), 3),
        f"{results.spread('mse')[0]:.2g}",
        str(len(results.seeds)),
        f"{results.spread('seconds')[0]:,.0f}",
    ]


def class_of(entry: ZooEntry) -> str:
    """The heading that a model stands under: its size of latent, or what it is for where that tells more."""
    return "denoising" if entry.model.kind == "denoise" else entry.latent


def order(entry: ZooEntry) -> tuple[bool, bool, int]:
    """Floats before codes, the large latents first; what is no question of size comes last."""
    return entry.model.kind == "denoise", entry.measures.latent_bits is not None, -entry.latent_bytes


def section(name: str, entries: list[ZooEntry]) -> Iterator[str]:
    """Models of one class: pictures, then each model."""
    yield f"## {name[0].upper()}{name[1:]}"
    picture = DOCS / "images" / f"{picture_name(name)}.png"
    if picture.exists():
        yield (
            f"![Eight test images and what the models under this heading make of them](images/{picture.name})\n\n"
            "The same eight test images of the sample in the package; beside a model's name the mean PSNR of these "
            "eight. By `python benchmarks/zoo_pictures.py`."
        )
    for entry in entries:
        yield from one_model(entry)


def picture_name(name: str) -> str:
    """`1,024 floats` -> `zoo-1024-floats`."""
    return "zoo-" + name.replace(",", "").replace(" ", "-")


def one_model(entry: ZooEntry) -> Iterator[str]:
    """A model's line, story, source, recipe and command."""
    model = entry.model
    yield f"### {model.name}"
    yield f"```line\n{model.line}\n```"
    yield model.about
    facts = [
        f"- {entry.num_parameters:,} parameters, latent {describe(entry.graph.latent_shape)}: {entry.latent}",
        f"- source: {model.source}",
        f"- recipe: `{model.recipe_text}`",
        f"- command: `{model.command()}`",
    ]
    if model.data_note is not None:
        facts.append(f"- {model.data_note}")
    if model.not_connected is not None:
        facts.append(f"- not connected: {model.not_connected}")
    facts += [
        f"- the doctor's [{code}](rules/{code}.md) is left: {why}" for code, why in model.findings_expected.items()
    ]
    yield "\n".join(facts)
    if model.name == "denoise":
        yield from denoising(RESULTS / "denoising.json")


def denoising(file: Path) -> Iterator[str]:
    """What the benchmark of denoising found."""
    found = content(file)
    if found is None:
        return
    arms = sorted(found["arms"].items(), key=lambda item: item[1]["psnr"])
    rows = [f"| {name} | {arm['psnr']:.2f} ± {arm['standard_error']:.2f} |" for name, arm in arms]
    yield "\n".join(["| Noise of 25/255 taken off | PSNR, dB (standard error over images) |", "|---|---|", *rows])
    yield f"{found['method']}, in one run: `{found['command']}`."


def times(file: Path) -> Iterator[str]:
    """Seconds to five qualities."""
    found = content(file)
    if found is None:
        return
    targets = [f"{target:g}" for target in found["targets"]]
    num_seeds = len({run["seed"] for run in found["runs"]})
    yield "## Time to quality"
    yield (
        "Seconds until the mean PSNR over the 5,000 validation images reaches a target, with a latent of 1,024 "
        f"values: median over {num_seeds} seeds (least to most), on {machine(found)}, {found['threads']} threads. "
        "Building, fitting in closed form and training steps are counted; imports, download and evaluation are not. "
        "The last row's latent is 1,024 bytes, which is another thing. Entries and recipes, a line each: the head of "
        f"[`benchmarks/time_to_target.py`](../benchmarks/time_to_target.py); raw log: "
        f"[`time-to-target.json`](../benchmarks/results/time-to-target.json), by `{found['command']}`."
    )
    lines = [
        f"| Entry | {' | '.join(f'{target} dB' for target in targets)} | At its end, dB |",
        "|---|" + "---|" * (len(targets) + 1),
    ]
    for name, arm in found["arms"].items():
        cells = [time_cell(arm["seconds"][target]) for target in targets]
        best = arm["best_psnr"]
        lines.append(f"| {name} | {' | '.join(cells)} | {min(best):.2f} to {max(best):.2f} |")
    yield "\n".join(lines)


def time_cell(found: Mapping[str, Any]) -> str:
    """`0.012 (0.011 to 0.013)`, or how many seeds got there."""
    if found["median"] is None:
        return f"{found['num_reached']} of {found['num_seeds']} seeds" if found["num_reached"] else NOT_MEASURED
    return f"{found['median']:.3g} ({found['min']:.3g} to {found['max']:.3g})"


def drop_in(file: Path) -> Iterator[str]:
    """The training of `drop-in` beside Keras's epochs."""
    found = content(file)
    if found is None:
        return
    yield "## `drop-in` beside two epochs of Keras"
    rows = ["| Beside | Training steps | Whole command | Rounds |", "|---|---|---|---|"]
    for name, arm in found["arms"].items():
        if name == "drop-in":
            continue
        cells = [
            f"{one['median']:.2f} ({one['min']:.2f} to {one['max']:.2f})"
            for one in (arm["steps_to_two_epochs"], arm["whole_to_two_epochs"])
        ]
        rows.append(f"| two epochs of {name} | {' | '.join(cells)} | {arm['steps_to_two_epochs']['n']} |")
    yield "\n".join(rows)
    yield (
        "Seconds of training `drop-in` in units of two epochs of the question's Keras code in the same round, median "
        f"(least to most), on {machine(found)}, {found['threads']} threads: `{found['command']}`. The whole command "
        "includes start-up, the closed form, validation, the test and the pictures."
    )


def initialisation(file: Path) -> Iterator[str]:
    """What `initialisation=pca` is worth."""
    found = content(file)
    if found is None:
        return
    yield "## What a start from principal components is worth"
    rows = ["| Line and start | Test PSNR, dB, by seed | Validation after the first epoch, dB |", "|---|---|---|"]
    for name, arm in found["arms"].items():
        ends = ", ".join(f"{run['test']['psnr']:.2f}" for run in arm["runs"])
        firsts = ", ".join(f"{run['val_psnr_by_epoch'][0]:.2f}" for run in arm["runs"])
        rows.append(f"| {name} | {ends} | {firsts} |")
    yield "\n".join(rows)
    sentences = [f"{found['method'][0].upper()}{found['method'][1:]}."]
    for line, one in found["differences"].items():
        interval = one["interval_95"]
        within = "" if interval is None else f" (95 % interval {interval[0]:+.2f} to {interval[1]:+.2f})"
        sentences.append(f"The {line} line: `pca` less `he-normal` {one['mean_db']:+.2f} dB{within}, n = {one['n']}.")
    yield " ".join(sentences) + f" By `{found['command']}`."


def machine(found: Mapping[str, Any]) -> str:
    """The machine of a result in words."""
    return f"{found['machine']['processor']}, {found['machine']['cores']} cores"


def content(file: Path) -> Any:
    """What a benchmark wrote; None where it was not run."""
    return json.loads(file.read_text(encoding="utf-8")) if file.exists() else None
