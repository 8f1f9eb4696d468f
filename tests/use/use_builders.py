"""A small run folder, made without training, and image files."""

from pathlib import Path

import numpy as np
from PIL import Image

from diabolo.model import build_model
from diabolo.runs import RunFolder, RunRecord, current_versions, write_record
from diabolo.train import find_recipe, write_weights

LINE = "conv4 relu pool | up conv3 sigmoid"


def make_run(path: Path, *, line: str = LINE, shape: tuple[int, int, int] = (8, 8, 3)) -> RunFolder:
    """A run whose weights are the initial ones."""
    folder = RunFolder(path=path)
    path.mkdir(parents=True)
    recipe = find_recipe("fast")
    record = RunRecord(
        name="small",
        line=line,
        input_shape=shape,
        seed=0,
        recipe={"name": recipe.name, **recipe.choices()},
        data={"name": "x", "digest": "sha256:0", "source": "x"},
        command="python",
        threads=1,
        device="cpu",
        status="finished",
        versions=current_versions(),
    )
    write_record(folder.record_file, record)
    write_weights(folder.model_file, build_model(line, shape), line)
    return folder


def save_image(path: Path, height: int = 8, width: int = 8, seed: int = 0) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    pixels = np.random.default_rng(seed).integers(0, 256, (height, width, 3), dtype=np.uint8)
    Image.fromarray(pixels).save(path)
    return path
