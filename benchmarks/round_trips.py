"""Every zoo model to ONNX, to torch.export, and to Keras, back to diabolo, and to Keras again: largest differences.

    python benchmarks/round_trips.py [MODEL …]

Weights are random (seed 0), those of BatchNorm and its averages included, since a fresh model's ones and zeros would
hide a mistake in them. A difference is the largest of all values of fresh images, as a share of the largest value or
of 1. Keras runs on torch. Writes `benchmarks/results/round_trips.json` and `round_trips.md`.
"""

import json
import re
import sys
import tempfile
import warnings
from pathlib import Path

import numpy as np
import torch

from diabolo.api.export import SUFFIXES, export
from diabolo.api.import_model import import_model
from diabolo.errors import DiaboloError
from diabolo.interop.keras import keras_source
from diabolo.interop.keras.process import Job, save_with_keras
from diabolo.interop.model_part import ModelPart
from diabolo.interop.probe import compare, is_discrete
from diabolo.model import AutoEncoder, build_model
from diabolo.zoo import zoo
from header import write_results

RESULTS = Path(__file__).parent / "results"
SHAPE = (32, 32, 3)


@torch.no_grad()
def randomise(model: AutoEncoder) -> None:
    generator = torch.Generator().manual_seed(0)
    for name, tensor in model.state_dict().items():
        part = name.rsplit(".", 1)[-1]
        if part in ("weight", "moving_variance") and tensor.dim() == 1:
            tensor.copy_(0.5 + torch.rand(tensor.shape, generator=generator))
        elif part in ("bias", "moving_mean"):
            tensor.copy_(0.2 * torch.randn(tensor.shape, generator=generator))
    images = torch.rand((64, SHAPE[2], *SHAPE[:2]), generator=generator)
    if any(node.kind in ("vq", "lloyd") for node in model.graph.nodes):
        model.train()(images)  # codes take their places on the first batch
    model.eval()


def layers(model: AutoEncoder) -> list[tuple[str, dict, tuple[str, ...]]]:
    """What is computed from what, however the line writes it: `3*res{…}` comes back as three."""
    return [(node.kind, dict(node.attributes), node.inputs) for node in model.graph.nodes]


def difference(one: AutoEncoder, other: AutoEncoder) -> float:
    first, second = ModelPart(one, "both"), ModelPart(other, "both")
    inputs = [values for _, values in first.inputs()]
    found = compare(
        [first.run(values) for values in inputs],
        [second.run(values) for values in inputs],
        discrete=is_discrete(first.part),
    )
    return found.largest if not found.num_jumps else float("inf")


def to_others(name: str, model: AutoEncoder, folder: Path) -> dict[str, object]:
    """Largest differences of ONNX files in onnxruntime and of a `torch.export` program."""
    row: dict[str, object] = {"model": name, "line": model.line}
    for format, part in (("onnx", "both"), ("onnx", "encoder"), ("onnx", "decoder"), ("torch", "both")):
        try:
            done = export(model, format, folder / f"{name}-{part}{SUFFIXES[format]}", part=part)
            row[f"{format}_{part}"] = done.difference.largest
            row[f"{format}_{part}_jumps"] = done.difference.num_jumps
        except DiaboloError as error:
            row[f"{format}_refused"] = str(error)
    return row


def to_keras(
    models: dict[str, AutoEncoder], rows: dict[str, dict[str, object]], column: str, folder: Path
) -> dict[str, Path]:
    """Puts the largest differences of `.keras` files into the rows; Keras starts once for all of them."""
    jobs: dict[str, Job] = {}
    parts = {name: ModelPart(model, "both") for name, model in models.items()}
    inputs = {name: next(iter(part.inputs()))[1] for name, part in parts.items()}
    for name, ours in parts.items():
        try:
            source = keras_source(ours.part, version="round trips")
        except DiaboloError as error:
            rows[name]["keras_refused"] = str(error)
            continue
        fed = np.ascontiguousarray(inputs[name].transpose(0, 2, 3, 1))
        jobs[name] = Job(source=source, target=folder / f"{name}-{column}.keras", inputs=[fed])
    for name, results in zip(jobs, save_with_keras(list(jobs.values())), strict=True):
        ours = parts[name]
        wanted = [ours.run(inputs[name])]
        found = compare(wanted, [results[0].transpose(0, 3, 1, 2)], discrete=is_discrete(ours.part))
        rows[name][column] = found.largest
        rows[name][f"{column}_jumps"] = found.num_jumps
    return {name: job.target for name, job in jobs.items()}


