"""AE704: a trained model that puts out the same picture for every image, or nothing better than the mean image."""

from collections.abc import Iterator

from diabolo.checks.finding import Finding
from diabolo.checks.rule import Example, Rule
from diabolo.checks.rules.runs.shared import LINE, on_images, sound
from diabolo.checks.subject import Subject

_CONSTANT = 0.05
"""Of the images' own deviation."""
_NO_BETTER = 0.95
"""Of the mean image's error."""


def _check(subject: Subject) -> Iterator[Finding]:
    activity, graph = subject.activity, subject.graph("")
    if activity is None or graph is None or activity.num_images < 2 or activity.image_deviation == 0.0:
        return
    last = graph[graph.output]
    spread = activity.output_deviation / activity.image_deviation
    remedy = "Train again with a smaller learning rate; look for layers that died and for images that are not scaled."
    if spread < _CONSTANT:
        yield RULE.finding(
            f"the output is one and the same picture for every image: it varies {spread:.1%} as much as the images do "
            f"({on_images(activity)})",
            place=last.place,
            node=last.name,
            model=graph.name,
            remedy=remedy,
        )
    elif min(activity.mse, activity.mse_training_mode) > _NO_BETTER * activity.mse_mean_image:
        yield RULE.finding(
            f"the reconstructions are no better than the mean image: a mean squared error of {activity.mse:.4f}, where "
            f"the mean image has {activity.mse_mean_image:.4f} ({on_images(activity)})",
            place=last.place,
            node=last.name,
            model=graph.name,
            severity="warning",
            remedy=remedy,
        )


RULE = Rule(
    code="AE704",
    name="collapsed-output",
    severity="error",
    summary="the output says nothing about the image",
    why=(
        "A loss falls quickly until the output is the mean image, which needs no input at all, and it can stop there: "
        "every ReLU died in a step that was too large, a sigmoid is saturated, the images were not scaled. The curves "
        "look like learning. Measured: a small network trained at a learning rate of 0.1 put out a constant (mean "
        "squared error 0.0620; the mean image has 0.0613), at 0.01 the same network reached 0.0077."
    ),
    remedy=(
        "Train again with a smaller learning rate or a warm-up. If it comes back: check that images and output have "
        "the same range, and that gradients reach the encoder (`diabolo check` on the code)."
    ),
    fires=(
        Example(line=LINE, activity=sound(mse=0.0620, mse_training_mode=0.0620, output_deviation=0.0)),
        Example(
            line=LINE,
            activity=sound(mse=0.0610, mse_training_mode=0.0610, output_deviation=0.09),
            says="it varies, and is no better for it: a warning",
        ),
    ),
    clean=(
        Example(line=LINE, activity=sound()),
        Example(
            line="conv16 bn relu pool | conv16 bn relu up conv3 sigmoid",
            activity=sound(mse=0.1085, mse_training_mode=0.0047, output_deviation=0.137),
            says="worse than the mean image in evaluation alone: that is a mode-gap",
        ),
        Example(
            line=LINE,
            activity=sound(num_images=1, output_deviation=0.0, image_deviation=0.0, mse_mean_image=0.0),
            says="one image does not vary",
        ),
    ),
    check=_check,
)
