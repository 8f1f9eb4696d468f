"""Safetensors files: their headers, the state of a training and its weights."""

import json
from functools import cache
from pathlib import Path
from typing import Any

from target import Target, refused

_LINE = "conv2 relu bn pool | up conv3 sigmoid"


def run(data: bytes, scratch: Path) -> str:
    """Reads one file as a state, and puts what was read into a model."""
    from diabolo.errors import DiaboloError
    from diabolo.train import load_weights, read_state, read_tensors

    path = scratch / "state.safetensors"
    path.write_bytes(data)
    try:
        tensors, _ = read_tensors(path)
        outcome = "tensors read"
        load_weights(_model(), {name.removeprefix("model."): value for name, value in tensors.items()})
        outcome = "weights read"
    except DiaboloError as error:
        outcome = refused(error)
    try:
        read_state(path).check_same(_LINE, 0, {})
    except DiaboloError as error:
        refused(error)
    return outcome


@cache
def _model() -> Any:
    from diabolo.model import build_model

    return build_model(_LINE, (4, 4, 3), engine="plain")


def _seeds() -> list[bytes]:
    import torch
    from safetensors.torch import save

    weights = {name: value.contiguous() for name, value in _model().state_dict().items()}
    progress = {
        "epoch": 1,
        "step": 0,
        "loss_sum": 0.0,
        "num_seen": 0,
        "seconds": 0.0,
        "best_loss": 0.5,
        "best_epoch": 1,
    }
    row = dict.fromkeys(
        (
            "loss",
            "train_loss",
            "val_loss",
            "train_excess",
            "val_excess",
            "val_mse",
            "val_psnr",
            "val_ssim",
            "seconds",
            "images_per_second",
            "learning_rate",
        ),
        0.5,
    )
    state = {
        "format": 1,
        "line": _LINE,
        "seed": 0,
        "recipe": {"epochs": 2},
        "progress": progress,
        "history": [{"epoch": 1, **row}],
    }
    in_state = {f"model.{name}": value for name, value in weights.items()}
    return [  # without a checksum, since with one nearly every edit ends there
        save(in_state, metadata={"diabolo": json.dumps(state)}),
        save(weights, metadata={"diabolo": json.dumps({"format": 1, "line": _LINE})}),
        save({"a": torch.zeros(0), "b": torch.zeros(2, 3, dtype=torch.bfloat16)}, metadata={"diabolo": "{}"}),
        save({}, metadata={"diabolo": json.dumps(state)}),
    ]


TARGET = Target(
    name="tensors",
    about="safetensors headers, states and weights",
    seeds=_seeds,
    run=run,
    modules=("diabolo.train.tensor_file", "diabolo.train.state"),
    words=(
        b'"dtype":"F32"',
        b'"F64"',
        b'"BOOL"',
        b'"F8_E4M3"',
        b'"shape":[',
        b'"data_offsets":[0,',
        b"-1",
        b"null",
        b"18446744073709551616",
        b'"__metadata__":{',
        b'\\"epoch\\": ',
        b'\\"format\\": ',
        b'"model.0.weight":',
        b"[[",
        b"NaN",
        b"\\u0000",
        b"{}",
    ),
)
