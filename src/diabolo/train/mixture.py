"""The `loss` of a recipe as text: a name, or a weighted sum of several, as `0.84*ms-ssim+0.16*l1`."""

import math
import re

from diabolo.errors import RecipeError

NAMES = ("bce", "mse", "l1", "psnr", "charbonnier", "ms-ssim")
"""Losses that a recipe may name; `losses.py` has one of each."""
_TERM = re.compile(r"\s*(?:([0-9]*\.?[0-9]+(?:e-?[0-9]+)?)\s*\*)?\s*([a-z][a-z0-9-]*)\s*")

Mixture = tuple[tuple[float, str], ...]
"""Weights and names of losses."""


def read_mixture(text: str) -> Mixture:
    """The terms of a loss, as written; a name alone has weight 1.

    Raises:
        RecipeError: an unknown name, the same name twice, or a weight that is not a positive number.
    """
    terms: list[tuple[float, str]] = []
    for part in text.split("+"):
        match = _TERM.fullmatch(part)
        if match is None or match[2] not in NAMES:
            raise RecipeError(
                f"`loss` (={text}) must be one of {', '.join(NAMES)}, or a weighted sum of them, as "
                "`0.84*ms-ssim+0.16*l1`"
            )
        weight = 1.0 if match[1] is None else float(match[1])
        if not 0 < weight < math.inf:
            raise RecipeError(f"`loss` (={text}) must be a sum with weights above 0; leave `{match[2]}` out")
        if match[2] in (name for _, name in terms):
            raise RecipeError(f"`loss` (={text}) must be a sum that names `{match[2]}` once; add its two weights")
        terms.append((weight, match[2]))
    return tuple(terms)


def print_mixture(mixture: Mixture) -> str:
    """The text that `read_mixture` reads back, without spaces and weights of 1."""
    return "+".join(name if weight == 1 else f"{weight!r}*{name}".replace("e+", "e") for weight, name in mixture)
