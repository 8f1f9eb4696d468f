"""The `loss` of a recipe as text: a name, or a weighted sum as `0.84*ms-ssim+0.16*l1`; what it is called, and its unit.

Here and not beside the functions, so that old runs are read without torch.
"""

import math
import re
from dataclasses import dataclass

from diabolo.errors import RecipeError


@dataclass(frozen=True, kw_only=True)
class LossName:
    """What is known of a loss without computing it."""

    name: str
    """Name in a recipe."""
    title: str
    """Name on figures and in sentences."""
    unit: str
    """Of its value."""


LOSS_NAMES = {
    one.name: one
    for one in (
        LossName(name="bce", title="binary cross-entropy", unit="nats a pixel value"),
        LossName(name="mse", title="mean squared error", unit="squared pixel range"),
        LossName(name="l1", title="mean absolute error", unit="pixel range"),
        LossName(name="psnr", title="minus the PSNR", unit="dB"),
        LossName(name="charbonnier", title="Charbonnier loss", unit="pixel range"),
        LossName(name="ms-ssim", title="1 - MS-SSIM", unit="similarity, 0 to 1"),
    )
}
"""Every loss by its name in a recipe; `train/losses.py` has the function of each."""
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
        if match is None or match[2] not in LOSS_NAMES:
            raise RecipeError(
                f"`loss` (={text}) must be one of {', '.join(LOSS_NAMES)}, or a weighted sum of them, as "
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


def describe_loss(text: str) -> LossName:
    """Title and unit of a loss; of a sum those of its terms with their weights.

    Raises:
        RecipeError: as of `read_mixture`.
    """
    terms = read_mixture(text)
    if len(terms) == 1 and terms[0][0] == 1:
        return LOSS_NAMES[terms[0][1]]
    return LossName(
        name=text,
        title=" + ".join(f"{weight:g} × {LOSS_NAMES[name].title}" for weight, name in terms),
        unit=" + ".join(f"{weight:g} × {LOSS_NAMES[name].unit}" for weight, name in terms),
    )


def known_loss(text: str) -> LossName | None:
    """The same for what stands in a file; None where it is no loss of this version."""
    try:
        return describe_loss(text)
    except RecipeError:
        return None
