"""Real Keras in a process of its own: builds our sources, sets weights, saves, loads again and computes."""

import errno
import json
import os
import subprocess
import sys
import tempfile
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from diabolo.errors import DiaboloError
from diabolo.interop.keras.source import KerasSource

_WORKER = Path(__file__).with_name("worker.py")
_FULL = os.strerror(errno.ENOSPC)
_SECONDS = 600  # for one model; Keras alone takes some seconds to start


@dataclass(frozen=True, kw_only=True)
class Job:
    """A model to be saved and tried."""

    source: KerasSource
    """The model."""
    target: Path
    """A `.keras` file, or a `.weights.h5` file, where the loaded model is the source with these weights."""
    inputs: Sequence[NDArray[np.float32]]
    """Batches in Keras's layout, Float[Array, "batch height width channels"] or "batch features"."""


def save_with_keras(jobs: Sequence[Job]) -> list[list[NDArray[np.float32]]]:
    """Saves models, loads each back as a stranger would, and runs it on its inputs; Keras starts once for all.

    Returns:
        For each model, what the loaded one makes of each batch.

    Raises:
        DiaboloError: Keras is not installed, or refuses a model.
        OSError: the disk is full.
    """
    with tempfile.TemporaryDirectory(prefix="diabolo-keras-") as name:
        folders = [Path(name) / str(index) for index in range(len(jobs))]
        for folder, job in zip(folders, jobs, strict=True):
            _write(folder, job)
        _run([sys.executable, str(_WORKER), *(str(one / "job.json") for one in folders)])
        return [_results(folder, len(job.inputs)) for folder, job in zip(folders, jobs, strict=True)]


def _write(folder: Path, job: Job) -> None:
    folder.mkdir()
    (folder / "model_source.py").write_text(job.source.text, encoding="utf-8")
    np.savez(folder / "inputs.npz", *job.inputs)
    weights = job.source.weights
    arrays = {f"{layer}/{index}": array for layer, several in weights.items() for index, array in enumerate(several)}
    np.savez(folder / "weights.npz", **arrays)  # type: ignore[arg-type]  # its annotation forgets keywords
    told = {
        "folder": str(folder),
        "target": str(job.target.absolute()),
        "layers": {layer: len(several) for layer, several in weights.items()},
    }
    (folder / "job.json").write_text(json.dumps(told))


def _results(folder: Path, number: int) -> list[NDArray[np.float32]]:
    with np.load(folder / "outputs.npz", allow_pickle=False) as file:
        return [file[f"arr_{index}"] for index in range(number)]


def _run(command: list[str]) -> None:
    environment = {"KERAS_BACKEND": "torch", "TF_CPP_MIN_LOG_LEVEL": "3", "CUDA_VISIBLE_DEVICES": "", **os.environ}
    try:
        done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=_SECONDS, check=False)
    except subprocess.TimeoutExpired:
        raise DiaboloError(
            f"Keras did not answer within {_SECONDS} seconds; try again on a machine that is less busy"
        ) from None
    if done.returncode:
        if _FULL in done.stderr:
            raise OSError(errno.ENOSPC, _FULL)  # who writes the file says which, and that nothing was half-written
        last = (done.stderr.strip() or done.stdout.strip() or f"exit code {done.returncode}").splitlines()[-1]
        if "No module named 'keras'" in done.stderr:
            raise DiaboloError("export to Keras needs `keras`, which is not installed; `pip install keras` brings it")
        raise DiaboloError(f"Keras does not take the model: {last}")
