"""The benchmark's record as a table for people."""

from collections.abc import Mapping, Sequence
from typing import Any


def table_lines(report: Mapping[str, Any]) -> list[str]:
    """What was found, as text: machine and job, one row an engine, variants, and what was left out and why."""
    machine = report["machine"]
    height, width, channels = report["image_shape"]
    lines = [
        f"{machine['processor']}, {report['threads']} threads; {report['model']}, batch {report['batch']}, "
        f"{height}×{width}×{channels}, float32",
    ]
    if report["peaks"]:
        gflops = max(peak["gflops"] for peak in report["peaks"])
        gigabytes = max(peak["gigabytes_a_second"] for peak in report["peaks"])
        lines.append(f"Measured limits: {gflops:.0f} GFLOP/s (fused multiply-adds), {gigabytes:.1f} GB/s (triad)")
    lines += ["", *_engine_rows(report)]
    lines += _variant_rows(report)
    for name, reason in report["left_out"].items():
        lines += ["", f"Left out: {name} {reason}."]
    if not report["complete"]:
        lines += ["", "Interrupted: this is what was measured until then."]
    return lines


def _engine_rows(report: Mapping[str, Any]) -> list[str]:
    reference = report.get("reference")
    header = [
        "engine", "img/s", "quartiles", "of FMA", "of memory*", f"{reference or 'ratio'} is faster by",
        "inference", "peak MiB", "start-up s",
    ]  # fmt: skip
    rows = [header]
    for name, entry in report["engines"].items():
        training = entry.get("training_images_per_second")
        start = report.get("start_up_seconds", {}).get(name)
        peak = report.get("memory", {}).get("peak", {}).get(name)
        rows.append(
            [
                entry["title"],
                f"{training['median']:,.0f}" if training else "",
                f"{training['lower_quartile']:,.0f} … {training['upper_quartile']:,.0f}" if training else "",
                _percent(entry.get("share_of_fma_peak")),
                _percent(entry.get("share_of_bandwidth_if_layer_by_layer")),
                _ratio(entry.get("ratio")) if name != reference else "",
                f"{entry['inference_images_per_second']['median']:,.0f}"
                if "inference_images_per_second" in entry
                else "",
                f"{peak:,.0f}" if peak else "",
                f"{start['median']:.1f}" if start else "",
            ]
        )
    if len(rows) == 1:
        return []
    note = "* were every layer to read its input and write its output; an engine that fuses layers moves less"
    return [*_aligned(rows), note]


def _variant_rows(report: Mapping[str, Any]) -> list[str]:
    models: Mapping[str, Any] = report.get("variants", {}).get("models", {})
    if not models:
        return []
    engines = list(dict.fromkeys(engine for found in models.values() for engine in found))
    rows = [["img/s in training", *engines]]
    for model, found in models.items():
        cells = []
        for engine in engines:
            entry = found.get(engine)
            ratio = _ratio(entry.get("ratio")) if entry and engine != "diabolo-fused" else ""
            speed = f"{entry['training_images_per_second']['median']:,.0f}" if entry else ""
            cells.append(f"{speed} ({ratio})" if ratio else speed)
        rows.append([model, *cells])
    return ["", *_aligned(rows)]


def _aligned(rows: Sequence[Sequence[str]]) -> list[str]:
    """Columns as wide as their widest cell, the first to the left, the others to the right; empty columns go."""
    kept = [column for column in range(len(rows[0])) if any(row[column] for row in rows[1:])]
    widths = {column: max(len(row[column]) for row in rows) for column in kept}
    return [
        "  ".join(
            row[column].ljust(widths[column]) if column == 0 else row[column].rjust(widths[column]) for column in kept
        ).rstrip()
        for row in rows
    ]


def _ratio(ratio: Mapping[str, float] | None) -> str:
    return f"{ratio['median']:.2f} × ({ratio['min']:.2f} … {ratio['max']:.2f})" if ratio else ""


def _percent(share: float | None) -> str:
    return "" if share is None else f"{100 * share:.0f} %"
