"""`Recipe`: every training choice, frozen; named ones lie in `recipes/`, one file each."""

import difflib
import importlib
import pkgutil
import typing
from collections.abc import Mapping
from dataclasses import MISSING, asdict, dataclass, fields, replace
from functools import cache
from typing import Any, Literal, Self

from diabolo.errors import RecipeError
from diabolo.runs.loss_text import print_mixture, read_mixture


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How a model is trained. Two equal recipes, on equal data and seed, give equal weights on one machine."""

    name: str
    """Name of the recipe that this one started from."""
    epochs: int
    """Passes over the train images."""
    batch_size: int
    """Images a step; the last step of an epoch takes what is left."""
    optimiser: Literal["adam", "adam-keras", "adamw", "muon", "sgd"]
    """`adam-keras` adds its epsilon (1e-7) as Keras does; `adam` and `adamw` as torch does (1e-8). `muon` is for the
    kernels of convolutions and dense layers, but for those of a linear main path; all else has `adamw` with it."""
    learning_rate: float
    """The highest learning rate of the schedule."""
    schedule: Literal["constant", "cosine", "one-cycle"]
    """How the learning rate goes over the steps; see `optimiser.learning_rate`."""
    main_rate: float = 1.0
    """Factor of the learning rate for layers on the main path, which is what is left where every `res` is only its skip
    connection; 0 keeps them as they start, for an epoch of a line in closed form, or to train its branches alone."""
    warmup: float = 0.0
    """Share of all steps over which the learning rate rises to its highest; for `cosine` and `one-cycle`."""
    weight_decay: float = 0.0
    """Decoupled for `adamw`, `muon` and, as in Keras, `adam-keras`; added to the gradient for `adam` and `sgd`."""
    clip_norm: float = 0.0
    """Largest Euclidean norm of the whole gradient; 0: not clipped."""
    ema: float = 0.0
    """Decay of a moving average of the weights over the steps, which is what is validated, kept and tested; 0: none."""
    augment: Literal["none", "flip"] = "none"
    """What is done to the images of a training step: `flip` mirrors each left-right with probability one half."""
    loss: str
    """`bce`, `mse`, `l1`, `psnr`, `charbonnier`, `ms-ssim`, or a weighted sum, as `0.84*ms-ssim+0.16*l1`; see below."""
    precision: Literal["float32", "tf32", "bfloat16"] = "float32"
    """Of the training steps' arithmetic, `tf32` on CUDA only; weights and evaluation are always float32, and so are the
    sums of residual blocks."""
    initialisation: Literal["glorot-uniform", "he-normal", "torch-uniform", "pca"] = "glorot-uniform"
    """Of the kernels; `torch-uniform` is torch's. `pca`: computed from train images, so that a line starts as the best
    linear map of its blocks."""
    validation: Literal["held-out", "test"]
    """Which images give val_loss: a part of the train images, or the test images, as the question does."""
    validation_fraction: float = 0.1
    """Share of the train images that is held out, at least one image; where the data have no validation part."""
    keep: Literal["best", "last"]
    """Which weights the run keeps: those of the epoch with the lowest val_loss, or the last."""
    num_train_eval: int = 5000
    """Train images on which the train loss is re-evaluated in evaluation mode after each epoch."""

    def __post_init__(self) -> None:
        hints = typing.get_type_hints(Recipe)
        for field in fields(self):
            _check(field.name, getattr(self, field.name), hints[field.name])
        object.__setattr__(self, "loss", print_mixture(read_mixture(self.loss)))
        for name, lowest, highest in _RANGES:
            value = getattr(self, name)
            if not lowest <= value <= highest:
                raise RecipeError(f"`{name}` (={value}) must be {lowest:,} to {highest:,}")
        if self.validation == "test" and self.keep == "best":
            raise RecipeError(
                "`keep=best` with `validation=test` would choose weights by the test images, and test results would "
                "mean nothing; change one of them: `keep=last`, or `validation=held-out`"
            )

    def with_settings(self, settings: Mapping[str, Any]) -> Self:
        """This recipe with some choices changed; texts are read as the field's type.

        Raises:
            RecipeError: an unknown name (with 'did you mean'), a value of the wrong type or out of range.
        """
        hints = typing.get_type_hints(Recipe)
        changed = {}
        for name, value in settings.items():
            if name not in self.choices():
                close = difflib.get_close_matches(name, self.choices(), n=1)
                hint = f"did you mean `{close[0]}`?" if close else f"there are {', '.join(self.choices())}"
                raise RecipeError(f"a recipe has no choice `{name}`; {hint}")
            changed[name] = _read(name, value, hints[name])
        return replace(self, **changed)

    def idle_choices(self) -> tuple[str, ...]:
        """Choices that change nothing beside the others, each as a sentence for the user."""
        idle = []
        if self.warmup and self.schedule == "constant":
            idle.append(f"`warmup` (={self.warmup:g}) has no effect with `schedule=constant`")
        if self.validation == "test" and self.validation_fraction != Recipe.validation_fraction:
            idle.append(f"`validation_fraction` (={self.validation_fraction:g}) has no effect with `validation=test`")
        return tuple(idle)

    def choices(self) -> dict[str, Any]:
        """Every choice but the name."""
        return {name: value for name, value in asdict(self).items() if name != "name"}


def default_choices() -> dict[str, Any]:
    """The choices that have a default, with it: what a run from before a choice existed was trained with."""
    return {field.name: field.default for field in fields(Recipe) if field.default is not MISSING}


_TYPE_NAMES: dict[Any, str] = {int: "whole number", float: "number", str: "text"}
_RANGES = (
    ("epochs", 1, 1_000_000),
    ("batch_size", 1, 1_000_000),
    ("learning_rate", 0, 1_000_000_000),
    ("main_rate", 0, 1000),
    ("warmup", 0, 1),
    ("weight_decay", 0, 1000),
    ("clip_norm", 0, 1_000_000_000),
    ("ema", 0, 0.999_999),
    ("validation_fraction", 0, 0.9),
    ("num_train_eval", 1, 10_000_000),
)


def _check(name: str, value: Any, kind: Any) -> None:
    """Refuses a value of another type or, for words, one that is not allowed."""
    allowed = typing.get_args(kind)
    if allowed:
        if value not in allowed:
            raise RecipeError(f"`{name}` (={value}) must be one of {', '.join(map(str, allowed))}")
        return
    expected = (int, float) if kind is float else kind
    if not isinstance(value, expected) or isinstance(value, bool):
        raise RecipeError(f"`{name}` (={value!r}) must be a {_TYPE_NAMES[kind]}")


def _read(name: str, value: Any, kind: Any) -> Any:
    """A text or number as the type of its field; words as they are."""
    if kind not in (int, float) or isinstance(value, bool):
        return value
    try:
        number = float(value)
        if kind is float:
            return number
        if number != int(number):
            raise ValueError
    except (TypeError, ValueError, OverflowError):
        raise RecipeError(f"`{name}` (={value}) must be a {_TYPE_NAMES[kind]}") from None
    return int(number)


@cache
def all_recipes() -> dict[str, Recipe]:
    """Every named recipe."""
    from diabolo.train import recipes as folder

    found: dict[str, Recipe] = {}
    for module in pkgutil.iter_modules(folder.__path__):
        recipe: Recipe = importlib.import_module(f"{folder.__name__}.{module.name}").RECIPE
        assert recipe.name not in found, f"two recipes are called {recipe.name}"
        found[recipe.name] = recipe
    return found


def find_recipe(name: str) -> Recipe:
    """The recipe of that name; raises `RecipeError` with the likeliest where there is none."""
    if name in all_recipes():
        return all_recipes()[name]
    close = difflib.get_close_matches(name, all_recipes(), n=1)
    hint = f"did you mean `{close[0]}`?" if close else f"there are {', '.join(all_recipes())}"
    raise RecipeError(f"no recipe `{name}`; {hint}")


def recipe_from_record(values: Mapping[str, Any]) -> Recipe:
    """A recipe from the table of a `run.toml`.

    Raises:
        RecipeError: a choice is missing, unknown to this version, or out of range.
    """
    known = {field.name for field in fields(Recipe)}
    required = {field.name for field in fields(Recipe) if field.default is MISSING}
    for problem, names in (("lacks", required - values.keys()), ("has an unknown", values.keys() - known)):
        if names:
            listed = ", ".join(f"`{name}`" for name in sorted(names))
            raise RecipeError(f"the recipe in this run's `run.toml` {problem} {listed}; was it edited?")
    return Recipe(**values)
