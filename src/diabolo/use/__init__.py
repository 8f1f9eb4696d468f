"""Trained models at work: load a run, reconstruct images."""

from pathlib import Path

from diabolo.use.open import open_model
from diabolo.use.reconstruct import psnr_of, reconstruct
from diabolo.use.run import Run

__all__ = ["Run", "load", "psnr_of", "reconstruct"]


def load(path: str | Path, *, engine: str | None = None, device: str | None = None) -> Run:
    """Loads a run from its folder, or a model of the zoo that comes with weights.

    Args:
        path: the folder, or the zoo name; a folder of that name comes first.
        engine: how its model runs on a CPU, `plain`, `fused` or `auto`; None asks `$DIABOLO_ENGINE`, then takes the
            default, whatever the run was trained with.
        device: where its model computes: `cpu`, `cuda`, `cuda:1`, `mps`, or `auto` (`cuda` where there is one); None:
            `cpu`, so that `run.model` takes tensors as torch makes them.

    Raises:
        RunError: there is no run, or it is of another version.
        DiaboloError: no engine has that name, or the device is not there.
    """
    return open_model(path, engine=engine, device=device)
