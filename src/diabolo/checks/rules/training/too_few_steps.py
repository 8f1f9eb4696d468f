"""AE604: a training of too few steps."""

from collections.abc import Iterator

from diabolo.checks.finding import Finding
from diabolo.checks.rule import Example, Rule
from diabolo.checks.rules.shared.steps import steps_an_epoch
from diabolo.checks.rules.training.shared import FIT
from diabolo.checks.subject import Subject
from diabolo.errors import counted

_FEW = 500
"""Steps; after so many the question's network has come half of the way, measured in decibels. See `why`."""


def _check(subject: Subject) -> Iterator[Finding]:
    for training in subject.trainings:
        steps = steps_an_epoch(training)
        if steps is None or training.epochs is None or subject.graph(training.graph) is None:
            continue
        total = steps * training.epochs
        images = None if training.inputs is None else training.inputs.num_images
        if total < _FEW and images is not None:
            yield RULE.finding(
                f"{counted(images, 'image')} in batches of {training.batch_size:,} {'is' if images == 1 else 'are'} "
                f"{counted(steps, 'step')} an epoch, {total:,} in all",
                place=training.batch_place or training.place,
                model=training.graph,
                remedy="Use smaller batches (32 to 128), or more epochs: weights move once a step.",
            )


_BATCH = FIT.replace("epochs=50, batch_size=128, {validation}", "epochs={epochs}, batch_size={batch}")

RULE = Rule(
    code="AE604",
    name="too-few-steps",
    severity="warning",
    summary="the training has too few steps",
    why=(
        "Weights change once a step, however many images a step has seen. The question's network at batch 1000 on "
        "50,000 images, measured (`benchmarks/results/keras-method-2`): after 500 steps (10 epochs) the squared error "
        "of the test images is 0.0082, 21.2 dB; after 2,500 it is 0.0035, 25.1 dB. At batch 50 three epochs, 2,700 "
        "steps, reach 26.0 dB on the same images. The rule speaks below 500 steps."
    ),
    remedy="Choose the batch so that an epoch has hundreds of steps, and raise it only with the learning rate.",
    fires=(Example(code=_BATCH.format(epochs=5, batch=1000), says="250 steps in all"),),
    clean=(
        Example(code=_BATCH.format(epochs=50, batch=1000), says="2,500 steps: slow, and enough"),
        Example(code=_BATCH.format(epochs=3, batch=64)),
    ),
    check=_check,
)
