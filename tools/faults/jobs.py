"""What is disturbed: each job writes below one folder, and can be done again after a fault."""

import contextlib
import hashlib
import io
import json
import shutil
import sys
import zipfile
from collections.abc import Callable
from pathlib import Path
from typing import Any

import numpy as np

sys.path.insert(0, str(Path(__file__).parents[1] / "crash"))
from scenarios import run_outcome, run_problems

_LINE = "conv2 relu bn pool | up conv3 sigmoid"
Job = Callable[[Path, Path], Any]
"""(folder of inputs, folder to write below) -> what must always be the same."""


def prepare(place: Path) -> None:
    """Inputs, and everything loaded that a job loads late."""
    draw = np.random.default_rng(0)
    np.save(place / "images.npy", draw.integers(0, 256, (60, 8, 8, 3), dtype=np.uint8))
    from PIL import Image

    for number in range(30):
        path = place / "images" / f"{number}.png"
        path.parent.mkdir(exist_ok=True)
        Image.fromarray(draw.integers(0, 256, (8, 8, 3), dtype=np.uint8)).save(path)


def set_up(name: str, inputs: Path, place: Path) -> None:
    """Puts there what a job starts from."""
    if name == "pictures":
        shutil.copytree(inputs / "run", place / "run")


def train(inputs: Path, place: Path) -> Any:
    """A training, or what is left of it; without pictures."""
    import os

    from diabolo.api.execute import execute
    from diabolo.api.job import new_job, resumed_job
    from diabolo.runs import RunFolder
    from diabolo.train import find_recipe

    os.environ["DIABOLO_CHECKPOINT_SECONDS"] = "0"
    folder = RunFolder(path=place / "run")
    if folder.exists() and folder.record().status == "finished":
        return run_outcome(folder.path)
    recipe = find_recipe("fast").with_settings({"epochs": 2, "batch_size": 20, "ema": 0.5})
    with contextlib.redirect_stdout(io.StringIO()):
        if folder.exists():
            job = resumed_job(folder.path)
        else:
            job = new_job(_LINE, inputs / "images.npy", recipe=recipe, out=folder.path, engine="plain")
        execute(job, pictures=False)
    return run_outcome(folder.path)


def pictures(inputs: Path, place: Path) -> Any:
    """The pictures and the report of a run that has trained to its end."""
    from diabolo.api.figures import draw_run_figures
    from diabolo.api.job import resumed_job
    from diabolo.api.report import write_run_report
    from diabolo.use import Run

    run = place / "run"
    draw_run_figures(Run(run), resumed_job(run))
    write_run_report(Run(run))
    names = ("curves.png", "reconstructions.png")
    return {name: hashlib.sha256((run / name).read_bytes()).hexdigest() for name in names}


def cache(inputs: Path, place: Path) -> Any:
    """The cache of a folder of images, and of a catalogue data set."""
    import diabolo.data.folder as folder
    from diabolo.data.cache import locked, read_cache, write_cache

    sys.path.insert(0, str(Path(__file__).parents[2] / "tests" / "data"))
    from data_builders import tiny_entry, tiny_parts

    folder.MANY_FILES = 10
    dataset = folder.load_folder(inputs / "images", cache_folder=place)
    parts = tiny_parts()
    entry = tiny_entry(None, b"", parts)
    if read_cache(entry, place)[0] is None:
        with locked(entry, place):
            write_cache(entry, place, parts)
    return [dataset.digest, read_cache(entry, place)[1]]


def encode(inputs: Path, place: Path) -> Any:
    """Images as latents, in each of the formats."""
    from diabolo.use import Run
    from diabolo.use.encode_files import encode_files

    digests = {}
    for suffix in (".npz", ".npy", ".parquet"):
        done = encode_files(Run(inputs / "run"), [inputs / "images"], place / f"latents{suffix}", workers=1)
        digests[suffix] = [done.num_images, hashlib.sha256(done.target.read_bytes()).hexdigest()]
    return digests


def reconstruct(inputs: Path, place: Path) -> Any:
    """Images through the model, as PNG files."""
    from diabolo.use import Run
    from diabolo.use.files import reconstruct_files

    chosen = [inputs / "images" / f"{number}.png" for number in range(4)]  # the others would be written alike
    reconstruct_files(Run(inputs / "run"), chosen, place / "pictures", workers=1)
    return {path.name: hashlib.sha256(path.read_bytes()).hexdigest() for path in sorted(place.rglob("[!.]*.png"))}


def export(inputs: Path, place: Path) -> Any:
    """The weights as a file of their own, an ONNX model and a torch program."""
    from diabolo.api.export import export as write
    from diabolo.train import read_tensors

    write(inputs / "run", "safetensors", place / "model.safetensors")
    onnx = write(inputs / "run", "onnx", place / "model.onnx")
    program = write(inputs / "run", "torch", place / "model.pt2")
    names = sorted(read_tensors(place / "model.safetensors")[0])
    return [names, hashlib.sha256(onnx.file.read_bytes()).hexdigest(), program.difference.largest]


def export_keras(inputs: Path, place: Path) -> Any:
    """A `.keras` file; Keras itself, which writes it in a process of its own, is not disturbed."""
    from diabolo.api.export import export as write

    done = write(inputs / "run", "keras", place / "model.keras")
    with zipfile.ZipFile(done.file) as archive:
        return [sorted(archive.namelist()), done.difference.largest]


def problems(name: str, place: Path) -> list[str]:
    """What does not read whole after a fault."""
    found = run_problems(place / "run") if (place / "run").exists() else []
    for path in place.rglob("*.json"):
        if not path.name.startswith("."):
            try:
                json.loads(path.read_text())
            except ValueError as error:
                found.append(f"`{path.name}`: {error}")
    for suffix, read in _READERS.items():
        for path in place.rglob(f"*{suffix}"):
            if not path.name.startswith("."):
                try:
                    read(path)
                except Exception as error:  # whatever a library says of a file that it cannot read
                    found.append(f"`{path.name}`: {type(error).__name__}: {error}")
    return found


def _read_archive(path: Path) -> None:
    with zipfile.ZipFile(path) as archive:
        assert archive.testzip() is None


def _read_picture(path: Path) -> None:
    from PIL import Image

    with Image.open(path) as image:
        image.load()


def _read_parquet(path: Path) -> None:
    import pyarrow.parquet

    pyarrow.parquet.read_table(path)


def _read_onnx(path: Path) -> None:
    import onnx

    onnx.checker.check_model(onnx.load(path))


def _read_safetensors(path: Path) -> None:
    from diabolo.train import read_tensors

    read_tensors(path)


_READERS: dict[str, Callable[[Path], Any]] = {
    ".npz": _read_archive, ".pt2": _read_archive, ".keras": _read_archive, ".npy": np.load, ".png": _read_picture,
    ".parquet": _read_parquet, ".onnx": _read_onnx, ".safetensors": _read_safetensors,
}  # fmt: skip
"""How each kind of file is read whole."""
JOBS: dict[str, Job] = {
    "train": train, "cache": cache, "pictures": pictures, "encode": encode, "reconstruct": reconstruct,
    "export": export, "export-keras": export_keras,
}  # fmt: skip
