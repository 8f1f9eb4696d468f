"""`Job`: one training made ready (model, images, recipe, folder), new or to be resumed."""

import shlex
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

import torch

from diabolo.api.engine import describe_engine, pick_engine, precision_notes
from diabolo.api.recipe import choose_recipe
from diabolo.api.recorded_data import data_table, load_recorded_data, training_images
from diabolo.api.start import build_for
from diabolo.data import Dataset, load_data
from diabolo.data.dataset import Report
from diabolo.errors import DiaboloError, RunError
from diabolo.kernels import find_library
from diabolo.model import AutoEncoder, build_model
from diabolo.model.device import choose_device, device_of
from diabolo.notation import Spec
from diabolo.runs import RunFolder, RunRecord, command_line, current_machine, current_versions, free_folder
from diabolo.train import (
    Recipe,
    TrainingImages,
    TrainingState,
    check_training,
    read_state,
    read_tensors,
    recipe_from_record,
)
from diabolo.vocabulary import describe
from diabolo.zoo import ZooModel
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
    notes: tuple[str, ...] = ()
    """Lines that a command must show, beside those of the data set."""
    resume: TrainingState | None = None
    """State to go on from."""

    @property
    def engine(self) -> str:
        """One line for the log: what computes, where and how."""
        device = device_of(self.model)
        return describe_engine(self.model.engine, device, self.recipe.precision)


def new_job(
    model: str | Spec | AutoEncoder,
    data: Any,
    *,
    recipe: str | Recipe | None = None,
    settings: Mapping[str, Any] | None = None,
    seed: int = 0,
    out: str | Path | None = None,
    name: str | None = None,
    device: str = "auto",
    engine: str | None = None,
    data_options: Mapping[str, Any] | None = None,
    data_name: str | None = None,
    report: Report | None = None,
) -> Job:
    """Makes a new training ready; writes nothing.

    Args: as of `fit`; `data_name` is the name by which a resume finds the images, where `data` are already loaded.

    Raises:
        DiaboloError: anything does not fit: the line, the images, the recipe, an `out` that already holds a run.
    """
    short, spec, zoo_model = _named(model, name)
    chosen, of_record = choose_recipe(zoo_model, recipe, settings or {})
    where = choose_device(device)
    picked, notes = pick_engine(engine, where, chosen.precision)
    folder = _default_folder(short, chosen.name, seed) if out is None else RunFolder(path=Path(out).expanduser())
    if folder.exists():
        raise RunError(
            f"`{folder.path}` already holds a run; choose another `--out`, "
            f"or go on with `diabolo train --resume {shlex.quote(str(folder.path))}`"
        )
    dataset = load_data(data, report=report, **(data_options or {}))
    if isinstance(model, AutoEncoder):
        built = model
        check_image_shape(dataset, model.graph.input_shape)
        notes = _of_built(model, engine, chosen)
        images = training_images(dataset, chosen)
    else:
        images = training_images(dataset, chosen)
        built = build_for(spec, dataset, images, chosen, seed=seed, engine=picked)
    check_training(built, images, chosen)
    record = RunRecord(
        name=short,
        line=built.line or "",
        input_shape=dataset.image_shape,
        seed=seed,
        recipe={"name": chosen.name, **chosen.choices()},
        data=data_table(data_name or data, dataset, images, data_options or {}),
        command=command_line(),
        threads=torch.get_num_threads(),
        device=_device_name(where),
        engine=built.engine,
        versions=current_versions(),
        machine={**current_machine(), **_instructions(built.engine)},
        created=datetime.now().astimezone().isoformat(timespec="seconds"),
    )
    return Job(
        model=built.to(where),
        dataset=dataset,
        images=images,
        recipe=chosen,
        folder=folder,
        record=record,
        notes=(*of_record, *chosen.idle_choices(), *notes, *precision_notes(chosen.precision, where)),
    )


