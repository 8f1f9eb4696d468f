"""AE401: a tanh output, in [-1, 1], against targets in [0, 1]."""

from collections.abc import Iterator

from diabolo.checks.finding import Finding
from diabolo.checks.rule import Example, Rule
from diabolo.checks.rules.loss.shared import KERAS
from diabolo.checks.rules.shared.edits import built
from diabolo.checks.rules.shared.purpose import compared, last_operation, output_title
from diabolo.checks.subject import Subject


def _check(subject: Subject) -> Iterator[Finding]:
    seen = set()
    for pair in compared(subject):
        last = last_operation(pair.graph, pair.output)
        if last is None or last.kind != "tanh" or pair.output.name in seen:
            continue
        low = None if pair.target is None else pair.target.low
        is_bce = pair.term.kind == "bce"
        if not is_bce and (low is None or low < 0 or (pair.target and (pair.target.high or 0) > 1)):
            continue
        seen.add(pair.output.name)
        against = "a binary cross-entropy, which needs [0, 1]"
        if not is_bce and pair.target is not None:
            against = f"`{pair.target.text}`, which is never negative"
        yield RULE.finding(
            f"{output_title(pair.graph, pair.output)} ends in tanh, so it lies in [-1, 1], and is compared with "
            f"{against}",
            place=built(subject, pair.graph, last) or pair.term.place,
            node=last.name,
            model=pair.graph.name,
            remedy="End with a sigmoid, or scale the images to [-1, 1] and use a squared error.",
        )


RULE = Rule(
    code="AE401",
    name="tanh-range",
    severity="error",
    summary="a tanh output is compared with targets in [0, 1]",
    why=(
        "Half of tanh's range can never be right. Black, the commonest of all values, lies at tanh's middle, where a "
        "small push makes it negative; what is shown as a picture is cut off at 0, so the curves look better or worse "
        "than the pictures. With binary cross-entropy negative outputs have no logarithm: the loss is NaN, or is cut "
        "off at a constant that has no gradient "
        "([AntixK/PyTorch-VAE#108](https://github.com/AntixK/PyTorch-VAE/issues/108), "
        "[#48](https://github.com/AntixK/PyTorch-VAE/issues/48))."
    ),
    remedy="Sigmoid belongs to [0, 1], tanh to [-1, 1]: change the output or the scaling of the images, not both.",
    fires=(
        Example(code=KERAS.format(scale=" / 255", activation="activation='tanh', ", loss="'mse'")),
        Example(code=KERAS.format(scale=" / 255", activation="activation='tanh', ", loss="'binary_crossentropy'")),
    ),
    clean=(
        Example(code=KERAS.format(scale=" / 255", activation="activation='sigmoid', ", loss="'mse'")),
        Example(
            code=KERAS.format(scale=" / 127.5 - 1", activation="activation='tanh', ", loss="'mse'"),
            says="images in [-1, 1]",
        ),
    ),
    check=_check,
)
