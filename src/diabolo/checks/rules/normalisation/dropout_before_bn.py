"""AE310: dropout before batch normalisation, which then learns the wrong variance."""

from collections.abc import Iterator

from diabolo.checks.finding import Finding
from diabolo.checks.naming import called
from diabolo.checks.rule import Example, Rule
from diabolo.checks.rules.shared.edits import built
from diabolo.checks.rules.shared.kinds import ACTIVATIONS, LINEAR_LAYERS
from diabolo.checks.rules.shared.walk import before
from diabolo.checks.subject import Subject

_BETWEEN = LINEAR_LAYERS | ACTIVATIONS


def _check(subject: Subject) -> Iterator[Finding]:
    for graph in subject.graphs:
        found = []
        for node in graph.layers:
            above = before(graph, node, passing=_BETWEEN) if node.kind == "bn" else None
            if above is not None and above.kind == "dropout" and above.attributes.get("p") != 0:
                found.append((above, node))
        if found:
            dropout, bn = found[0]
            many = f" (and {len(found) - 1} more)" if len(found) > 1 else ""
            yield RULE.finding(
                f"{called(bn)} follows {called(dropout)}{many}: it averages the variance that dropout makes, and "
                "dropout "
                "is off in evaluation",
                place=built(subject, graph, bn),
                node=bn.name,
                model=graph.name,
                remedy="Put the dropout behind the last batch normalisation, or leave it out.",
            )


_KERAS = """
image = Input((32, 32, 3))
x = Conv2D(16, 3, padding='same', use_bias=False)(image)
{block}
x = Activation('relu')(x)
decoded = Conv2D(3, 3, padding='same', activation='sigmoid')(x)
model = Model(image, decoded)
"""

RULE = Rule(
    code="AE310",
    name="dropout-before-bn",
    severity="note",
    summary="dropout stands before batch normalisation",
    why=(
        "Dropout with rate p multiplies what it keeps by 1/(1-p), which leaves the mean as it is and makes the "
        "variance larger, in training only. Batch normalisation behind it learns that larger variance and divides by "
        "it in evaluation, where dropout does nothing, so everything comes out too small "
        "([Li, Chen, Hu and Yang 2019](https://arxiv.org/abs/1801.05134), 'variance shift').\n\n"
        "It need not cost much: measured on the bundled sample with dropout 0.2 in the decoder, 20 epochs, one seed "
        "(`benchmarks/rules.py`), 23.23 dB on the test images with dropout before batch normalisation, 22.82 dB with "
        "dropout after it, and 23.81 dB without dropout, which is what a network as small as this should have."
    ),
    remedy="Put dropout behind all batch normalisation, or choose one of the two.",
    fires=(
        Example(code=_KERAS.format(block="x = Dropout(0.3)(x)\nx = BatchNormalization()(x)")),
        Example(line="conv16 dropout bn relu pool | conv16 relu up conv3 sigmoid"),
    ),
    clean=(
        Example(code=_KERAS.format(block="x = BatchNormalization()(x)\nx = Dropout(0.3)(x)")),
        Example(line="conv16 bn relu dropout pool | conv16 relu up conv3 sigmoid"),
    ),
    check=_check,
)
