"""`Run`: a finished or unfinished training, read from its folder."""

from functools import cached_property
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from diabolo.model import AutoEncoder, build_model
from diabolo.runs import EpochRow, RunFolder, RunRecord
from diabolo.train import load_weights, read_tensors
from diabolo.use.reconstruct import reconstruct


class Run:
    """A training and its results.

    Attributes:
        folder: where its files lie.
    """

    def __init__(self, path: str | Path) -> None:
        self.folder = RunFolder(path=Path(path))
        self._record = self.folder.record()  # refuses what is no run

    @property
    def record(self) -> RunRecord:
        """What `run.toml` said when the run was loaded."""
        return self._record

    @property
    def name(self) -> str:
        """Short name of the model."""
        return self.record.name

    @property
    def line(self) -> str:
        """The model's canonical line."""
        return self.record.line

    @property
    def history(self) -> tuple[EpochRow, ...]:
        """One row an epoch."""
        return self.folder.history()

    @cached_property
    def model(self) -> AutoEncoder:
        """The model with the kept weights, in evaluation mode.

        Raises:
            RunError: the weights are missing, truncated, or of another line.
        """
        model = build_model(self.line, self.record.input_shape)
        tensors, _ = read_tensors(self.folder.model_file)
        load_weights(model, tensors)
        return model.eval()

    def reconstruct(self, images: NDArray[np.uint8]) -> NDArray[np.float32]:
        """Reconstructs uint8 images (N, H, W, C) as float32 (N, H, W, C) in [0, 1]."""
        return reconstruct(self.model, images)

    def __repr__(self) -> str:
        return f"Run({str(self.folder.path)!r}: {self.name}, {self.record.status})"
