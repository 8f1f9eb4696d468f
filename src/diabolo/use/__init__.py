"""Trained models at work: load a run, reconstruct images."""

from pathlib import Path

from diabolo.use.reconstruct import psnr_of, reconstruct
from diabolo.use.run import Run

__all__ = ["Run", "load", "psnr_of", "reconstruct"]


def load(path: str | Path) -> Run:
    """Loads a run from its folder; raises `RunError` where there is none, or it is of another version."""
    return Run(path)
