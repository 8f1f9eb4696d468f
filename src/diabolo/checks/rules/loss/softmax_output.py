"""AE408: softmax on the output of an autoencoder."""

from collections.abc import Iterator

from diabolo.checks.finding import Finding
from diabolo.checks.rule import Example, Rule
from diabolo.checks.rules.loss.shared import KERAS
from diabolo.checks.rules.shared.edits import built
from diabolo.checks.rules.shared.purpose import compared, is_autoencoder, last_operation, output_title
from diabolo.checks.subject import Subject

_RECONSTRUCTION = frozenset({"bce", "mse", "mae", "huber", "ssim"})


def _check(subject: Subject) -> Iterator[Finding]:
    for pair in compared(subject):
        last = last_operation(pair.graph, pair.output)
        if last is None or last.kind != "softmax" or pair.term.kind not in _RECONSTRUCTION:
            continue
        if is_autoencoder(subject, pair.graph) == "certain":
            many = "the channels of each pixel" if len(last.shape) == 3 else "all values of an image"
            yield RULE.finding(
                f"{output_title(pair.graph, pair.output)} ends in a softmax: {many} always add up to 1",
                place=built(subject, pair.graph, last) or pair.term.place,
                node=last.name,
                model=pair.graph.name,
                remedy="End with a sigmoid, which lets every value be what it must.",
            )


RULE = Rule(
    code="AE408",
    name="softmax-output",
    severity="error",
    summary="the output of an autoencoder ends in a softmax",
    why=(
        "Softmax makes a choice between classes: its values add up to 1. The colours of a white pixel add up to 3, "
        "those of a black one to 0; neither can come out. With one channel every pixel is exactly 1."
    ),
    remedy="Use a sigmoid for targets in [0, 1].",
    fires=(Example(code=KERAS.format(scale=" / 255", activation="activation='softmax', ", loss="'mse'")),),
    clean=(
        Example(code=KERAS.format(scale=" / 255", activation="activation='sigmoid', ", loss="'mse'")),
        Example(
            code="""
image = Input((64, 64, 3))
x = Conv2D(16, 3, padding='same', activation='relu')(image)
classes = Conv2D(5, 1, activation='softmax')(x)
model = Model(image, classes)
model.compile(optimizer='adam', loss='categorical_crossentropy')
model.fit(photographs, one_hot_masks, epochs=5)
""",
            says="a class for each pixel",
        ),
    ),
    check=_check,
)
