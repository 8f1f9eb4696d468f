"""`Run`: a finished or unfinished training, read from its folder."""

import base64
import builtins
import warnings
from functools import cached_property
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from diabolo.graph import ModelGraph, build_graph
from diabolo.model import AutoEncoder, build_model
from diabolo.model.device import choose_device
from diabolo.model.engine import choose_engine
from diabolo.runs import EpochRow, RunFolder, RunRecord, epoch_line
from diabolo.train import load_weights, read_tensors
from diabolo.use.decode import decode
from diabolo.use.encode import encode
from diabolo.use.interpolate import interpolate
from diabolo.use.noise import noise_note
from diabolo.use.reconstruct import reconstruct

if TYPE_CHECKING:
    from diabolo.use.calibrate import Calibrated
    from diabolo.use.score_array import ScoredImages

_ROWS_SHOWN = 12  # most epochs in a notebook's table


class Run:
    """A training and its results, read from its folder.

    Args:
        path: its folder.
        engine: as of `diabolo.load`.
        device: as of `diabolo.load`.

    Attributes:
        folder: where its files lie.

    Raises:
        RunError: the folder is no run, is damaged, or is of another version.
        DiaboloError: no engine has that name, or the device is not there.
    """

    def __init__(self, path: str | Path, *, engine: str | None = None, device: str | None = None) -> None:
        self._device = choose_device("cpu" if device is None else device)
        self._engine = None if engine is None else choose_engine(engine)
        self.folder = RunFolder(path=Path(path).expanduser())
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

    @cached_property
    def graph(self) -> ModelGraph:
        """The model's graph, without its weights."""
        return build_graph(self.line, self.record.input_shape)

    @property
    def history(self) -> tuple[EpochRow, ...]:
        """One row an epoch, as the file is now; raises `RunError` before the first epoch is done."""
        return self.folder.history()

    @cached_property
    def model(self) -> AutoEncoder:
        """The model with the kept weights, in evaluation mode, on the run's device.

        Raises:
            RunError: the weights are missing, truncated, or of another line.
        """
        model = build_model(self.line, self.record.input_shape, engine=self._engine)
        tensors, _ = read_tensors(self.folder.model_file)
        load_weights(model, tensors)
        return model.eval().to(self._device)

    def reconstruct(self, images: NDArray[np.uint8], *, memory: float | None = None) -> NDArray[np.float32]:
        """Reconstructs uint8 images (N, H, W, C) as float32 (N, H, W, C) in [0, 1].

        A model without flat layers takes images of any size; above `memory` MiB (None: 1024) they are cut into tiles.

        Raises:
            DiaboloError: the images are not uint8, or not of a size that the model takes.
            RunError: the weights are missing or damaged.
        """
        return reconstruct(self.model, images, memory=memory)

    def encode(
        self, images: NDArray[np.uint8], *, pool: str | None = None, memory: float | None = None
    ) -> NDArray[np.float32]:
        """Latents of uint8 images (N, H, W, C): float32 (N, h, w, channels) or (N, features).

        `pool` makes one vector an image: `mean` or `max` over positions, or `flat`.

        Raises:
            DiaboloError: as of `reconstruct`, or there is no such pool.
            RunError: the weights are missing or damaged.
        """
        return encode(self.model, images, pool=pool, memory=memory)

    def decode(self, latents: NDArray[np.floating], *, memory: float | None = None) -> NDArray[np.float32]:
        """Images of latents, float32 (N, H, W, C) in [0, 1].

        Raises:
            DiaboloError: the latents are not finite numbers of this model's latent shape.
            RunError: the weights are missing or damaged.
        """
        return decode(self.model, latents, memory=memory)

    def denoise(self, images: NDArray[np.uint8], *, memory: float | None = None) -> NDArray[np.float32]:
        """What the model makes of noisy uint8 images (N, H, W, C), float32 (N, H, W, C) in [0, 1].

        Warns if the model was trained without noise.

        Raises:
            DiaboloError: as of `reconstruct`.
            RunError: the weights are missing or damaged.
        """
        note = noise_note(self.graph)
        if note is not None:
            warnings.warn(note, stacklevel=2)
        return reconstruct(self.model, images, memory=memory)

    def interpolate(
        self,
        first: NDArray[np.uint8],
        second: NDArray[np.uint8],
        *,
        steps: int = 8,
        path: str | None = None,
        memory: float | None = None,
    ) -> NDArray[np.float32]:
        """Images on the way between the latents of two uint8 images (H, W, C): float32 (steps, H, W, C) in [0, 1].

        `path` is `straight` or `arc`; None: `arc` for a Gaussian latent.

        Raises:
            DiaboloError: the images differ in size, or do not suit the model, or an option has a wrong value.
            RunError: the weights are missing or damaged.
        """
        return interpolate(self.model, first, second, steps=steps, path=path, memory=memory)

    def calibrate(
        self,
        images: NDArray[np.uint8],
        *,
        false_alarm: float = 0.01,
        score: str = "auto",
        memory: float | None = None,
        seed: int = 0,
    ) -> "Calibrated":
        """Chooses a threshold on normal uint8 images (N, H, W, C), and writes `anomaly.json` beside the run.

        The run must not have been trained on them. `false_alarm` is the share of normal images that may be called
        abnormal, `score` one of `diabolo.use.score.SCORES`, or `auto`: the one that tells made-up defects best. `seed`
        orders the images and makes the defects.

        Raises:
            DataError: too few images for this rate; the message says how many are needed.
            DiaboloError: as of `reconstruct`, or an option has a wrong value.
            RunError: the weights are missing or damaged, or came with diabolo.
            OutputError: the file cannot be written.
        """
        from diabolo.use.calibrate import calibrate_on

        return calibrate_on(self, images, false_alarm=false_alarm, score=score, memory=memory, seed=seed)

    def score(
        self, images: NDArray[np.uint8], *, score: str | None = None, memory: float | None = None
    ) -> "ScoredImages":
        """How strange uint8 images (N, H, W, C) are to this run, as a whole and pixel by pixel, and which are alarms.

        `score` is one of `diabolo.use.score.SCORES`; None: the calibrated one, or `peak`.

        Raises:
            DiaboloError: as of `reconstruct`, there is no such score, or `latent` is not calibrated.
            RunError: the weights or the calibration are damaged, or the calibration was made for other weights.
        """
        from diabolo.use.score_array import score_array

        return score_array(self, images, score=score, memory=memory)

    def show(self) -> None:
        """Shows history and pictures in a notebook; prints the history and the names of the pictures elsewhere."""
        if hasattr(builtins, "__IPYTHON__"):
            from IPython.display import display

            display(self)
            return
        print(f"{self.name} ({self.record.status}): {self.line}")
        for row in self._rows():
            print(epoch_line(row, self.record.recipe["epochs"]))
        for file in (self.folder.curves_file, self.folder.reconstructions_file):
            if file.exists():
                print(file)

    def _repr_html_(self) -> str:
        from diabolo.figures.html import history_html

        parts = []
        for file in (self.folder.curves_file, self.folder.reconstructions_file):
            if file.exists():
                content = base64.b64encode(file.read_bytes()).decode()
                parts.append(f'<img alt="{file.stem}" style="max-width:100%" src="data:image/png;base64,{content}">')
        rows = self._rows()
        every = -(-len(rows) // _ROWS_SHOWN)  # the last row is always among them
        shown = [_short(row) for row in rows if (len(rows) - row.epoch) % every == 0]
        parts.append(history_html(shown, caption=f"{self.name} ({self.record.status}): {self.line}"))
        return "\n".join(parts)

    def _rows(self) -> tuple[EpochRow, ...]:
        return self.history if self.folder.history_file.exists() else ()

    def __repr__(self) -> str:
        return f"Run({str(self.folder.path)!r}: {self.name}, {self.record.status})"


def _short(row: EpochRow) -> dict[str, str]:
    """The columns that a reader looks at first, with the digits that mean something."""
    return {
        "epoch": str(row.epoch),
        "loss": f"{row.loss:.4f}",
        "val_loss": f"{row.val_loss:.4f}",
        "above the floor": f"{row.val_excess:.4f}",
        "MSE": f"{row.val_mse:.5f}",
        "PSNR": f"{row.val_psnr:.2f} dB",
        "SSIM": f"{row.val_ssim:.3f}",
        "seconds": f"{row.seconds:.0f}",
    }