def resumed_job(run: str | Path, *, data: Any = None, report: Report | None = None) -> Job:
    """Makes an interrupted training ready to go on; writes nothing.

    Args:
        run: the folder; it may have been moved.
        data: the images, where they were only in memory or lie elsewhere now; they must be the same.
        report: reader of progress.

    Raises:
        RunError: there is no run, it is finished, its state or weights are damaged, or its data are no longer the same
            bytes.
        DataError: the images cannot be found.
    """
    folder = RunFolder(path=Path(run).expanduser())
    record = folder.record()
    if record.status == "finished":
        quoted = shlex.quote(str(folder.path))
        raise RunError(f"`{folder.path}` is finished; nothing is left to resume (`diabolo eval {quoted}` shows it)")
    if record.status == "imported":
        quoted = shlex.quote(str(folder.path))
        raise RunError(
            f"`{folder.path}` was imported, so there is no training of diabolo's to resume; start one from its weights "
            f"with `diabolo train --from {quoted} --data DATA`"
        )
    recipe = recipe_from_record(record.recipe)
    state = read_state(folder.state_file)
    state.check_same(record.line, record.seed, {"name": recipe.name, **recipe.choices()})
    if state.progress.epoch:
        read_tensors(folder.model_file)  # kept weights that are damaged are found now, not after the last epoch
    dataset = load_recorded_data(folder, record, data=data, report=report)
    images = training_images(dataset, recipe)
    engine = "plain" if find_library() is None else record.engine
    model = build_model(record.line, record.input_shape, engine=engine)  # the state has its weights
    return Job(
        model=model.to(choose_device(record.device.split(" ")[0])),
        dataset=dataset,
        images=images,
        recipe=recipe,
        folder=folder,
        record=record,
        notes=_changes(record, model.engine),
        resume=state,
    )


def check_image_shape(dataset: Dataset, needed: tuple[int, ...]) -> None:
    """Sees that images have the size and channels of a model.

    Raises:
        DiaboloError: they have not.
    """
    if dataset.image_shape != needed:
        raise DiaboloError(
            f"`{dataset.name}` has images of {describe(dataset.image_shape)}, and the model takes {describe(needed)}; "
            f"bring them to that size with `--size {needed[0]}x{needed[1]} --fit crop --channels {needed[2]}`"
        )


def _named(model: str | Spec | AutoEncoder, name: str | None) -> tuple[str, Spec, ZooModel | None]:
    """Short name and spec of what the user calls the model, and the zoo's record of it."""
    if not isinstance(model, AutoEncoder):
        named = resolve(model)
        return name or named.name, named.spec, named.record
    if model.line is None:
        raise DiaboloError("this model has no line, and a run is loaded by its line; build it with `diabolo.build`")
    return name or "model", resolve(model.line).spec, None


def _of_built(model: AutoEncoder, engine: str | None, recipe: Recipe) -> tuple[str, ...]:
    """Notes where something is asked for that a model has already."""
    notes: tuple[str, ...] = ()
    if recipe.initialisation == "pca":
        notes = (
            "`initialisation` (=pca) has no effect on a model that is built already: it starts from the weights that "
            "it has; pass its line instead",
        )
    if engine is None or engine == model.engine or (engine == "auto" and model.engine == "fused"):
        return notes
    return (
        *notes,
        f"`engine` (={engine}) has no effect on a model that is built already: it runs on {model.engine}; build it "
        f"with `diabolo.build(…, engine={engine!r})`",
    )


def _changes(record: RunRecord, engine: str) -> tuple[str, ...]:
    """What a user must know of a resume."""
    notes = []
    if record.status == "diverged":
        notes.append(
            "this training diverged, and from the same state it will diverge again; "
            "start another run with a smaller `learning_rate`, or with `clip_norm=1`"
        )
    now = current_versions()
    changed = [name for name, version in record.versions.items() if now.get(name, version) != version]
    if changed:
        listed = ", ".join(f"{name} {record.versions[name]} (now {now[name]})" for name in changed)
        notes.append(f"the run was started with {listed}; results may differ in their last digits")
    if engine != record.engine:
        notes.append(
            f"the run was started with the {record.engine} engine, which is not there now; it goes on with the "
            f"{engine} one, and results may differ in their last digits"
        )
    recorded, here = record.machine.get("instructions"), _instructions(engine).get("instructions")
    if recorded and here and recorded != here:
        notes.append(
            f"the run was started with {recorded} instructions, and goes on with {here}; results may differ in their "
            f"last digits (`DIABOLO_ISA={recorded}` asks for the same, where the processor has them)"
        )
    return tuple(notes)


def _instructions(engine: str) -> dict[str, str]:
    """The instruction set of the native stages, on which the last digits depend; nothing for another engine."""
    library = find_library() if engine == "fused" else None
    return {} if library is None else {"instructions": library.level}


def _default_folder(name: str, recipe: str, seed: int) -> RunFolder:
    return RunFolder(path=free_folder(Path("runs"), f"{name}-{recipe}-seed{seed}"))


def _device_name(device: torch.device) -> str:
    return f"cuda {torch.cuda.get_device_name(device)}" if device.type == "cuda" else device.type
