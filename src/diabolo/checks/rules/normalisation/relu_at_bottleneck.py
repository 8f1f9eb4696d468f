"""AE304: the latent is what a ReLU puts out, so it has no negative values and channels of it can die."""

from collections.abc import Iterator

from diabolo.checks.finding import Finding
from diabolo.checks.naming import called
from diabolo.checks.rule import Example, Rule
from diabolo.checks.rules.shared.kinds import POOLS, RANDOM_IN_TRAINING, RESHAPING
from diabolo.checks.rules.shared.purpose import has_narrow_waist, is_autoencoder
from diabolo.checks.rules.shared.walk import before
from diabolo.checks.subject import Subject

_BETWEEN = POOLS | RESHAPING | RANDOM_IN_TRAINING


def _check(subject: Subject) -> Iterator[Finding]:
    for graph in subject.graphs:
        if not has_narrow_waist(graph) or is_autoencoder(subject, graph) == "no":
            continue
        latent = graph[graph.latent]
        relu = latent if latent.kind not in _BETWEEN else before(graph, latent, passing=_BETWEEN)
        if relu is not None and relu.kind == "relu":
            yield RULE.finding(
                f"the latent {called(latent)} comes out of a ReLU: half of what it could say, the negative values, is "
                "cut off",
                place=relu.place,
                node=relu.name,
                model=graph.name,
                remedy="Let the last layer of the encoder have no activation; the decoder's first one has its own.",
            )


_KERAS = """
image = Input((32, 32, 3))
x = Conv2D(32, 3, padding='same', activation='relu')(image)
x = MaxPooling2D()(x)
x = Conv2D(8, 3, padding='same'{activation})(x)
encoded = MaxPooling2D()(x)
x = UpSampling2D()(encoded)
x = Conv2D(32, 3, padding='same', activation='relu')(x)
x = UpSampling2D()(x)
decoded = Conv2D(3, 3, padding='same', activation='sigmoid')(x)
autoencoder = Model(image, decoded)
"""

RULE = Rule(
    code="AE304",
    name="relu-at-bottleneck",
    severity="note",
    summary="the latent comes out of a ReLU",
    why=(
        "A latent value behind a ReLU is never negative, and 0 for every image where a channel has died: the latent "
        "is then narrower than its shape says. The first layer of the decoder has an activation of its own, so "
        "nothing is lost where the latent has none, and principal components, which a latent is measured against, "
        "are linear too.\n\n"
        "Measured on the bundled sample with the network of `bn-relu`, 20 epochs, one seed (`benchmarks/rules.py`): "
        "24.05 dB on the test images without the encoder's last ReLU, 23.81 dB with it. That is little, and one seed."
    ),
    remedy="Leave the activation of the encoder's last layer out.",
    fires=(
        Example(code=_KERAS.format(activation=", activation='relu'")),
        Example(line="conv16 relu pool | up conv16 relu conv3 sigmoid"),
    ),
    clean=(
        Example(code=_KERAS.format(activation="")),
        Example(line="conv32 relu pool conv16 pool | conv32 relu up conv32 relu up conv3 sigmoid"),
        Example(line="conv16 relu bn pool | conv16 relu up conv3 sigmoid", says="bn moves the values around 0 again"),
    ),
    check=_check,
)
