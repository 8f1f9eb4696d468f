"""The summary of a graph as Keras prints one, and what Keras leaves out: latent, cost, unconnected layers."""

import html
from dataclasses import asdict, dataclass
from typing import Any

from diabolo.graph.measures import Measures, measure
from diabolo.graph.model_graph import ModelGraph, Node
from diabolo.vocabulary import Shape, describe

_WAISTS = {("encoder", "decoder"), ("encoder", "bottleneck"), ("bottleneck", "decoder")}


@dataclass(frozen=True, kw_only=True)
class SummaryRow:
    """One layer of the table."""

    name: str
    """Name of the layer: `conv_1`."""
    kind: str
    """Name of its kind, as Keras writes it: `Conv2D`."""
    section: str
    """`input`, `encoder`, `bottleneck` or `decoder`."""
    output_shape: Shape
    """(height, width, channels) or (features,)."""
    num_params: int
    """Trainable and non-trainable parameters."""
    num_trainable: int
    """Trainable parameters."""
    macs: int
    """Multiply-accumulates an image, forward."""


@dataclass(frozen=True, kw_only=True)
class Summary:
    """What `diabolo summary` prints; `str()` is the table, `to_dict()` the same for machines."""

    line: str | None
    """The canonical line."""
    rows: tuple[SummaryRow, ...]
    """Connected layers in order, input first."""
    unconnected: tuple[SummaryRow, ...]
    """Layers that are built and whose result never reaches the output; they count in no total."""
    measures: Measures
    """Totals."""
    latent_shape: Shape
    """Shape of the latent."""

    def to_dict(self) -> dict[str, Any]:
        """Plain values for JSON."""
        measures = self.measures
        return {
            "line": self.line,
            "layers": [asdict(row) for row in self.rows],
            "total_params": measures.num_parameters,
            "trainable_params": measures.num_trainable,
            "non_trainable_params": measures.num_non_trainable,
            "latent_shape": list(self.latent_shape),
            "latent_values": measures.num_latent_values,
            "latent_bits": measures.latent_bits,
            "compression_ratio": measures.compression_ratio,
            "macs": measures.macs,
            "receptive_field": {"latent": measures.receptive_field[0], "output": measures.receptive_field[1]},
            "unconnected": [row.name for row in self.unconnected],
            "unconnected_layers": [asdict(row) for row in self.unconnected],
        }

    def __str__(self) -> str:
        return "\n".join([*self._table(), *self._totals()])

    def _table(self) -> list[str]:
        heads = ("Layer (kind)", "Output shape", "Param #")
        cells = [
            (f"{row.name} ({row.kind})", keras_shape(row.output_shape), f"{row.num_params:,}") for row in self.rows
        ]
        widths = [max(len(head), *(len(row[column]) for row in cells)) for column, head in enumerate(heads)]

        def written(row: tuple[str, str, str]) -> str:
            return f" {row[0]:<{widths[0]}}   {row[1]:<{widths[1]}}   {row[2]:>{widths[2]}}"

        rule = "─" * (sum(widths) + 8)
        lines = [rule, written(heads), rule]
        for index, cell in enumerate(cells):
            if index and (self.rows[index - 1].section, self.rows[index].section) in _WAISTS:
                lines.append(f" {'|':┄<{len(rule) - 2}}")
            lines.append(written(cell))
        return [*lines, rule]

    def _totals(self) -> list[str]:
        measures = self.measures
        latent, output = measures.receptive_field
        bits = f"; {measures.latent_bits:,.0f} bits" if measures.latent_bits is not None else ""
        lines = [
            f" Total params:         {measures.num_parameters:,}",
            f" Trainable params:     {measures.num_trainable:,}",
            f" Non-trainable params: {measures.num_non_trainable:,}",
            "",
            f" Latent:               {describe(self.latent_shape)} = {measures.num_latent_values:,} values "
            f"for {measures.num_input_values:,} (1 : {measures.compression_ratio:.3g}{bits})",
            f" MACs an image:        {measures.macs / 1e6:,.2f} million, forward",
            f" Receptive field:      {latent}×{latent} pixels for a latent value, "
            f"{output}×{output} for an output pixel",
        ]
        if not self.unconnected:
            return [*lines, " Not connected:        none"]
        many = len(self.unconnected)
        built = (
            "1 layer is built, and its result is" if many == 1 else f"{many} layers are built, and their results are"
        )
        lines.append(f" Not connected:        {built} never used:")
        lines += [f"   {row.name} ({row.kind}), {row.num_params:,} parameters" for row in self.unconnected]
        return lines

    def _repr_html_(self) -> str:
        return f"<pre style='line-height:1.25'>{html.escape(str(self))}</pre>"


def summarise(graph: ModelGraph) -> Summary:
    """The summary of a graph."""
    return Summary(
        line=graph.line,
        rows=tuple(_row(node) for node in graph.layers),
        unconnected=tuple(_row(node) for node in graph.unconnected),
        measures=measure(graph),
        latent_shape=graph.latent_shape,
    )


def keras_shape(shape: Shape) -> str:
    """A shape as Keras prints it, with the batch axis: `(None, 32, 32, 3)`."""
    return f"({', '.join(['None', *map(str, shape)])})"


def _row(node: Node) -> SummaryRow:
    return SummaryRow(
        name=node.name,
        kind=node.title,
        section=node.section,
        output_shape=node.shape,
        num_params=node.num_trainable + node.num_non_trainable,
        num_trainable=node.num_trainable,
        macs=node.macs,
    )
