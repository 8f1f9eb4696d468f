"""`Job`: one training made ready (model, images, recipe, folder), new or to be resumed."""

import shlex
from collections.abc import Callable, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import numpy as np
import torch

from diabolo.data import Dataset, Progress, load_data, split_validation
from diabolo.errors import DiaboloError, RunError
from diabolo.model import AutoEncoder, build_model
from diabolo.notation import Spec
from diabolo.runs import RunFolder, RunRecord, command_line, current_machine, current_versions, free_folder
from diabolo.train import Recipe, TrainingImages, TrainingState, find_recipe, read_state, recipe_from_record
from diabolo.train.losses import loss_for
from diabolo.zoo.resolve import resolve


@dataclass(frozen=True, kw_only=True)
class Job:
    """All that a training needs."""

    model: AutoEncoder
    """With its initial weights, on its device."""
    dataset: Dataset
    """The images."""
    images: TrainingImages
    """Which of them are for what."""
    recipe: Recipe
    """Every training choice."""
    folder: RunFolder
    """Where the results go."""
    record: RunRecord
    """What `run.toml` will say."""
    resume: TrainingState | None = None
    """State to go on from."""


Report = Callable[[Progress], None]


def new_job(
    model: str | Spec | AutoEncoder,
    data: Any,
    *,
    recipe: str | Recipe = "fast",
    settings: Mapping[str, Any] | None = None,
    seed: int = 0,
    out: str | Path | None = None,
    name: str | None = None,
    device: str = "auto",
    data_options: Mapping[str, Any] | None = None,
    data_name: str | None = None,
    report: Report | None = None,
) -> Job:
    """Makes a new training ready; writes nothing.

    Args: as of `fit`; `data_name` is the name by which a resume finds the images, where `data` are already loaded.

    Raises:
        DiaboloError: anything does not fit: the line, the images, the recipe, an `out` that already holds a run.
    """
    chosen = (find_recipe(recipe) if isinstance(recipe, str) else recipe).with_settings(settings or {})
    where = _device(device)
    if isinstance(model, AutoEncoder):
        line, short = model.line or "", name or "model"
    else:
        named = resolve(model)
        line, short, model = str(named.spec), name or named.name, named.spec
    folder = RunFolder(path=Path(out)) if out is not None else _default_folder(short, chosen.name, seed)
    if folder.exists():
        raise RunError(
            f"`{folder.path}` already holds a run; choose another `--out`, "
            f"or go on with `diabolo train --resume {shlex.quote(str(folder.path))}`"
        )
    dataset = load_data(data, report=report, **(data_options or {}))
    if isinstance(model, AutoEncoder):
        needed = model.graph.input_shape
        if dataset.image_shape != needed:
            raise DiaboloError(f"the model takes {needed} images, and `{dataset.name}` has {dataset.image_shape}")
        built = model
    else:
        built = build_model(model, dataset.image_shape, seed=seed, initialisation=chosen.initialisation)
    loss_for(chosen.loss, built)  # refuses a line that the loss does not fit, before anything is written
    record = RunRecord(
        name=short,
        line=line,
        input_shape=dataset.image_shape,
        seed=seed,
        recipe={"name": chosen.name, **chosen.choices()},
        data=_data_table(data_name or data, dataset, chosen, data_options or {}),
        command=command_line(),
        threads=torch.get_num_threads(),
        device=_device_name(where),
        versions=current_versions(),
        machine=current_machine(),
        created=datetime.now().astimezone().isoformat(timespec="seconds"),
    )
    images = training_images(dataset, chosen)
    return Job(model=built.to(where), dataset=dataset, images=images, recipe=chosen, folder=folder, record=record)


def resumed_job(run: str | Path, *, report: Report | None = None) -> Job:
    """Makes an interrupted training ready to go on.

    Raises:
        RunError: there is no run, it is finished, its state is damaged, or its data are no longer the same bytes.
    """
    folder = RunFolder(path=Path(run))
    record = folder.record()
    if record.status == "finished":
        raise RunError(
            f"`{folder.path}` is finished; nothing is left to resume (`diabolo eval {folder.path}` shows it)"
        )
    state = read_state(folder.state_file) if folder.state_file.exists() else None
    recipe = recipe_from_record(record.recipe)
    dataset = load_recorded_data(folder, record, report=report)
    torch.set_num_threads(record.threads)  # another number adds in another order
    model = build_model(record.line, record.input_shape, seed=record.seed, initialisation=recipe.initialisation)
    return Job(
        model=model.to(_device(record.device.split(" ")[0])),
        dataset=dataset,
        images=training_images(dataset, recipe),
        recipe=recipe,
        folder=folder,
        record=record,
        resume=state,
    )


def load_recorded_data(folder: RunFolder, record: RunRecord, *, report: Report | None = None) -> Dataset:
    """The images that a run was trained on, proved by their digest.

    Raises:
        RunError: the same name now gives other images.
        DataError: they cannot be found.
    """
    options = {key: _tuple(record.data[key]) for key in ("size", "fit", "channels") if key in record.data}
    dataset = load_data(record.data["name"], report=report, **options)
    if dataset.digest != record.data["digest"]:
        raise RunError(
            f"`{folder.path}` was trained on other images: `{record.data['name']}` was {record.data['source']} with "
            f"digest {record.data['digest'][:19]}…, and is now {dataset.source} with {dataset.digest[:19]}…; "
            "bring the same images back, or train again in another folder"
        )
    return dataset


def training_images(dataset: Dataset, recipe: Recipe) -> TrainingImages:
    """Which images are trained on and which validate: by the recipe, and by the parts that the data set has."""
    everything = np.arange(len(dataset.train))
    if recipe.validation == "test":
        validation, train_indices, validation_indices = dataset.test, everything, np.arange(len(dataset.test))
    elif dataset.validation is not None:
        validation, train_indices = dataset.validation, everything
        validation_indices = np.arange(len(dataset.validation))
    else:
        validation = dataset.train
        train_indices, validation_indices = split_validation(len(dataset.train), fraction=recipe.validation_fraction)
    return TrainingImages(
        train=dataset.train,
        train_indices=train_indices,
        validation=validation,
        validation_indices=validation_indices,
    )


def _data_table(data: Any, dataset: Dataset, recipe: Recipe, options: Mapping[str, Any]) -> dict[str, Any]:
    images = training_images(dataset, recipe)
    named = str(data) if isinstance(data, str | Path) else dataset.name
    if Path(named).exists():
        named = str(Path(named).resolve())
    chosen = {
        key: list(value) if isinstance(value, tuple) else value for key, value in options.items() if value is not None
    }
    return {
        "name": named,
        "digest": dataset.digest,
        "source": dataset.source,
        "num_train": len(images.train_indices),
        "num_validation": len(images.validation_indices),
        "num_test": len(dataset.test),
        **chosen,
    }


def _tuple(value: Any) -> Any:
    return tuple(value) if isinstance(value, list) else value


def _default_folder(name: str, recipe: str, seed: int) -> RunFolder:
    return RunFolder(path=free_folder(Path("runs"), f"{name}-{recipe}-seed{seed}"))


def _device(name: str) -> torch.device:
    if name == "auto":
        name = "cuda" if torch.cuda.is_available() else "cpu"
    try:
        device = torch.device(name)
        torch.empty(1, device=device)
    except (RuntimeError, AssertionError) as error:
        raise DiaboloError(f"`device` (={name}) cannot be used here: {str(error).splitlines()[0]}") from None
    return device


def _device_name(device: torch.device) -> str:
    return f"cuda {torch.cuda.get_device_name(device)}" if device.type == "cuda" else device.type
