"""Every zoo model to ONNX and onnxruntime, and to Keras, back to diabolo, and to Keras again: largest differences.

    python benchmarks/round_trips.py [MODEL …]

Weights are random (seed 0), those of BatchNorm and its averages included, since a fresh model's ones and zeros would
hide a mistake in them. A difference is the largest of all values of fresh images, as a share of the largest value or
of 1. Keras runs on torch. Writes `benchmarks/results/round_trips.json` and `round_trips.md`.
"""

import json
import sys
import tempfile
import warnings
from pathlib import Path

import numpy as np
import torch

from diabolo.api.export import export
from diabolo.api.import_model import import_model
from diabolo.errors import DiaboloError
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


def difference(one: AutoEncoder, other: AutoEncoder) -> float:
    first, second = ModelPart(one, "both"), ModelPart(other, "both")
    inputs = [values for _, values in first.inputs()]
    found = compare(
        [first.run(values) for values in inputs],
        [second.run(values) for values in inputs],
        discrete=is_discrete(first.part),
    )
    return found.largest if not found.num_jumps else float("inf")


def of_model(name: str, folder: Path) -> dict[str, object]:
    model = build_model(zoo()[name].line, SHAPE)
    randomise(model)
    row: dict[str, object] = {"model": name, "line": model.line}
    try:
        for kind in ("both", "encoder", "decoder"):
            done = export(model, "onnx", folder / f"{name}-{kind}.onnx", part=kind)
            row[f"onnx_{kind}"] = done.difference.largest
            row[f"onnx_{kind}_jumps"] = done.difference.num_jumps
    except DiaboloError as error:
        row["onnx_refused"] = str(error)
    try:
        there = export(model, "keras", folder / f"{name}.keras")
        row["to_keras"] = there.difference.largest
        back = import_model(there.file, folder / name).run
        row["line_back"] = back.line
        row["same_layers"] = back.line == model.line
        row["from_keras"] = difference(model, back.model)
        again = export(back, "keras", folder / f"{name}-again.keras")
        row["to_keras_again"] = again.difference.largest
    except DiaboloError as error:
        row["keras_refused"] = str(error)
    return row


def table(rows: list[dict[str, object]]) -> str:
    def shown(row: dict[str, object], name: str) -> str:
        value = row.get(name)
        jumps = row.get(f"{name}_jumps")
        return "–" if value is None else f"{value:.1e}" + (f" ({jumps} jumps)" if jumps else "")

    columns = ("onnx_both", "onnx_encoder", "onnx_decoder", "to_keras", "from_keras", "to_keras_again")
    heads = ("model", "ONNX, whole", "ONNX, encoder", "ONNX, decoder", "→ Keras", "→ Keras → diabolo", "→ Keras again")
    lines = [f"| {' | '.join(heads)} |", f"|---|{'---:|' * len(columns)}"]
    lines += [f"| {row['model']} | {' | '.join(shown(row, column) for column in columns)} |" for row in rows]
    for row in rows:
        lines += [f"\n{row['model']}: {row[key]}." for key in ("onnx_refused", "keras_refused") if key in row]
    return "\n".join(lines) + "\n"


def main() -> None:
    torch.set_num_threads(1)
    warnings.filterwarnings("ignore")
    names = sys.argv[1:] or list(zoo())
    rows = []
    with tempfile.TemporaryDirectory() as name:
        for model in names:
            rows.append(of_model(model, Path(name)))
            print(json.dumps({key: value for key, value in rows[-1].items() if "line" not in key}), flush=True)
    assert all(np.isfinite(value) for row in rows for value in row.values() if isinstance(value, float))
    write_results(
        "round_trips",
        unit="largest difference, as a share of the largest value or of 1",
        method="random weights and averages, seed 0; fresh images (half noise, half gradients), for ONNX at two sizes",
        arms={str(row["model"]): row for row in rows},
    )
    (RESULTS / "round_trips.md").write_text(table(rows))
    print(table(rows))


if __name__ == "__main__":
    main()
