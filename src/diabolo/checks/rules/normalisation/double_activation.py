"""AE308: an activation right behind another one."""

from collections.abc import Iterator

from diabolo.checks.finding import Finding
from diabolo.checks.naming import called
from diabolo.checks.rule import Example, Rule
from diabolo.checks.rules.shared.edits import built
from diabolo.checks.rules.shared.kinds import ACTIVATIONS
from diabolo.checks.rules.shared.walk import pairs
from diabolo.checks.subject import Subject
from diabolo.graph import Node

_EFFECTS = {
    ("relu", "relu"): "which changes nothing",
    ("relu", "leaky"): "which changes nothing",
    ("relu", "sigmoid"): "so that nothing below 0.5 comes out",
    ("relu", "tanh"): "so that nothing below 0 comes out",
    ("sigmoid", "relu"): "which changes nothing",
    ("sigmoid", "sigmoid"): "so that all that comes out lies between 0.5 and 0.73",
    ("sigmoid", "tanh"): "so that all that comes out lies between 0 and 0.76",
    ("tanh", "sigmoid"): "so that all that comes out lies between 0.27 and 0.73",
    ("tanh", "tanh"): "so that all that comes out lies between -0.76 and 0.76",
    ("tanh", "relu"): "which cuts the negative half off",
    ("softmax", "softmax"): "which flattens all differences",
}


def _check(subject: Subject) -> Iterator[Finding]:
    for graph in (*subject.graphs, *subject.loose):
        for first, second in pairs(graph, ACTIVATIONS, ACTIVATIONS):
            yield RULE.finding(
                f"{called(second)} follows {called(first, brief=True)}: {second.kind}({first.kind}(x))"
                + _effect(first, second),
                place=built(subject, graph, second),
                node=second.name,
                model=graph.name,
                remedy="Keep the one that is meant, and take out the other.",
            )


def _effect(first: Node, second: Node) -> str:
    effect = _EFFECTS.get((first.kind, second.kind), "")
    return f", {effect}" if effect else ""


_KERAS = """
image = Input((32, 32, 3))
encoded = Conv2D(8, 3, strides=2, padding='same', activation='relu')(image)
x = Conv2DTranspose(3, 4, strides=2, padding='same'{activation})(encoded)
decoded = Activation('sigmoid')(x)
autoencoder = Model(image, decoded)
"""

RULE = Rule(
    code="AE308",
    name="double-activation",
    severity="warning",
    summary="an activation stands right behind another one",
    why=(
        "Most often `activation='relu'` was left in a layer that has an activation layer behind it. A second ReLU "
        "does nothing; a sigmoid of a ReLU puts out nothing below 0.5, so that no picture can be darker than medium "
        "grey; a sigmoid of a sigmoid uses a quarter of the range, and its gradient is a quarter as large again.\n\n"
        "Measured on the bundled sample, 20 epochs, one seed (`benchmarks/rules.py`): a network that ends in "
        "`conv3 relu sigmoid` stops at 15.6 dB on the test images, the same with `conv3 sigmoid` reaches 24.0 dB."
    ),
    remedy="Keep the activation that is meant, and take the other one out.",
    fires=(
        Example(code=_KERAS.format(activation=", activation='relu'"), says="nothing below 0.5 comes out"),
        Example(line="conv16 relu relu pool | conv16 relu up conv3 sigmoid"),
        Example(
            code=(
                "model = nn.Sequential(nn.Linear(784, 32), nn.ReLU(), nn.Linear(32, 784), nn.Sigmoid(), nn.Sigmoid())\n"
            )
        ),
    ),
    clean=(
        Example(code=_KERAS.format(activation="")),
        Example(line="conv16 relu pool | conv16 relu bn tanh up conv3 sigmoid", says="bn stands in between"),
        Example(code=_KERAS.format(activation=", activation='linear'"), says="`linear` is no activation"),
    ),
    check=_check,
)
