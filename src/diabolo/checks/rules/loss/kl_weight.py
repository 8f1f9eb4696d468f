"""AE407: the KL term and the reconstruction term are reduced differently, so their balance is off by the pixels."""

from collections.abc import Iterator
from typing import Literal

from diabolo.checks.finding import Finding
from diabolo.checks.rule import Example, Rule
from diabolo.checks.rules.loss.shared import KL_MEAN, KL_SUM, VAE
from diabolo.checks.subject import LossTerm, Subject

Scale = Literal["mean", "sum", "image-sum"]
_PIXELWISE = frozenset({"bce", "bce-logits", "mse", "mae", "huber"})
_PLAIN = (0.5, 2.0)
"""Weights that are no correction for the number of values."""


def _check(subject: Subject) -> Iterator[Finding]:
    for training in subject.trainings:
        terms = [term for term in training.losses if term.is_used and _is_plain(term)]
        divergences = [term for term in terms if term.kind == "kl"]
        pixelwise = [term for term in terms if term.kind in _PIXELWISE]
        if len(divergences) != 1 or len(pixelwise) != 1:
            continue
        message = _imbalance(pixelwise[0], divergences[0])
        if message:
            yield RULE.finding(
                message,
                place=divergences[0].place,
                model=training.graph,
                remedy=(
                    "Sum both over an image and take the mean over the batch, or write the weight down that makes up "
                    "for the difference."
                ),
            )


def _is_plain(term: LossTerm) -> bool:
    """Whether nothing beside the reduction scales a term."""
    if term.num_values not in (None, 1):
        return False
    return term.weight is not None and _PLAIN[0] <= abs(term.weight) <= _PLAIN[1]


def _imbalance(pixelwise: LossTerm, divergence: LossTerm) -> str:
    pair = pixelwise.reduction, divergence.reduction
    if pair in (("mean", "sum"), ("mean", "image-sum")):
        return (
            f"the reconstruction term `{_text(pixelwise)}` is a mean over pixels and the KL term a sum over the "
            "latent: "
            "KL weighs more by the number of pixels, and the latent collapses to the prior"
        )
    if pair in (("sum", "mean"), ("image-sum", "mean")):
        return (
            f"the reconstruction term `{_text(pixelwise)}` is a sum over pixels and the KL term a mean over the "
            "latent: "
            "KL weighs next to nothing, and what is drawn from the prior looks like no image"
        )
    return ""


def _text(term: LossTerm) -> str:
    return term.text or term.kind


RULE = Rule(
    code="AE407",
    name="kl-weight",
    severity="warning",
    summary="the KL term and the reconstruction are reduced differently",
    why=(
        "The bound that a VAE maximises is a sum over an image's pixels and a sum over its latent values. A mean over "
        "pixels divides the one by the number of pixels (3,072 for CIFAR-10), which is the same as a β of 3,072: the "
        "KL term wins, the encoder says nothing, and every reconstruction is the mean image "
        "([AppliedDataSciencePartners/WorldModels#12]"
        "(https://github.com/AppliedDataSciencePartners/WorldModels/issues/12)). "
        "The other way round the prior is ignored. A weight that is written down as anything but about 1, or is not "
        "known, is taken as a choice."
    ),
    remedy="Reduce both in the same way: `sum` over an image, then `mean` over the batch.",
    fires=(
        Example(code=VAE.format(reduction="mean", kl=KL_SUM, weight=""), says="KL is 784 times too heavy"),
        Example(code=VAE.format(reduction="sum", kl=KL_MEAN, weight=""), says="KL is next to nothing"),
    ),
    clean=(
        Example(code=VAE.format(reduction="sum", kl=KL_SUM, weight="")),
        Example(code=VAE.format(reduction="mean", kl=KL_MEAN, weight="0.00025 * "), says="a weight that was chosen"),
    ),
    check=_check,
)
