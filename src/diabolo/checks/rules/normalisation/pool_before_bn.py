"""AE306: batch normalisation after the pooling; a note with what was measured, for it is cheap and works."""

from collections.abc import Iterator

from diabolo.checks.finding import Finding
from diabolo.checks.naming import called
from diabolo.checks.rule import Example, Rule
from diabolo.checks.rules.shared.edits import built
from diabolo.checks.rules.shared.kinds import POOLS
from diabolo.checks.rules.shared.walk import pairs
from diabolo.checks.subject import Subject


def _check(subject: Subject) -> Iterator[Finding]:
    for graph in subject.graphs:
        found = list(pairs(graph, POOLS, {"bn"}))
        if found:
            pool, bn = found[0]
            many = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
            yield RULE.finding(
                f"{called(bn)} comes after {called(pool)}{many}: its statistics are those of the pooled values",
                place=built(subject, graph, bn),
                node=bn.name,
                model=graph.name,
                remedy="Leave it, or train both orders: `diabolo train pool-bn` beside `diabolo train method-2`.",
            )


_KERAS = """
image = Input((32, 32, 3))
x = Conv2D(16, 3, padding='same', activation='relu')(image)
{block}
x = UpSampling2D()(x)
decoded = Conv2D(3, 3, padding='same', activation='sigmoid')(x)
model = Model(image, decoded)
"""

RULE = Rule(
    code="AE306",
    name="pool-before-bn",
    severity="note",
    summary="batch normalisation stands after the pooling",
    why=(
        "Batch normalisation and max-pooling can be swapped but for the statistics: after the pool they are those of "
        "a quarter of the values, and of the largest ones. It costs a quarter as much there.\n\n"
        "Measured on the bundled sample with the question's network, 20 epochs, one seed (`benchmarks/rules.py`): "
        "23.97 dB on the test images with batch normalisation after pooling and up-sampling, 24.16 dB before, 23.20 dB "
        "without any."
    ),
    remedy="None is needed. Measure on your own images before you change a network that works.",
    fires=(
        Example(code=_KERAS.format(block="x = MaxPooling2D()(x)\nx = BatchNormalization()(x)")),
        Example(line="conv16 relu pool bn | conv16 relu up bn conv3 sigmoid"),
    ),
    clean=(
        Example(code=_KERAS.format(block="x = BatchNormalization()(x)\nx = MaxPooling2D()(x)")),
        Example(line="conv16 bn relu pool | conv16 bn relu up conv3 sigmoid"),
    ),
    check=_check,
)
