"""AE303: a ReLU on the output, behind which pixels can stay black for good."""

from collections.abc import Iterator

from diabolo.checks.finding import Finding
from diabolo.checks.naming import called
from diabolo.checks.rule import Example, Rule
from diabolo.checks.rules.shared.edits import built
from diabolo.checks.rules.shared.purpose import is_autoencoder, last_operation
from diabolo.checks.subject import Subject


def _check(subject: Subject) -> Iterator[Finding]:
    for graph in subject.graphs:
        last = last_operation(graph, graph[graph.output])
        if last is None or last.kind != "relu" or is_autoencoder(subject, graph) == "no":
            continue
        yield RULE.finding(
            f"the output {called(last)} ends in a ReLU: where it puts out 0 it has no gradient, so a pixel that turned "
            "black stays black",
            place=built(subject, graph, last),
            node=last.name,
            model=graph.name,
            remedy="End with a sigmoid for targets in [0, 1], or with no activation and a squared error.",
        )


_KERAS = """
image = Input((32, 32, 3))
encoded = Conv2D(8, 3, strides=2, padding='same', activation='relu')(image)
decoded = Conv2DTranspose(3, 4, strides=2, padding='same', activation={activation})(encoded)
autoencoder = Model(image, decoded)
autoencoder.compile(optimizer='adam', loss='mse')
autoencoder.fit(x_train, {targets}, epochs=10)
"""

RULE = Rule(
    code="AE303",
    name="relu-on-output",
    severity="warning",
    summary="the output ends in a ReLU",
    why=(
        "A ReLU's gradient is 0 where it puts out 0. In a hidden layer other channels carry on; on the output there "
        "is one channel a colour, and where a step has pushed it below 0 the reconstruction is black, the error "
        "large, and the gradient nothing "
        "([FluxML/model-zoo#34](https://github.com/FluxML/model-zoo/pull/34)). Nothing keeps values from passing 1 "
        "either.\n\n"
        "Measured on the bundled sample, squared error, 20 epochs, one seed (`benchmarks/rules.py`): 22.2 dB on the "
        "test "
        "images, and 0.2% of the values that should be bright are exactly 0; 24.0 dB with a sigmoid, 21.7 dB with no "
        "activation. No colour was lost for good there, so it is a warning and no error."
    ),
    remedy="Use a sigmoid for targets in [0, 1], tanh for [-1, 1], or no activation.",
    fires=(
        Example(code=_KERAS.format(activation="'relu'", targets="x_train")),
        Example(line="conv16 relu pool | conv16 relu up conv3 relu"),
    ),
    clean=(
        Example(code=_KERAS.format(activation="'sigmoid'", targets="x_train")),
        Example(line="conv16 relu pool | conv16 relu up conv3"),
        Example(
            code=_KERAS.format(activation="'relu'", targets="distances"),
            says="distances are never negative, and no image",
        ),
    ),
    check=_check,
)
