"""AE707: channels of a variational latent that are the prior whatever the image is."""

from collections.abc import Iterator

from diabolo.checks.finding import Finding
from diabolo.checks.naming import called
from diabolo.checks.rule import Example, Rule
from diabolo.checks.rules.runs.shared import VARIATIONAL, on_images, sound
from diabolo.checks.subject import Subject

_SILENT = 0.01
"""Nats an image."""
_MANY = 0.5


def _check(subject: Subject) -> Iterator[Finding]:
    activity, graph = subject.activity, subject.graph("")
    if activity is None or graph is None or not activity.kl:
        return
    total, silent = len(activity.kl), sum(value < _SILENT for value in activity.kl)
    if silent < _MANY * total:
        return
    node = graph[graph.latent]
    how_many = f"all {total} channels" if silent == total else f"{silent} of the {total} channels"
    yield RULE.finding(
        f"{how_many} of the latent ({called(node)}) are the prior whatever the image is: their KL divergence is below "
        f"{_SILENT:g} nats an image ({on_images(activity)})",
        place=node.place,
        node=node.name,
        model=graph.name,
        severity=None if silent == total or silent > 0.9 * total else "note",
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
    ),
    clean=(
        Example(line=VARIATIONAL, activity=sound(kl=(2.5,) * 8)),
        Example(
            line=VARIATIONAL, activity=sound(kl=(0.001, 2.5, 2.0, 3.1, 2.2, 1.7, 4.0, 2.9)), says="a spare channel"
        ),
    ),
    check=_check,
)
