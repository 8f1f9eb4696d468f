"""AE706: pixels or whole colours that stay black in every reconstruction."""

from collections.abc import Iterator

from diabolo.checks.finding import Finding
from diabolo.checks.rule import Example, Rule
from diabolo.checks.rules.runs.shared import LINE, on_images, sound
from diabolo.checks.subject import Subject

_LOST = 0.05
"""Of the images' light in a channel."""
_COLOURS = ("red", "green", "blue")


def _check(subject: Subject) -> Iterator[Finding]:
    activity, graph = subject.activity, subject.graph("")
    if activity is None or graph is None:
        return
    lost = {index: share for index, share in enumerate(activity.share_black) if share >= _LOST}
    if not lost:
        return
    last = graph[graph.output]
    is_coloured = len(activity.share_black) == 3
    named = [f"{_COLOURS[index]} ({share:.0%})" if is_coloured else f"{share:.0%}" for index, share in lost.items()]
    what = f"of {' and '.join(named)} of" if is_coloured else f"{named[0]} of"
    yield RULE.finding(
        f"pixels are black in every reconstruction, which loses {what} the images' light".replace("loses of", "loses")
        + f" ({on_images(activity)})",
        place=last.place,
        node=last.name,
        model=graph.name,
        remedy="End with `sigmoid` instead of `relu`, or with the convolution alone, and train again.",
    )


RULE = Rule(
    code="AE706",
    name="black-pixels",
    severity="error",
    summary="pixels that are black whatever the image is",
    why=(
        "A ReLU on the output puts out 0 where its input is negative, and then has no gradient: a pixel, or a whole "
        "colour, that is negative for every image at the start stays black for ever. The loss goes down on the rest. "
        "It counts how much of the images' light falls on such pixels; a border that is black in nearly all images has "
        "hardly any, so digits on black are no false alarm."
    ),
    remedy="End with `sigmoid`, or with the convolution alone, and train again: a dead output does not come back.",
    fires=(
        Example(line=LINE.replace("sigmoid", "relu"), activity=sound(share_black=(0.0, 1.0, 0.0)), says="no green"),
        Example(line=LINE.replace("sigmoid", "relu"), activity=sound(share_black=(0.2, 0.1, 0.07))),
    ),
    clean=(
        Example(line=LINE, activity=sound()),
        Example(line=LINE, activity=sound(share_black=(0.004, 0.0, 0.0)), says="a corner of digits on black"),
    ),
    check=_check,
)
