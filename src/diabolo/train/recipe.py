"""`Recipe`: every training choice, frozen; named ones lie in `recipes/`, one file each."""

import difflib
import importlib
import pkgutil
import typing
from collections.abc import Mapping
from dataclasses import asdict, dataclass, fields, replace
from functools import cache
from typing import Any, Literal, Self

from diabolo.errors import RecipeError


@dataclass(frozen=True, kw_only=True)
class Recipe:
    """How a model is trained. Two equal recipes, on equal data and seed, give equal weights on one machine."""

    name: str
    """Name of the recipe that this one started from."""
    epochs: int
    """Passes over the train images."""
    batch_size: int
    """Images a step; the last step of an epoch takes what is left."""
    optimiser: Literal["adam", "adam-keras", "adamw", "sgd"]
    """`adam-keras` adds its epsilon (1e-7) as Keras does; `adam` and `adamw` as torch does (1e-8)."""
    learning_rate: float
    """The highest learning rate of the schedule."""
    schedule: Literal["constant", "cosine", "one-cycle"]
    """How the learning rate goes over the steps."""
    warmup: float = 0.0
    """Share of all steps over which the learning rate rises to its highest; for `cosine` and `one-cycle`."""
    weight_decay: float = 0.0
    """Decoupled for `adamw`, added to the gradient for the others."""
    clip_norm: float = 0.0
    """Largest norm of the gradient; 0: not clipped."""
    loss: Literal["bce", "mse", "l1"]
    """Mean over pixel values of: binary cross-entropy, squared error, absolute error."""
    precision: Literal["float32", "bfloat16"] = "float32"
    """Of the training steps' arithmetic; weights and evaluation are always float32."""
    initialisation: Literal["glorot-uniform", "he-normal"] = "glorot-uniform"
    """Of the kernels."""
    validation: Literal["held-out", "test"]
    """Which images give val_loss: a part of the train images, or the test images, as the question does."""
    validation_fraction: float = 0.1
    """Share of the train images that is held out."""
    keep: Literal["best", "last"]
    """Which weights the run keeps: those of the epoch with the lowest val_loss, or the last."""
    num_train_eval: int = 5000
    """Train images on which the train loss is re-evaluated in evaluation mode after each epoch."""

    def __post_init__(self) -> None:
        hints = typing.get_type_hints(Recipe)
        for field in fields(self):
            allowed = typing.get_args(hints[field.name])
            value = getattr(self, field.name)
            if allowed and value not in allowed:
                raise RecipeError(f"`{field.name}` (={value}) must be one of {', '.join(map(str, allowed))}")
        for name, lowest, highest in _RANGES:
            value = getattr(self, name)
            if not lowest <= value <= highest:
                raise RecipeError(f"`{name}` (={value}) must be {lowest:g} to {highest:g}")

    def with_settings(self, settings: Mapping[str, Any]) -> Self:
        """This recipe with some choices changed; texts are read as the field's type.

        Raises:
            RecipeError: an unknown name (with 'did you mean'), a value of the wrong type or out of range.
        """
        hints = typing.get_type_hints(Recipe)
        changed = {}
        for name, value in settings.items():
            if name not in hints or name == "name":
                close = difflib.get_close_matches(name, hints, n=1)
                hint = f"did you mean `{close[0]}`?" if close else f"there are {', '.join(self.choices())}"
                raise RecipeError(f"a recipe has no choice `{name}`; {hint}")
            changed[name] = _read(name, value, hints[name])
        return replace(self, **changed)

    def choices(self) -> dict[str, Any]:
        """Every choice but the name."""
        return {name: value for name, value in asdict(self).items() if name != "name"}


_RANGES = (
    ("epochs", 1, 1_000_000),
    ("batch_size", 1, 1_000_000),
    ("learning_rate", 0.0, 1000.0),
    ("warmup", 0.0, 1.0),
    ("weight_decay", 0.0, 1000.0),
    ("clip_norm", 0.0, 1e9),
    ("validation_fraction", 0.0, 0.9),
    ("num_train_eval", 1, 10_000_000),
)


def _read(name: str, value: Any, kind: Any) -> Any:
    if kind not in (int, float):
        return value
    try:
        number = float(value)
        if kind is float:
            return number
        if number != int(number):
            raise ValueError
    except (TypeError, ValueError, OverflowError):
        what = "whole number" if kind is int else "number"
        raise RecipeError(f"`{name}` (={value}) must be a {what}") from None
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
    """A recipe from the table of a `run.toml`; raises `RecipeError` where it does not fit this version."""
    try:
        return Recipe(**values)
    except TypeError as error:
        raise RecipeError(f"the recipe of this run does not fit this version of diabolo: {error}") from None
