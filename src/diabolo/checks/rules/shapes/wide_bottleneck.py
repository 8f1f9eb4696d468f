"""AE204: the latent is not smaller than the image, so it need not leave anything out."""

import math
from collections.abc import Iterator

from diabolo.checks.finding import Finding
from diabolo.checks.naming import called
from diabolo.checks.rule import Example, Rule
from diabolo.checks.rules.shared.kinds import BOTTLENECKS, RANDOM_IN_TRAINING
from diabolo.checks.rules.shared.purpose import has_narrow_waist, is_autoencoder, trainings_of
from diabolo.checks.rules.shared.walk import ancestors, is_known
from diabolo.checks.subject import Subject
from diabolo.graph import ModelGraph
from diabolo.vocabulary import describe


def _check(subject: Subject) -> Iterator[Finding]:
    for graph in subject.graphs:
        if not has_narrow_waist(graph) or is_autoencoder(subject, graph) == "no":
            continue
        latent = graph[graph.latent]
        output = graph[graph.output]
        if is_known(output) and output.shape != graph.input_shape:
            continue
        if not is_known(latent) or not is_known(graph.input):
            continue
        num_latent, num_image = math.prod(latent.shape), math.prod(graph.input_shape)
        if num_latent < num_image or _is_limited_otherwise(subject, graph):
            continue
        yield RULE.finding(
            f"the latent {called(latent)} holds {describe(latent.shape)} = {num_latent:,} values, "
            f"the image {describe(graph.input_shape)} = {num_image:,}",
            place=latent.place,
            node=latent.name,
            model=graph.name,
            remedy="Give it fewer channels or shrink the map further, or train it to remove noise.",
        )


def _is_limited_otherwise(subject: Subject, graph: ModelGraph) -> bool:
    """Noise, sparsity, a code or a prior limit what the latent says; so does a target that is not the input."""
    encoder = [graph[name] for name in ancestors(graph, [graph.latent])]
    if any(node.kind in BOTTLENECKS | RANDOM_IN_TRAINING or node.attributes.get("regularised") for node in encoder):
        return True
    return any(
        training.inputs is not None and training.targets is not None and training.inputs.text != training.targets.text
        for training in trainings_of(subject, graph)
    )


_WIDE = """
image = Input((32, 32, 3))
x = Conv2D(64, 3, padding='same', activation='relu')(image)
x = MaxPooling2D()(x)
x = Conv2D({channels}, 3, padding='same', activation='relu')(x)
encoded = MaxPooling2D()(x)
x = UpSampling2D()(encoded)
x = Conv2D(64, 3, padding='same', activation='relu')(x)
x = UpSampling2D()(x)
decoded = Conv2D(3, 3, padding='same', activation='sigmoid')(x)
autoencoder = Model(image, decoded)
autoencoder.fit({data}, epochs=10)
"""

RULE = Rule(
    code="AE204",
    name="wide-bottleneck",
    severity="warning",
    summary="the latent is not smaller than the image",
    why=(
        "A latent with as many values as the image can hold the image itself: the network need not find out what "
        "matters, and a low loss says nothing. The number of channels hides it: 8×8 with 64 channels is 4,096 values, "
        "a CIFAR-10 image 3,072. How much a small latent can hold, a linear map shows: of CIFAR-10's test images, "
        "1,024 of 3,072 values chosen by principal components give 37.9 dB.\n\n"
        "Noise, dropout or a penalty before the latent, a variational or quantised bottleneck, and a target that is "
        "not the input limit it in another way: then the rule is silent."
    ),
    remedy=(
        "Shrink the latent, or limit what it can say: noise on the input, a sparsity penalty, a `gaussian` or `vq` "
        "bottleneck."
    ),
    fires=(
        Example(code=_WIDE.format(channels=64, data="x_train, x_train"), says="8×8×64 is more than 32×32×3"),
        Example(line="conv64 relu pool conv64 relu pool | up conv64 relu up conv3 sigmoid"),
    ),
    clean=(
        Example(code=_WIDE.format(channels=16, data="x_train, x_train")),
        Example(code=_WIDE.format(channels=64, data="x_train_noisy, x_train"), says="trained to remove noise"),
        Example(line="noise conv64 relu pool conv64 relu pool | up conv64 relu up conv3 sigmoid"),
    ),
    check=_check,
)
