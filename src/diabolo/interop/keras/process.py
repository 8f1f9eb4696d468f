"""Real Keras in a process of its own: builds our source, sets weights, saves, loads again and computes."""

import json
import os
import subprocess
import sys
import tempfile
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from diabolo.errors import DiaboloError
from diabolo.interop.keras.source import KerasSource

_SECONDS = 600  # for one model; Keras alone takes some seconds to start


def save_with_keras(source: KerasSource, target: Path, inputs: list[NDArray[np.float32]]) -> list[NDArray[np.float32]]:
    """Saves a model, loads it back as a stranger would, and runs that on inputs.

    Args:
        source: the model.
        target: a `.keras` file, or a `.weights.h5` file, where the loaded model is the source with these weights.
        inputs: batches in Keras's layout, Float[Array, "batch height width channels"] or "batch features".

    Returns:
        What the loaded model makes of each batch.

    Raises:
        DiaboloError: Keras is not installed, or refuses the model.
    """
    with tempfile.TemporaryDirectory(prefix="diabolo-keras-") as name:
        folder = Path(name)
        (folder / "model_source.py").write_text(source.text, encoding="utf-8")
        np.savez(folder / "inputs.npz", *inputs)
        arrays = {
            f"{layer}/{index}": array for layer, all_ in source.weights.items() for index, array in enumerate(all_)
        }
        np.savez(folder / "weights.npz", **arrays)  # type: ignore[arg-type]  # its annotation forgets keywords
        job = {
            "folder": str(folder),
            "target": str(target.absolute()),
            "layers": {k: len(v) for k, v in source.weights.items()},
        }
        (folder / "job.json").write_text(json.dumps(job))
        _run([sys.executable, str(Path(__file__).with_name("worker.py")), str(folder / "job.json")])
        with np.load(folder / "outputs.npz", allow_pickle=False) as file:
            return [file[f"arr_{index}"] for index in range(len(inputs))]


def _run(command: list[str]) -> None:
    environment = {"KERAS_BACKEND": "torch", "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "", **os.environ}
    try:
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        raise DiaboloError(
            f"Keras did not answer within {_SECONDS} seconds; try again on a machine that is less busy"
        ) from None
    if done.returncode:
        last = (done.stderr.strip() or done.stdout.strip() or f"exit code {done.returncode}").splitlines()[-1]
        if "No module named 'keras'" in done.stderr:
            raise DiaboloError("export to Keras needs `keras`, which is not installed; `pip install keras` brings it")
        raise DiaboloError(f"Keras does not take the model: {last}")