def from_keras(
    files: dict[str, Path], models: dict[str, AutoEncoder], rows: dict[str, dict[str, object]], folder: Path
) -> dict[str, AutoEncoder]:
    """What comes back, and how far it is from what went out."""
    back: dict[str, AutoEncoder] = {}
    for name, file in files.items():
        try:
            run = import_model(file, folder / name).run
        except DiaboloError as error:
            rows[name]["back_refused"] = str(error)
            continue
        back[name] = run.model
        rows[name] |= {"line_back": run.line, "same_layers": layers(run.model) == layers(models[name])}
        rows[name]["from_keras"] = difference(models[name], run.model)
    return back


def table(rows: list[dict[str, object]]) -> str:
    def shown(row: dict[str, object], name: str) -> str:
        value = row.get(name)
        jumps = row.get(f"{name}_jumps")
        return "–" if value is None else f"{value:.1e}" + (f" ({jumps} jumps)" if jumps else "")

    heads = {
        "onnx_both": "ONNX, whole", "onnx_encoder": "ONNX, encoder", "onnx_decoder": "ONNX, decoder",
        "torch_both": "torch.export", "to_keras": "→ Keras", "from_keras": "→ Keras → diabolo",
        "to_keras_again": "→ Keras again",
    }  # fmt: skip
    lines = [f"| model | {' | '.join(heads.values())} |", f"|---|{'---:|' * len(heads)}"]
    lines += [f"| {row['model']} | {' | '.join(shown(row, column) for column in heads)} |" for row in rows]
    reasons: dict[str, list[str]] = {}
    for row in rows:
        for key in ("onnx_refused", "torch_refused", "keras_refused", "back_refused"):
            if key in row:
                reason = re.sub(r"`(\w+)\[.*?\]` \(.*?\)", r"`\1`", str(row[key]))  # the same of each such layer
                reasons.setdefault(reason, []).append(str(row["model"]))
    lines += [f"\n{', '.join(models)}: {reason}." for reason, models in reasons.items()]
    other = [f"{row['model']} as `{row['line_back']}`" for row in rows if row.get("same_layers") is False]
    if other:
        lines.append(
            f"\nKeras keeps neither dropped branches nor what only training does. Come back: {'; '.join(other)}."
        )
    return "\n".join(lines) + "\n"


def main() -> None:
    torch.set_num_threads(1)
    warnings.filterwarnings("ignore")
    models = {name: build_model(zoo()[name].line, SHAPE) for name in sys.argv[1:] or list(zoo())}
    with tempfile.TemporaryDirectory() as name:
        folder = Path(name)
        found: dict[str, dict[str, object]] = {}
        for name, model in models.items():
            randomise(model)
            found[name] = to_others(name, model, folder)
            print(json.dumps({key: value for key, value in found[name].items() if key != "line"}), flush=True)
        files = to_keras(models, found, "to_keras", folder)
        back = from_keras(files, models, found, folder / "runs")
        to_keras(back, found, "to_keras_again", folder)
    rows = list(found.values())
    assert all(np.isfinite(value) for row in rows for value in row.values() if isinstance(value, float))
    write_results(
        "round_trips",
        unit="largest difference, as a share of the largest value or of 1",
        method="random weights, seed 0; fresh images (half noise, half gradients), at two sizes but in Keras",
        arms={str(row["model"]): row for row in rows},
    )
    (RESULTS / "round_trips.md").write_text(table(rows))
    print(table(rows))


if __name__ == "__main__":
    main()
