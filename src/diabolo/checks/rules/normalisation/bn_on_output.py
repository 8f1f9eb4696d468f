"""AE302: batch normalisation on the output."""

from collections.abc import Iterator

from diabolo.checks.finding import Finding
from diabolo.checks.naming import called
from diabolo.checks.rule import Example, Rule
from diabolo.checks.rules.shared.edits import built
from diabolo.checks.rules.shared.kinds import ACTIVATIONS
from diabolo.checks.rules.shared.purpose import is_autoencoder, last_operation
from diabolo.checks.rules.shared.walk import before
from diabolo.checks.subject import Subject


def _check(subject: Subject) -> Iterator[Finding]:
    for graph in subject.graphs:
        if is_autoencoder(subject, graph) == "no":
            continue
        last = last_operation(graph, graph[graph.output])
        bounded = last is not None and last.kind in ACTIVATIONS
        if last is not None and bounded:
            last = before(graph, last)
        if last is not None and last.kind == "bn":
            what = "stands before the output's activation" if bounded else "is the last layer"
            yield RULE.finding(
                f"{called(last)} {what}: in training the colours of each image depend on the others in its batch",
                place=built(subject, graph, last),
                node=last.name,
                model=graph.name,
                severity="note" if bounded else None,
                remedy="Leave it out: the last convolution has a bias of its own.",
            )


_KERAS = """
image = Input((32, 32, 3))
encoded = Conv2D(8, 3, strides=2, padding='same', activation='relu')(image)
x = Conv2DTranspose(3, 4, strides=2, padding='same')(encoded)
{bn}
autoencoder = Model(image, x)
"""

RULE = Rule(
    code="AE302",
    name="bn-on-output",
    severity="warning",
    summary="batch normalisation stands on the output",
    why=(
        "The output has the image's own mean and range to hit, and batch normalisation gives every batch the same "
        "ones: a batch of dark pictures cannot come out dark. In evaluation the moving averages stand in, so training "
        "and evaluation put out different pictures. The DCGAN guidelines leave it out of the generator's output for "
        "instability ([Radford, Metz and Chintala 2015](https://arxiv.org/abs/1511.06434)).\n\n"
        "Measured on the bundled sample, squared error, 20 epochs, one seed (`benchmarks/rules.py`): 23.2 dB on the "
        "test "
        "images with batch normalisation as the last layer, 24.0 dB with a sigmoid in its place. Before the sigmoid it "
        "did no harm (24.2 dB), so that is a note."
    ),
    remedy="End with a convolution and, where the targets are in [0, 1], a sigmoid.",
    fires=(
        Example(code=_KERAS.format(bn="x = BatchNormalization()(x)")),
        Example(line="conv16 relu pool | conv16 relu up conv3 bn"),
        Example(line="conv16 relu pool | conv16 relu up conv3 bn sigmoid", says="before the sigmoid it is a note"),
    ),
    clean=(
        Example(code=_KERAS.format(bn="x = Activation('sigmoid')(x)")),
        Example(line="conv16 relu bn pool | conv16 relu bn up conv3 sigmoid"),
    ),
    check=_check,
)
