"""AE701: channels of a trained network that put out 0 for every image."""

from collections.abc import Iterator

from diabolo.checks.finding import Finding
from diabolo.checks.naming import called
from diabolo.checks.rule import Example, Rule
from diabolo.checks.rules.runs.shared import LINE, on_images, sound, with_dead
from diabolo.checks.subject import Subject

_MANY = 1 / 3
_SOME = 1 / 8


def _check(subject: Subject) -> Iterator[Finding]:
    activity, graph = subject.activity, subject.graph("")
    if activity is None or graph is None:
        return
    for name, channels in activity.channels.items():
        node = graph.by_name.get(name)
        total, dead = len(channels.deviation), len(channels.dead)
        if node is None or name == graph.output or dead < 2 or dead < _SOME * total:
            continue
        what = "0" if all(channels.share_zero[index] == 1.0 for index in channels.dead) else "one and the same value"
        yield RULE.finding(
            f"{dead} of the {total} channels of {called(node)} (`{name}`) are {what} {on_images(activity)}",
            place=node.place,
            node=name,
            model=graph.name,
            severity=None if dead >= _MANY * total else "note",
            remedy="Train again with a smaller learning rate, put `bn` before the `relu`, or write `leaky`.",
        )


RULE = Rule(
    code="AE701",
    name="dead-channels",
    severity="warning",
    summary="channels that are 0 for every image",
    why=(
        "A ReLU whose input is negative for every image puts out 0 and gets no gradient, so it stays dead: the "
        "channel's parameters are paid for and do nothing. A step that was too large is the usual cause. Measured on "
        "small networks of 16 to 32 channels, trained on the sample of CIFAR-10: at a learning rate of 0.01 none to 4 "
        "of 16 channels of a layer died, with `bn` before the ReLU at most 1; at 0.05 a quarter to 44% of every layer; "
        "at 0.1 all of them, and the output was constant. From a third on it is a warning, from an eighth on a note."
    ),
    remedy=(
        "Train again with a smaller learning rate or a warm-up; `bn` before the ReLU keeps its input around 0, and "
        "`leaky` has a gradient everywhere. Where it works well all the same, write fewer channels."
    ),
    fires=(
        Example(line=LINE, activity=sound(channels={"relu_1": with_dead(7), "relu_2": with_dead(0)})),
        Example(line=LINE, activity=sound(channels={"relu_2": with_dead(3)}), says="an eighth to a third is a note"),
    ),
    clean=(
        Example(line=LINE, activity=sound()),
        Example(line=LINE, activity=sound(channels={"relu_1": with_dead(1)}), says="one in sixteen dies in sound runs"),
        Example(line=LINE, says="nothing is known of a line that was not trained"),
    ),
    check=_check,
)
