"""AE702: values of the latent that are the same for every image."""

from collections.abc import Iterator

from diabolo.checks.finding import Finding
from diabolo.checks.naming import called
from diabolo.checks.rule import Example, Rule
from diabolo.checks.rules.runs.shared import LINE, on_images, sound
from diabolo.checks.subject import Subject

_SILENT = 0.005
"""Of the largest deviation."""
_MANY = 1 / 4


def _check(subject: Subject) -> Iterator[Finding]:
    activity, graph = subject.activity, subject.graph("")
    if activity is None or graph is None or not activity.latent_deviation or activity.kl:
        return  # a variational bottleneck has a rule of its own
    deviations = activity.latent_deviation
    silent = sum(value <= _SILENT * max(deviations) for value in deviations)
    if not silent:
        return
    node, total = graph[graph.latent], len(deviations)
    what = "channels" if len(node.shape) == 3 else "values"
    yield RULE.finding(
        f"{silent} of the {total} {what} of the latent ({called(node)}, `{node.name}`) say nothing: they are the same "
        f"{on_images(activity)}",
        place=node.place,
        node=node.name,
        model=graph.name,
        severity=None if silent >= _MANY * total else "note",
        remedy=f"Make the latent {total - silent} {what} wide if quality is enough, or keep its channels alive: no "
        "`relu` at the bottleneck, a smaller learning rate.",
    )


RULE = Rule(
    code="AE702",
    name="unused-latents",
    severity="warning",
    summary="a part of the latent is the same for every image",
    why=(
        "Such a value carries nothing: the latent is smaller than it says, and every comparison at the same latent "
        "size is off by it. Under a ReLU at the bottleneck it is a channel that died; behind a dense bottleneck it can "
        "mean that more values than needed were given. A value counts as silent where its standard deviation over "
        "images is below half a percent of the largest one's. Measured on small networks trained on the sample of "
        "CIFAR-10: none of 16 channels was silent without a ReLU at the bottleneck, at most 1 with `bn` before it, up "
        "to 6 with a bare one at a sound learning rate, and 33 of the 64 values of a dense bottleneck. From a quarter "
        "on it is a warning."
    ),
    remedy=(
        "End the encoder without a ReLU (`conv16 pool |` instead of `conv16 relu pool |`), train with a smaller step, "
        "or make the latent as narrow as it is."
    ),
    fires=(
        Example(line=LINE, activity=sound(latent_deviation=(0.0,) * 5 + (0.4,) * 11)),
        Example(line=LINE, activity=sound(latent_deviation=(0.0,) + (0.4,) * 15), says="one is a note"),
    ),
    clean=(
        Example(line=LINE, activity=sound()),
        Example(
            line=LINE,
            activity=sound(latent_deviation=(0.02,) + (0.4,) * 15),
            says="a value may say little: it is scaled by what comes after it",
        ),
    ),
    check=_check,
)
