"""AE307: the moving averages of batch normalisation move too slowly for the number of steps."""

import math
from collections.abc import Iterator

from diabolo.checks.finding import Finding
from diabolo.checks.naming import called
from diabolo.checks.rule import Example, Rule
from diabolo.checks.rules.shared.edits import built
from diabolo.checks.rules.shared.steps import steps_an_epoch
from diabolo.checks.subject import Subject, Training
from diabolo.errors import counted
from diabolo.graph import ModelGraph, Node

_LEFT_AT_THE_END = 0.01
"""Share of the initial averages that may be left after the last step."""
_LEFT_AFTER_AN_EPOCH = 0.5
"""Share of them after the first epoch, from which on the validation curve begins far too high."""


def _check(subject: Subject) -> Iterator[Finding]:
    for training in subject.trainings:
        graph = subject.graph(training.graph)
        steps = steps_an_epoch(training)
        if graph is None or steps is None:
            continue
        slow = [
            node
            for node in graph.layers
            if node.kind == "bn" and isinstance(node.attributes.get("momentum"), int | float)
        ]
        if slow:
            yield from _finding(subject, graph, training, max(slow, key=_momentum), steps)


def _momentum(node: Node) -> float:
    value = node.attributes["momentum"]
    assert isinstance(value, int | float)
    return value


def _finding(subject: Subject, graph: ModelGraph, training: Training, node: Node, steps: int) -> Iterator[Finding]:
    momentum = _momentum(node)
    left = momentum**steps
    at_the_end = None if training.epochs is None else momentum ** (steps * training.epochs)
    if not 0 < momentum < 1 or left <= _LEFT_AFTER_AN_EPOCH:
        return
    is_wrong_at_the_end = at_the_end is not None and at_the_end > _LEFT_AT_THE_END
    epochs = math.ceil(math.log(_LEFT_AT_THE_END) / math.log(momentum) / steps)
    faster = max(0.0, math.floor(100 * 0.1 ** (1 / steps)) / 100)
    yield RULE.finding(
        f"the averages of {called(node)} keep {momentum:g} a step, and an epoch has {counted(steps, 'step')}: after "
        f"the first epoch {left:.0%} of them are still the initial 0 and 1, after {counted(epochs, 'epoch')} 1%"
        + (f"; this training ends with {at_the_end:.0%}" if is_wrong_at_the_end else ""),
        place=built(subject, graph, node),
        node=node.name,
        model=graph.name,
        severity=None if is_wrong_at_the_end else "note",
        remedy=(
            f"Use `momentum={faster:g}` in Keras's sense ({1 - faster:.2g} in PyTorch's), or smaller batches. Until "
            "then the validation loss lies above the training loss for no other reason: that is no over-fitting."
        ),
    )


_FIT = """
(x_train, _), (x_test, _) = cifar10.load_data()
x_train, x_test = x_train.astype('float32') / 255, x_test.astype('float32') / 255
image = Input((32, 32, 3))
x = Conv2D(16, 3, padding='same', activation='relu')(image)
x = BatchNormalization({momentum})(x)
decoded = Conv2D(3, 3, padding='same', activation='sigmoid')(x)
model = Model(image, decoded)
model.compile(optimizer='adam', loss='mse')
model.fit(x_train, x_train, epochs={epochs}, batch_size={batch})
"""

RULE = Rule(
    code="AE307",
    name="slow-bn-averages",
    severity="warning",
    summary="the averages of batch normalisation move too slowly for the number of steps",
    why=(
        "In evaluation batch normalisation uses moving averages that begin at mean 0 and variance 1 and keep a share "
        "`momentum` of themselves at each step: after n steps momentumⁿ of the beginning is left. Keras keeps 0.99, "
        "PyTorch 0.9. With the question's 50 steps an epoch Keras's lag for ten epochs: measured after epoch 2 loss "
        "0.579 in training mode and 0.661 on the same train images in evaluation mode, 0.662 on the test images "
        "(`benchmarks/results/keras-method-2`). The gap between the curves is no over-fitting. It is a warning where "
        "more than 1% is left at the end, since then the model that is kept is wrong; else a note."
    ),
    remedy="Lower `momentum`, take smaller batches or more epochs, or compare both losses in the same mode.",
    fires=(
        Example(
            code=_FIT.format(momentum="", epochs=50, batch=1000), says="50 steps an epoch: 60% are left after the first"
        ),
        Example(code=_FIT.format(momentum="momentum=0.999", epochs=3, batch=250), says="55% are left at the end"),
    ),
    clean=(
        Example(code=_FIT.format(momentum="momentum=0.9", epochs=50, batch=1000)),
        Example(code=_FIT.format(momentum="", epochs=50, batch=100), says="500 steps an epoch are enough for 0.99"),
    ),
    check=_check,
)
