"""AE705: a pattern of the up-sampling's grid in the reconstructions."""

from collections.abc import Iterator

from diabolo.checks.finding import Finding
from diabolo.checks.naming import called
from diabolo.checks.rule import Example, Rule
from diabolo.checks.rules.runs.shared import LINE, on_images, sound
from diabolo.checks.subject import Subject
from diabolo.graph import Node

_TOO_MUCH = 1.25


def _check(subject: Subject) -> Iterator[Finding]:
    activity, graph = subject.activity, subject.graph("")
    if activity is None or graph is None or activity.checkerboard < _TOO_MUCH:
        return
    grown = [node for node in graph.layers if node.kind in ("up", "shuffle", "deconv")]
    if not grown:
        return
    last = grown[-1]
    yield RULE.finding(
        f"the reconstructions have {activity.checkerboard:.1f} times the images' own energy at the grid of "
        f"{called(last)} (`{last.name}`): a checkerboard ({on_images(activity)})",
        place=last.place,
        node=last.name,
        model=graph.name,
        remedy=_remedy(last),
    )


def _remedy(node: Node) -> str:
    kernel, stride = node.attributes.get("k"), node.attributes.get("stride")
    if node.kind == "deconv" and isinstance(kernel, int) and isinstance(stride, int) and kernel % stride:
        return f"Write `up conv…` in its place, or `k={2 * stride}`, a multiple of its stride, and train longer."
    return "Train longer: a network learns to balance it."


RULE = Rule(
    code="AE705",
    name="checkerboard-output",
    severity="warning",
    summary="the up-sampling's grid shows in the reconstructions",
    why=(
        "A transposed convolution whose kernel is not a multiple of its stride touches some pixels more often than "
        "others ([Odena, Dumoulin and Olah 2016](https://distill.pub/2016/deconv-checkerboard/)), and a network that "
        "was not trained long enough does not learn to balance it. Reconstructions are smoother than images, so their "
        "energy at the grid's frequencies is lower. Measured on small networks trained on the sample of CIFAR-10: "
        "0.15 to 0.39 of the images' own with `up` and a convolution; with a kernel of 4 and a stride of 2, 2.4 after "
        "one epoch and 0.6 after eight; with a kernel of 3, 2 to 13 after one to three epochs (38 without the "
        "sigmoid) and 0.8 after eight. From 1.25 on it is said."
    ),
    remedy=(
        "Grow the map by `up` and let a convolution follow, or take a kernel that is a multiple of the stride; train "
        "longer, and the network balances a part of it by itself."
    ),
    fires=(Example(line="conv16[stride=2] relu | deconv3[k=3 stride=2] sigmoid", activity=sound(checkerboard=2.4)),),
    clean=(
        Example(line=LINE, activity=sound()),
        Example(
            line="conv16[stride=2] relu | deconv3[k=3 stride=2] sigmoid",
            activity=sound(checkerboard=0.8),
            says="the network has balanced it",
        ),
    ),
    check=_check,
)
