"""`TrainingState`: all that an exact resume needs, as one safetensors file."""

from collections.abc import Mapping
from dataclasses import asdict, dataclass, field
from pathlib import Path
from typing import Any

import torch
from torch import Tensor, nn

from diabolo.errors import RunError
from diabolo.runs import EpochRow, row_from_dict
from diabolo.train.recipe import default_choices
from diabolo.train.tensor_file import read_tensors, write_tensors
from diabolo.train.update import Optimiser

FORMAT = 1
"""Version of the state file."""


@dataclass(frozen=True, kw_only=True)
class Progress:
    """Where training is, in numbers."""

    epoch: int = 0
    """Whole epochs done."""
    step: int = 0
    """Steps of the next epoch done."""
    loss_sum: float = 0.0
    """Sum over those steps of loss × images."""
    num_seen: int = 0
    """Images of those steps."""
    seconds: float = 0.0
    """Time of those steps."""
    best_loss: float = float("inf")
    """Lowest val_loss so far."""
    best_epoch: int = 0
    """Its epoch."""


@dataclass(frozen=True, kw_only=True)
class TrainingState:
    """A snapshot between two steps."""

    progress: Progress
    """Where training is."""
    history: tuple[EpochRow, ...]
    """Rows of the whole epochs."""
    tensors: dict[str, Tensor] = field(repr=False)
    """`model.*`: parameters and moving statistics; `optimiser.*`: its state by parameter name; `average.*`: the moving
    averages of the former, where the recipe has `ema`."""
    line: str
    """The model's canonical line."""
    seed: int
    """Of batch order and noise."""
    recipe: Mapping[str, Any]
    """Every training choice by name."""

    def check_same(self, line: str, seed: int, recipe: Mapping[str, Any]) -> None:
        """Sees that training goes on as it began.

        Raises:
            RunError: the line, the seed or a choice of the recipe is another one.
        """
        then = {"line": self.line, "seed": self.seed, **default_choices(), **self.recipe}
        now = {"line": line, "seed": seed, **recipe}
        for name in then | now:
            if then.get(name) != now.get(name):
                raise RunError(
                    f"training cannot go on as it began: `{name}` was {then.get(name)!r} and is now "
                    f"{now.get(name)!r}; put it back in `run.toml`, or start another run"
                )


def take_tensors(model: nn.Module, optimiser: Optimiser, average: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """Copies of all tensors of a model, its optimiser and the moving averages of its weights, by name."""
    tensors = {f"model.{name}": value for name, value in model.state_dict().items()}
    tensors.update({f"average.{name}": value for name, value in average.items()})
    names = {id(parameter): name for name, parameter in model.named_parameters()}
    for parameter, values in optimiser.state.items():
        for key, value in values.items():
            if isinstance(value, Tensor):
                tensors[f"optimiser.{names[id(parameter)]}.{key}"] = value
    return {name: value.detach().to("cpu", copy=True).contiguous() for name, value in tensors.items()}


def put_tensors(model: nn.Module, optimiser: Optimiser, tensors: dict[str, Tensor]) -> None:
    """Puts copies back; layouts in memory stay those of the model, since kernels are chosen by them."""
    load_weights(model, {name[6:]: value for name, value in tensors.items() if name.startswith("model.")})
    for name, parameter in model.named_parameters():
        prefix = f"optimiser.{name}."
        kept = {key[len(prefix) :]: value for key, value in tensors.items() if key.startswith(prefix)}
        if kept:
            optimiser.state[parameter] = {key: _like(parameter, value) for key, value in kept.items()}


def taken_average(tensors: Mapping[str, Tensor]) -> dict[str, Tensor]:
    """The moving averages among the tensors of a state, by the names of the model's tensors."""
    return {name.removeprefix("average."): value for name, value in tensors.items() if name.startswith("average.")}


def load_weights(model: nn.Module, weights: dict[str, Tensor]) -> None:
    """Copies weights into a model in place; raises `RunError` where names or shapes differ."""
    try:
        model.load_state_dict(weights, strict=True)
    except RuntimeError as error:
        raise RunError(f"the weights do not belong to this line: {str(error).splitlines()[-1].strip()}") from None


def _like(parameter: Tensor, value: Tensor) -> Tensor:
    if value.shape != parameter.shape:
        return value.to(parameter.device, copy=True)
    return torch.empty_like(parameter).copy_(value)


def write_state(target: Path, state: TrainingState) -> None:
    """Writes `state.safetensors` atomically; raises `OutputError` where it cannot."""
    content = {
        "format": FORMAT,
        "line": state.line,
        "seed": state.seed,
        "recipe": dict(state.recipe),
        "progress": asdict(state.progress),
        "history": [asdict(row) for row in state.history],
    }
    write_tensors(target, state.tensors, content)


def read_state(source: Path) -> TrainingState:
    """Reads `state.safetensors`.

    Raises:
        RunError: it is missing, truncated, damaged, or of another version.
    """
    tensors, content = read_tensors(source)
    if content.get("format") != FORMAT:
        raise RunError(
            f"`{source}` has format {content.get('format')}, and this diabolo reads format {FORMAT}; "
            "use the version that wrote it, or train again"
        )
    try:
        return TrainingState(
            progress=Progress(**content["progress"]),
            history=tuple(row_from_dict(row) for row in content["history"]),
            tensors=tensors,
            line=content["line"],
            seed=content["seed"],
            recipe=content["recipe"],
        )
    except (KeyError, TypeError, ValueError) as error:
        raise RunError(f"`{source}` is damaged ({error}); train again in another folder") from None


def write_weights(target: Path, model: nn.Module, line: str) -> None:
    """Writes `model.safetensors` atomically; the metadata carry the line. Raises `OutputError` where it cannot."""
    write_tensors(target, model.state_dict(), {"format": FORMAT, "line": line})
