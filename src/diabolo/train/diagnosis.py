"""Why a loss became NaN or infinite, as far as the recipe and the weights tell."""

from collections.abc import Sequence

import torch

from diabolo.model import AutoEncoder
from diabolo.runs import EpochRow
from diabolo.train.recipe import Recipe

_USUAL_RATE = 0.01  # no optimiser here needs more on images, so nobody has to go down there in steps of ten


def likely_cause(model: AutoEncoder, recipe: Recipe, history: Sequence[EpochRow]) -> str:
    """One sentence: the likely cause and what to do."""
    broken = [name for name, value in model.named_parameters() if not bool(torch.isfinite(value).all())]
    normalised = any(node.kind in ("bn", "gn") for node in model.graph.layers)
    remedy = f"try `--set learning_rate={min(recipe.learning_rate / 10, _USUAL_RATE):g}`"
    if not recipe.clip_norm:
        remedy += " or `--set clip_norm=1`"
    where = f"`{broken[0]}` is no longer finite" if broken else "the weights are finite, the output is not"
    if recipe.precision == "bfloat16":
        return f"{where}: with bfloat16 a step may overflow; try `--set precision=float32`, then {remedy}"
    if recipe.loss != "bce" and not model.has_logits and not normalised:
        return (
            f"{where}: nothing bounds or normalises the output of this line, so a step that is too large grows without "
            f"limit; {remedy}, or end the decoder with `sigmoid`"
        )
    first = "" if history else " in the first epoch"
    return f"{where}: most likely the steps are too large{first} (learning rate {recipe.learning_rate:g}); {remedy}"
