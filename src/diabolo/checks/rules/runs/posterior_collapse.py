"""AE707: channels of a variational latent that are the prior whatever the image is."""

import math
from collections.abc import Iterator

from diabolo.checks.finding import Finding
from diabolo.checks.naming import called
from diabolo.checks.rule import Example, Rule
from diabolo.checks.rules.runs.shared import VARIATIONAL, on_images, sound
from diabolo.checks.subject import Subject

_SILENT = 0.01
"""Nats an image."""
_MANY = 0.5
_TWO_IMAGES = math.log(2)
"""Nats that it takes to tell two images apart; what a latent tells of the image is at most its KL divergence."""


def _check(subject: Subject) -> Iterator[Finding]:
    activity, graph = subject.activity, subject.graph("")
    if activity is None or graph is None or not activity.kl:
        return
    total, silent = len(activity.kl), sum(value < _SILENT for value in activity.kl)
    whole = sum(activity.kl)
    if silent < _MANY * total and whole >= _TWO_IMAGES:
        return
    node = graph[graph.latent]
    if silent >= _MANY * total:
        how_many = f"all {total} channels" if silent == total else f"{silent} of the {total} channels"
        message = (
            f"{how_many} of the latent ({called(node)}) are the prior whatever the image is: their KL divergence is "
            f"below {_SILENT:g} nats an image"
        )
    else:
        message = (
            f"the latent ({called(node)}) says nothing of the image: its KL divergence is {whole:.2g} nats an image in "
            f"all, and to tell two images apart takes {_TWO_IMAGES:.2f}"
        )
    yield RULE.finding(
        f"{message} ({on_images(activity)})",
        place=node.place,
        node=node.name,
        model=graph.name,
        severity=None if whole < _TWO_IMAGES or silent > 0.9 * total else "note",
        remedy="Lower `beta` (1 is the evidence bound), let it rise from 0 at the start, or take fewer channels.",
    )


RULE = Rule(
    code="AE707",
    name="posterior-collapse",
    severity="warning",
    summary="a variational latent that says nothing",
    why=(
        "Where the KL term weighs more than what a channel is worth for the reconstruction, the encoder gives the "
        "prior for every image, and the decoder learns to do without. A KL summed over the latent beside an error "
        "that is a mean over pixels is the usual cause: its weight is then off by the number of pixels. Measured with "
        "32 channels on the sample of CIFAR-10, ten epochs: at the evidence bound each channel carries 0.09 nats or "
        "more (mean squared error 0.0172); with 30 times its weight the weakest carry 0.003 (0.0375); with 1,000 "
        "times its weight all carry nothing, and every image comes out as the same picture (0.0617)."
    ),
    remedy=(
        "On our line `gaussian32[beta=1]` is the evidence bound: the division by the image's values is done inside. "
        "Lower `beta`, or let it rise from 0 while the decoder learns."
    ),
    fires=(
        Example(line=VARIATIONAL, activity=sound(kl=(0.0002,) * 8, latent_deviation=(0.003,) * 8)),
        Example(line=VARIATIONAL, activity=sound(kl=(0.001,) * 5 + (3.0,) * 3), says="more than half is a note"),
        Example(line=VARIATIONAL, activity=sound(kl=(0.02,) * 8), says="none silent, and all together say nothing"),
    ),
    clean=(
        Example(line=VARIATIONAL, activity=sound(kl=(2.5,) * 8)),
        Example(
            line=VARIATIONAL, activity=sound(kl=(0.001, 2.5, 2.0, 3.1, 2.2, 1.7, 4.0, 2.9)), says="a spare channel"
        ),
    ),
    check=_check,
)
