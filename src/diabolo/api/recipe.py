"""Which recipe a model is trained by: the one that is asked for, or the one of its record in the zoo."""

from collections.abc import Mapping
from typing import Any

from diabolo.train import Recipe, find_recipe
from diabolo.zoo import ZooModel

DEFAULT = "fast"
"""For every model that the zoo knows nothing better for."""


def choose_recipe(
    model: ZooModel | None, recipe: str | Recipe | None, settings: Mapping[str, Any]
) -> tuple[Recipe, tuple[str, ...]]:
    """The recipe with all settings, and a sentence where the zoo decided something.

    A recipe that is named stands for itself: the record's settings belong to the record's recipe. Settings alone change
    the record's.

    Args:
        model: the zoo's record; None for any other model.
        recipe: what the user named; None: nothing.
        settings: changes to it by name.

    Raises:
        RecipeError: there is no such recipe or choice, or a value is out of range.
    """
    if recipe is not None or model is None or not model.has_own_recipe:
        named = DEFAULT if recipe is None else recipe
        return (find_recipe(named) if isinstance(named, str) else named).with_settings(settings), ()
    chosen = find_recipe(model.recipe).with_settings({**model.settings, **settings})
    changed = f", changed by {', '.join(f'{name}={value}' for name, value in settings.items())}" if settings else ""
    note = (
        f"`{model.name}` is trained as its record in the zoo says: {model.recipe_text}{changed}; "
        "`--recipe` chooses another recipe, `--set` changes a choice"
    )
    return chosen, (note,)
