"""What some rules of the doctor claim, measured: each defect trained beside its correction on the bundled sample.

`python benchmarks/rules.py [--seeds 3] [--epochs 20]`: the arms take turns, seed by seed.
"""

import argparse
import tempfile
from pathlib import Path
from typing import Any

import numpy as np

import diabolo
from diabolo.api.evaluate import evaluate_part
from diabolo.data import load_data
from header import say, spread, write_results

_BODY = "conv64 bn relu pool conv16 bn relu pool | conv16 bn relu up conv32 bn relu up"
ARMS: dict[str, tuple[str, str]] = {
    "order: no bn": ("method-1", "bce"),
    "order: conv relu bn pool": ("method-2", "bce"),
    "order: conv relu pool bn": ("pool-bn", "bce"),
    "order: conv bn relu pool": ("bn-relu", "bce"),
    "waist: linear": (_BODY.replace("conv16 bn relu pool |", "conv16 bn pool |") + " conv3 sigmoid", "bce"),
    "output: sigmoid": (f"{_BODY} conv3 sigmoid", "mse"),
    "output: linear": (f"{_BODY} conv3", "mse"),
    "output: relu": (f"{_BODY} conv3 relu", "mse"),
    "output: bn": (f"{_BODY} conv3 bn", "mse"),
    "output: bn sigmoid": (f"{_BODY} conv3 bn sigmoid", "mse"),
    "output: relu sigmoid": (f"{_BODY} conv3 relu sigmoid", "mse"),
    "dropout: before bn": (f"{_BODY} conv3 sigmoid".replace("bn relu up", "dropout[p=0.2] bn relu up"), "bce"),
    "dropout: after bn": (f"{_BODY} conv3 sigmoid".replace("bn relu up", "bn relu dropout[p=0.2] up"), "bce"),
}
"""A line and a loss for each arm; `output: sigmoid` and `order: conv bn relu pool` are what the others are held to."""


def main() -> None:
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seeds", type=int, default=3, help="trainings of each arm")
    parser.add_argument("--epochs", type=int, default=20, help="over the 1,800 images that are trained on")
    arguments, _ = parser.parse_known_args()
    images = load_data("cifar10-sample").test
    found: dict[str, dict[str, list[float]]] = {name: {} for name in ARMS}
    for seed in range(arguments.seeds):
        for name, (line, loss) in ARMS.items():
            for measure, value in _train(line, loss, seed, arguments.epochs, images).items():
                found[name].setdefault(measure, []).append(value)
            say(
                f"{name:<26} seed {seed}: "
                + ", ".join(f"{key} {values[-1]:.5f}" for key, values in found[name].items())
            )
        _write(found, arguments.epochs)


def _train(line: str, loss: str, seed: int, epochs: int, images: Any) -> dict[str, float]:
    with tempfile.TemporaryDirectory() as folder:
        run = diabolo.fit(
            line,
            "cifar10-sample",
            seed=seed,
            epochs=epochs,
            loss=loss,
            out=Path(folder) / "run",
            watch=lambda event: None,
        )
        test, _ = evaluate_part(run, "test")
        reconstructions = run.reconstruct(images)
        return {
            "mse": test["mse"],
            "psnr": test["psnr"],
            "share_black": float(np.mean((reconstructions <= 0) & (images > 12))),  # 12 of 255: clearly not black
            "first_val_mse": run.history[0].val_mse,
        }


def _write(found: dict[str, dict[str, list[float]]], epochs: int) -> None:
    write_results(
        "rules",
        unit="mse and psnr of the 500 test images, share of values that are 0 where the image is brighter than 12 of "
        "255",
        method=f"recipe fast for {epochs} epochs on the 1,800 images left of the bundled sample; the best epoch is "
        "kept",
        arms={
            name: {"line": ARMS[name][0], "loss": ARMS[name][1], **{key: spread(raw) for key, raw in values.items()}}
            for name, values in found.items()
            if values
        },
    )


if __name__ == "__main__":
    main()
