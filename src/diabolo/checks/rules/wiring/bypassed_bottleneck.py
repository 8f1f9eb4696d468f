"""AE105: the reconstruction reaches the input by a way that does not lead through the latent."""

from collections.abc import Iterator

from diabolo.checks.finding import Finding
from diabolo.checks.naming import called
from diabolo.checks.rule import Example, Rule
from diabolo.checks.rules.shared.kinds import ACTIVATIONS, LINEAR_LAYERS, MERGES, NORMALISATIONS, POOLS
from diabolo.checks.rules.shared.purpose import is_autoencoder, is_called_latent
from diabolo.checks.rules.shared.walk import ancestors
from diabolo.checks.subject import Subject
from diabolo.graph import ModelGraph, Node

_SURE = LINEAR_LAYERS | NORMALISATIONS | ACTIVATIONS | POOLS | {"sample", "flatten"}
"""Kinds of latents that a decoder reads as they are, unlike the numbers of codes."""


def _check(subject: Subject) -> Iterator[Finding]:
    for graph in subject.graphs:
        if graph.origin == "line" or is_autoencoder(subject, graph) == "no":
            continue
        images = _images(graph)
        seen = ancestors(graph, [graph.output])
        for latent in _latents(graph):
            if latent.name not in seen:
                yield _ignored(graph, latent)
            elif images in ancestors(graph, [graph.output], stops=_named(graph) | _whole(graph, latent)):
                yield from _bypassed(graph, latent)


def _latents(graph: ModelGraph) -> list[Node]:
    """What its writer calls the latent, the last of each name; not where several parts make up the latent."""
    named = [node for node in graph.layers if is_called_latent(node)]
    by_name = {node.variable: node for node in named}
    return list(by_name.values()) if len(by_name) == 1 else []


def _named(graph: ModelGraph) -> set[str]:
    """All nodes that are called the latent: one name may be given anew, as where noise is added."""
    return {node.name for node in graph.layers if is_called_latent(node)}


def _images(graph: ModelGraph) -> str:
    """The input that is reconstructed: of several the one of the output's shape; a label may go past the latent."""
    inputs = [node for node in graph.nodes if node.kind == "input"]
    alike = [node for node in inputs if node.shape and node.shape == graph[graph.output].shape]
    return (alike or inputs or [graph.input])[0].name


def _whole(graph: ModelGraph, latent: Node) -> set[str]:
    """The latent's siblings: nodes of the same call, as of a tuple that is taken apart."""
    return {node.name for node in graph.layers if node.place == latent.place and latent.place is not None}


def _ignored(graph: ModelGraph, latent: Node) -> Finding:
    return RULE.finding(
        f"the reconstruction {called(graph[graph.output], brief=True)} does not depend on {called(latent)}: "
        "the decoder is fed with something else",
        place=latent.place,
        node=latent.name,
        model=graph.name,
        severity=None if latent.kind in _SURE else "warning",
        remedy=f"Let the decoder's first layer take {called(latent, brief=True)}.",
    )


def _bypassed(graph: ModelGraph, latent: Node) -> Iterator[Finding]:
    images = _images(graph)
    order = [node for node in graph.layers if node.kind in MERGES and len(node.inputs) > 1]
    through = [
        node
        for node in order
        if node.name not in _named(graph)
        and latent.name in ancestors(graph, [node.name])
        and any(images in ancestors(graph, [name], stops=_named(graph)) for name in node.inputs)
    ]
    if not through:
        return
    at = through[0]
    yield RULE.finding(
        f"the reconstruction sees the input past {called(latent, brief=True)}, joined in by {called(at)}",
        place=at.place,
        node=at.name,
        model=graph.name,
        severity="warning",
        remedy=(
            "Leave the skip connection out, so that everything goes through the latent; a network that only removes "
            "noise may keep it, but then its latent says nothing about the image."
        ),
    )


_SKIP = """
image = Input((32, 32, 3))
h = Conv2D(32, 3, padding='same', activation='relu')(image)
encoded = MaxPooling2D()(Conv2D(8, 3, padding='same', activation='relu')(h))
up = UpSampling2D()(encoded)
{join}
decoded = Conv2D(3, 3, padding='same', activation='sigmoid')(x)
autoencoder = Model(image, decoded)
autoencoder.compile(optimizer='adam', loss='mse')
autoencoder.fit({data}, epochs=20, batch_size=128)
"""
_CONCATENATED = _SKIP.replace("{join}", "x = Concatenate()([up, h])")
_PLAIN = _SKIP.replace("{join}", "x = Conv2D(32, 3, padding='same', activation='relu')(up)")

RULE = Rule(
    code="AE105",
    name="bypassed-bottleneck",
    severity="error",
    summary="the reconstruction has a way around the latent",
    why=(
        "An autoencoder learns because everything must go through its latent. With a skip connection from the encoder "
        "to the decoder the network can copy its input along it: the loss falls to almost nothing at once, and the "
        "latent carries next to nothing. The U-Net is built so on purpose, for tasks whose target is not the input. "
        "It is an error where the reconstruction does not depend on the latent at all, else a warning."
    ),
    remedy="Take the skip connection out of a model that is trained on its own input.",
    fires=(
        Example(
            code=_CONCATENATED.replace("{data}", "x_train, x_train"), says="the input's own features reach the decoder"
        ),
    ),
    clean=(
        Example(code=_PLAIN.replace("{data}", "x_train, x_train")),
        Example(
            code=_CONCATENATED.replace("{data}", "x_train, masks"), says="a U-Net that is trained on other targets"
        ),
        Example(
            line="conv16 relu pool res{conv16 relu conv16} | conv16 relu up conv3 sigmoid",
            says="a residual block inside of one half",
        ),
    ),
    check=_check,
)
