"""The zoo as text: its table, and one model with its line, recipe, results and the command that makes it again."""

import textwrap
from collections.abc import Iterator
from dataclasses import asdict, dataclass
from typing import Any

from diabolo.graph import Measures, ModelGraph, build_graph, measure
from diabolo.vocabulary import describe
from diabolo.zoo import ZooModel, zoo
from diabolo.zoo.results import ZooResults, read_results, with_deviation
from diabolo.zoo.shipped import shipped_run

NOT_MEASURED = "–"
"""In a table, for what no training has shown."""
HEADERS = ("model", "parameters", "latent", "test PSNR, dB", "SSIM", "seconds", "weights")
"""Of `table_rows`."""


@dataclass(frozen=True, kw_only=True)
class ZooEntry:
    """A model of the zoo with all that is known of it."""

    model: ZooModel
    """Its record."""
    graph: ModelGraph
    """Of its line, for 32×32×3."""
    measures: Measures
    """Sizes of it."""
    results: ZooResults | None
    """What was measured; None where nothing was."""
    has_weights: bool
    """Whether trained weights come with diabolo."""

    @property
    def num_parameters(self) -> int:
        """Trainable ones and others."""
        return self.measures.num_parameters

    @property
    def latent_bytes(self) -> int:
        """Bytes of a latent: of float32 numbers, or of codes with those of a position packed together."""
        bits = self.measures.latent_bits
        if bits is None:
            return 4 * self.measures.num_latent_values
        shape = self.graph.latent_shape
        positions = shape[0] * shape[1] if len(shape) == 3 else 1
        return positions * -(-round(bits * 1e6 / positions) // 8_000_000)

    @property
    def latent(self) -> str:
        """In a table: how many numbers, or how many bytes of codes."""
        if self.measures.latent_bits is None:
            return f"{self.measures.num_latent_values:,} floats"
        return f"{self.latent_bytes:,} bytes"


def zoo_entry(model: ZooModel) -> ZooEntry:
    """All that is known of a model; results of another line than its record's now are none.

    Raises:
        DiaboloError: the file of its results is damaged.
    """
    graph = build_graph(model.line)
    results = read_results(model.name)
    return ZooEntry(
        model=model,
        graph=graph,
        measures=measure(graph),
        results=results if results is not None and results.line == graph.line else None,
        has_weights=shipped_run(model.name) is not None,
    )


def zoo_entries() -> list[ZooEntry]:
    """Every model of the zoo, in its order."""
    return [zoo_entry(model) for model in zoo().values()]


def table_rows(entries: list[ZooEntry]) -> list[tuple[str, ...]]:
    """Cells of the table, as `HEADERS`."""
    return [
        (
            entry.model.name,
            f"{entry.num_parameters:,}",
            entry.latent,
            _of(entry, "psnr", 2),
            _of(entry, "ssim", 3),
            _of(entry, "seconds", 0),
            "shipped" if entry.has_weights else NOT_MEASURED,
        )
        for entry in entries
    ]


def table_text(entries: list[ZooEntry]) -> list[str]:
    """The table for a terminal, one line a model; numbers to the right."""
    rows = [HEADERS, *table_rows(entries)]
    widths = [max(len(row[column]) for row in rows) for column in range(len(HEADERS))]
    lines = []
    for row in rows:
        cells = [
            cell.ljust(width) if column in (0, 6) else cell.rjust(width)
            for column, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        lines.append("  ".join(cells).rstrip())
    measured = sum(entry.results is not None for entry in entries)
    lines += [
        "",
        f"{measured} of {len(entries)} are measured, on the test images of CIFAR-10: mean over seeds ± deviation "
        f"between them; {NOT_MEASURED} is not measured.",
        "`diabolo zoo NAME` shows a model; `diabolo train NAME` trains it as its record says.",
    ]
    return lines


def model_text(entry: ZooEntry) -> list[str]:
    """One model in full, for a terminal."""
    model, measures = entry.model, entry.measures
    lines = [
        f"{model.name}: {entry.num_parameters:,} parameters, latent {describe(entry.graph.latent_shape)} "
        f"({entry.latent}), {measures.macs / 1e6:.2f} million MACs an image",
        f"    {model.line}",
        *textwrap.wrap(model.about, 100, initial_indent="    ", subsequent_indent="    "),
        f"source:   {model.source}",
        f"recipe:   {model.recipe_text}",
        f"make it:  {model.command()}",
        "weights:  " + ("come with diabolo; every command that takes a RUN takes this name" if entry.has_weights else
                        "are made by that command"),
    ]  # fmt: skip
    if model.data_note is not None:
        lines.append(f"note:     {model.data_note}")
    if model.not_connected is not None:
        lines.append(f"not connected: {model.not_connected}")
    lines += [f"doctor:   {code} is left so: {reason}" for code, reason in model.findings_expected.items()]
    return [*lines, *_results_text(entry)]


def entry_values(entry: ZooEntry) -> dict[str, Any]:
    """All that is known of a model, for JSON."""
    model, measures = entry.model, entry.measures
    return {
        "name": model.name,
        "kind": model.kind,
        "line": entry.graph.line,
        "about": model.about,
        "source": model.source,
        "recipe": model.recipe,
        "settings": dict(model.settings),
        "command": model.command(),
        "total_params": measures.num_parameters,
        "latent_shape": list(entry.graph.latent_shape),
        "latent_values": measures.num_latent_values,
        "latent_bits": measures.latent_bits,
        "latent_bytes": entry.latent_bytes,
        "macs": measures.macs,
        "unconnected": [node.name for node in entry.graph.unconnected],
        "weights": entry.has_weights,
        "results": None if entry.results is None else asdict(entry.results),
    }


def _of(entry: ZooEntry, measure_name: str, digits: int) -> str:
    if entry.results is None:
        return NOT_MEASURED
    return with_deviation(entry.results.spread(measure_name), digits)


def _results_text(entry: ZooEntry) -> Iterator[str]:
    results = entry.results
    if results is None:
        yield "results:  not measured yet"
        return
    many = len(results.seeds)
    yield (
        f"results:  {results.data}, {many} {'seed' if many == 1 else 'seeds'}: test PSNR {_of(entry, 'psnr', 2)} dB, "
        f"SSIM {_of(entry, 'ssim', 4)}, MSE {_of(entry, 'mse', 6)}; {_of(entry, 'seconds', 0)} s of training"
    )
    if entry.measures.latent_bits is not None:
        yield f"          the latent is made of codes: {entry.latent_bytes:,} bytes an image, packed"
    elif all(one.psnr_8_bits is not None and one.psnr_4_bits is not None for one in results.seeds):
        yield (
            f"          latent rounded to 8 bits a value: {_of(entry, 'psnr_8_bits', 2)} dB; to 4 bits: "
            f"{_of(entry, 'psnr_4_bits', 2)} dB"
        )
    for one in results.seeds:
        on = f"{one.threads} {'thread' if one.threads == 1 else 'threads'}, {one.machine}"
        yield (
            f"          seed {one.seed}: test {one.psnr:.3f} dB, validation {one.validation_psnr:.3f} dB, "
            f"{one.seconds:.0f} s ({on}{', ' + one.instructions if one.instructions else ''}; {one.versions})"
        )
