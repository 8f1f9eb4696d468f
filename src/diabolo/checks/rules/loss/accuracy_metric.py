"""AE404: accuracy as a metric of reconstructions."""

import re
from collections.abc import Iterator

from diabolo.checks.finding import Edit, Finding, Fix
from diabolo.checks.rule import Example, Rule
from diabolo.checks.rules.loss.shared import KERAS
from diabolo.checks.rules.shared.edits import text_at
from diabolo.checks.rules.shared.purpose import is_autoencoder
from diabolo.checks.subject import Metric, Subject

_ACCURACY = re.compile(r"accuracy|(?<![a-z])acc(?![a-z])", re.IGNORECASE)
_RECONSTRUCTION = frozenset({"bce", "bce-logits", "mse", "mae", "huber", "ssim"})


def _check(subject: Subject) -> Iterator[Finding]:
    for training in subject.trainings:
        graph = subject.graph(training.graph)
        if graph is None or is_autoencoder(subject, graph) == "no":
            continue
        if not training.losses or not all(term.kind in _RECONSTRUCTION | {"kl"} for term in training.losses):
            continue  # a classifier that hangs on a latent is judged by its accuracy
        if graph.outputs:
            continue
        for metric in training.metrics:
            if _ACCURACY.search(metric.name):
                yield RULE.finding(
                    f"`{metric.name}` counts how many values are hit exactly, and says nothing about a reconstruction",
                    place=metric.place or training.place,
                    model=graph.name,
                    remedy="Watch `'mse'`: -10·log10 of it is the PSNR for images in [0, 1].",
                    fix=_fix(subject, metric),
                )


def _fix(subject: Subject, metric: Metric) -> Fix | None:
    """Watches the squared error: the network and its training stay, the names in the history change, so not safe."""
    if metric.place is None or text_at(subject, metric.place).strip("'\"") != metric.name:
        return None
    return Fix(
        edits=(Edit(place=metric.place, text="'mse'"),), is_safe=False, message="Watch the squared error instead"
    )


_WITH = "'binary_crossentropy', metrics=['{metric}']"

RULE = Rule(
    code="AE404",
    name="accuracy-metric",
    severity="warning",
    summary="accuracy is the metric of a reconstruction",
    why=(
        "Keras takes 'accuracy' for binary accuracy here: it rounds the output at 0.5 and asks whether that equals the "
        "target. A target of 0.3 equals neither 0 nor 1, so of a photograph only values that are exactly 0 or 1 can "
        "ever count; on CIFAR-10 these are 1.2% of the test set's values. A perfect reconstruction has that "
        "'accuracy' too."
    ),
    remedy="Watch the squared error (PSNR is -10·log10 of it), or SSIM.",
    fires=(
        Example(
            code=KERAS.format(scale=" / 255", activation="activation='sigmoid', ", loss=_WITH.format(metric="accuracy"))
        ),
    ),
    clean=(
        Example(
            code=KERAS.format(scale=" / 255", activation="activation='sigmoid', ", loss=_WITH.format(metric="mse"))
        ),
        Example(
            code="""
image = Input((32, 32, 3))
encoded = Conv2D(8, 3, strides=2, padding='same', activation='relu')(image)
classes = Dense(10, activation='softmax')(Flatten()(encoded))
classifier = Model(image, classes)
classifier.compile(optimizer='adam', loss='sparse_categorical_crossentropy', metrics=['accuracy'])
classifier.fit(x_train, y_train, epochs=5)
""",
            says="a classifier on top of an encoder is judged by its accuracy",
        ),
    ),
    check=_check,
    fix="unsafe",
)
