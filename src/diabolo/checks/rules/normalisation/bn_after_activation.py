"""AE305: batch normalisation after the activation; a note with what was measured, for both orders work."""

from collections.abc import Iterator

from diabolo.checks.finding import Finding
from diabolo.checks.naming import called
from diabolo.checks.rule import Example, Rule
from diabolo.checks.rules.shared.edits import built
from diabolo.checks.rules.shared.kinds import ACTIVATIONS
from diabolo.checks.rules.shared.walk import pairs
from diabolo.checks.subject import Subject


def _check(subject: Subject) -> Iterator[Finding]:
    for graph in subject.graphs:
        found = list(pairs(graph, ACTIVATIONS, {"bn"}))
        if found:
            activation, bn = found[0]
            many = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
            yield RULE.finding(
                f"{called(bn)} comes after {called(activation)}{many}; the paper has it before, and both work",
                place=built(subject, graph, bn),
                node=bn.name,
                model=graph.name,
                remedy="Leave it, or train both orders: `diabolo train method-2` beside `diabolo train bn-relu`.",
            )


_KERAS = """
image = Input((32, 32, 3))
{block}
decoded = Conv2D(3, 3, padding='same', activation='sigmoid')(x)
model = Model(image, decoded)
"""

RULE = Rule(
    code="AE305",
    name="bn-after-activation",
    severity="note",
    summary="batch normalisation stands after the activation",
    why=(
        "The batch-normalisation paper puts it between the convolution and the activation; the question's Method 2, "
        "like many tutorials, puts it after. The published evidence is mixed: after the activation is better in one "
        "CaffeNet benchmark (accuracy 0.499 against 0.478), before it in GoogLeNet (0.603 against 0.596).\n\n"
        "Measured here on CIFAR-10 with the question's network, recipe `fast`, one seed (`benchmarks/results/demo`): "
        "after the activation 25.86 dB, before it 25.79 dB, without batch normalisation 24.83 dB on the validation "
        "images. That it is connected at all matters far more than its place. One difference is sure: behind a ReLU "
        "batch normalisation hands on values around 0, before it the next layer gets none below 0."
    ),
    remedy="None is needed. Measure on your own images before you change a network that works.",
    fires=(
        Example(
            code=_KERAS.format(
                block="x = Conv2D(16, 3, padding='same', activation='relu')(image)\nx = BatchNormalization()(x)"
            )
        ),
        Example(line="conv16 relu bn pool | conv16 relu bn up conv3 sigmoid"),
    ),
    clean=(
        Example(
            code=_KERAS.format(
                block="x = Conv2D(16, 3, padding='same', use_bias=False)(image)\nx = ReLU()(BatchNormalization()(x))"
            )
        ),
        Example(line="conv16 relu pool bn | conv16 relu up bn conv3 sigmoid", says="that is AE306's case"),
    ),
    check=_check,
)
