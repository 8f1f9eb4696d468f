"""`import_model`: a model that another program trained, as a run that every command takes."""

import hashlib
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path

import numpy as np
import torch

from diabolo.errors import DiaboloError, RunError
from diabolo.graph import CIFAR_SHAPE, build_graph
from diabolo.interop.keras.read_model import ImportedModel, read_keras_model
from diabolo.interop.state_dict import fit_state_dict, read_description, read_map, read_state_dict
from diabolo.model import AutoEncoder, build_model
from diabolo.runs import (
    RunFolder,
    RunRecord,
    command_line,
    current_machine,
    current_versions,
    free_folder,
    write_record,
)
from diabolo.train import find_recipe, load_weights, write_weights
from diabolo.use import Run
from diabolo.vocabulary import Shape
from diabolo.zoo.resolve import resolve

KERAS_SUFFIXES = (".keras", ".h5", ".hdf5")
TORCH_SUFFIXES = (".safetensors", ".pt", ".pth", ".bin")


@dataclass(frozen=True, kw_only=True)
class Imported:
    """What an import made."""

    run: Run
    """The run, with status `imported`."""
    notes: tuple[str, ...] = ()
    """What a user must know of it."""


def import_model(
    file: str | Path,
    out: str | Path | None = None,
    *,
    line: str | None = None,
    config: str | Path | None = None,
    map: str | Path | None = None,
    input_shape: Shape | None = None,
    waist: str | None = None,
) -> Imported:
    """Makes a run of a Keras model, or of a torch state dict and a line. Nothing in the file is executed.

    Args:
        file: `.keras`; `.h5` of a whole Keras model, or of weights with `config`; `.safetensors`, `.pt` or `.pth` of a
            torch state dict with `line`; `.safetensors` of `export`.
        out: the run folder; by default `runs/<name of the file>`, numbered where it exists.
        line: for a state dict: the zoo name or line that its weights belong to; our own safetensors files say it.
        config: for Keras weights alone: `.json`, `.keras` or `.h5` that describes the model.
        map: for a state dict: a JSON file that says which of its tensors is which of the line's.
        input_shape: (height, width, channels) of the images, where the file does not say it.
        waist: for Keras: the layer that gives the latent, where the model does not show it.

    Raises:
        DataError: a file cannot be read.
        DiaboloError: a layer has no counterpart on the line, or the weights do not fit it.
        RunError: `out` holds a run.
        OutputError: the run folder cannot be written.
    """
    source = Path(file).expanduser()
    if not source.is_file():
        raise DiaboloError(f"there is no file `{source}`")
    given = {"line": line, "map": map, "config": config, "waist": waist}
    if source.suffix in KERAS_SUFFIXES:
        _refuse(source, given, ("line", "map"))
        found = read_keras_model(
            source, config=None if config is None else Path(config).expanduser(), input_shape=input_shape, waist=waist
        )
        model, notes = _with_weights(found), found.notes
    elif source.suffix in TORCH_SUFFIXES:
        _refuse(source, given, ("config", "waist"))
        model, notes = _from_state_dict(source, line, map, input_shape)
    else:
        listed = ", ".join((*KERAS_SUFFIXES, *TORCH_SUFFIXES))
        raise DiaboloError(f"`{source}`: what can be imported ends in {listed}")
    folder = RunFolder(path=free_folder(Path("runs"), source.stem) if out is None else Path(out).expanduser())
    if folder.exists():
        raise RunError(f"`{folder.path}` already holds a run; choose another `--out`")
    _write(folder, model, source)
    return Imported(run=Run(folder.path), notes=notes)


def _refuse(source: Path, given: Mapping[str, object], names: tuple[str, ...]) -> None:
    for name in names:
        if given[name] is not None:
            other = "torch state dicts" if source.suffix in KERAS_SUFFIXES else "Keras models"
            raise DiaboloError(f"`{name}` (={given[name]}) is for {other}, and `{source}` is none; leave it out")


def _with_weights(found: ImportedModel) -> AutoEncoder:
    model = build_model(found.graph.line or "", found.graph.input_shape)
    tensors = {f"layers.{name}": torch.from_numpy(np.array(array)) for name, array in found.weights.items()}
    load_weights(model, {**model.state_dict(), **tensors})
    return model.eval()


def _from_state_dict(
    source: Path, line: str | None, map: str | Path | None, input_shape: Shape | None
) -> tuple[AutoEncoder, tuple[str, ...]]:
    described, size = read_description(source)
    if line is None and described is None:
        raise DiaboloError(f"`{source}` holds weights without a model; say which line they belong to: `--line LINE`")
    named = resolve(line or str(described))
    graph = build_graph(named.spec, input_shape or named.input_shape or size or CIFAR_SHAPE)
    model = build_model(graph.line or "", graph.input_shape)
    tensors = read_state_dict(source)
    arrays, chosen = fit_state_dict(model, tensors, None if map is None else read_map(Path(map).expanduser()))
    kept = ImportedModel(graph=graph, weights=arrays)
    notes = [f"{len(chosen)} tensors, the first `{next(iter(chosen.values()))}` as `{next(iter(chosen))}`"]
    if line is None:
        return _with_weights(kept), ()
    if any(node.kind == "bn" and node.attributes["eps"] == 0.001 for node in graph.layers):
        notes.append("`bn` has Keras's eps of 0.001; torch's own is 1e-5: write `bn[eps=1e-05 momentum=0.9]` for that")
    notes.append("a state dict does not say how layers pad or what stands between them: look at some reconstructions")
    return _with_weights(kept), tuple(notes)


def _write(folder: RunFolder, model: AutoEncoder, source: Path) -> None:
    recipe = find_recipe("fast")
    if not model.has_logits and recipe.loss == "bce":
        recipe = recipe.with_settings({"loss": "mse"})
    line = model.line or ""
    with source.open("rb") as file:
        digest = hashlib.file_digest(file, "sha256").hexdigest()
    record = RunRecord(
        name=source.stem.removesuffix(".weights"),
        line=line,
        input_shape=model.graph.input_shape,  # type: ignore[arg-type]  # three numbers, as the graph has checked
        seed=0,
        recipe={"name": recipe.name, **recipe.choices()},
        data={"name": "unknown", "digest": "", "source": f"imported from {source.name}, sha256 {digest}"},
        command=command_line(),
        threads=torch.get_num_threads(),
        device="cpu",
        engine=model.engine,
        status="imported",
        versions=current_versions(),
        machine=current_machine(),
        created=datetime.now().astimezone().isoformat(timespec="seconds"),
    )
    with folder.writing():
        if folder.exists():
            raise RunError(f"`{folder.path}` holds a run that was made meanwhile; choose another `--out`")
        write_weights(folder.model_file, model, line)
        write_record(folder.record_file, record)  # last: a folder without it is no run
