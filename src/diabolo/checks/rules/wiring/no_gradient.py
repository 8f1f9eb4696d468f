"""AE106: trainable parameters that no gradient reaches."""

import re
from collections.abc import Iterator

from diabolo.checks.finding import Finding
from diabolo.checks.naming import called, called_in, listed
from diabolo.checks.rule import Example, Rule
from diabolo.checks.rules.shared.kinds import LINEAR_LAYERS
from diabolo.checks.rules.shared.problems import problems_of
from diabolo.checks.rules.shared.purpose import reconstructs_or_maps_images
from diabolo.checks.rules.shared.walk import ancestors
from diabolo.checks.subject import Subject
from diabolo.graph import ModelGraph, Node

_LEARNED_OTHERWISE = frozenset({"vq", "fsq", "embedding"})
"""Codebooks, which averages or a loss of their own teach."""
_GIVES_WEIGHTS = re.compile(
    r"load(?!_data|er)|pretrain|weights\s*=|weight(\.data)?\s*=|set_weights|from_|checkpoint|restore|hub\b|copy|Parameter\(|discriminator|"
    r"teacher|ema\b|imagenet|random[ _]feature",
    re.IGNORECASE,
)
"""Words of a source that gives frozen layers weights on purpose, or trains them elsewhere."""


def _check(subject: Subject) -> Iterator[Finding]:
    yield from problems_of(subject, RULE)
    for graph in subject.graphs:
        yield from _frozen_at_random(subject, graph)
        blocks = {node.name for node in graph.layers if node.blocks_gradient}
        if not blocks or not reconstructs_or_maps_images(subject, graph):
            continue  # a head on detached features is trained by itself on purpose
        ends = [graph.output, *graph.outputs, *_ends_of_losses(subject, graph)]
        fed = ancestors(graph, ends, stops=blocks)
        cut_off = [node for node in graph.layers if node.name not in fed - blocks and _is_learned(node)]
        for block in (graph[name] for name in sorted(blocks & fed)):
            starved = [node for node in cut_off if node.name in ancestors(graph, [block.name])]
            if starved:
                yield _finding(graph, block, starved)


def _frozen_at_random(subject: Subject, graph: ModelGraph) -> Iterator[Finding]:
    """Frozen layers beside trained ones, in a source that loads no weights: they keep their initial, random ones."""
    source = "\n".join(subject.cells) or subject.text or ""
    layers = [node for node in graph.layers if node.kind in LINEAR_LAYERS]
    frozen = [node for node in layers if not node.is_trainable]
    if not frozen or len(frozen) == len(layers) or not source or subject.is_line:
        return
    if len(subject.trainings) > 1 or _GIVES_WEIGHTS.search(source):
        return  # trained before, or in turn with another model
    names = listed([called_in(graph, node, brief=True) for node in frozen])
    verb = ("is", "its") if len(frozen) == 1 else ("are", "their")
    yield RULE.finding(
        f"{names} {verb[0]} frozen, and nothing here loads trained weights: {verb[1]} random initial ones stay",
        place=frozen[0].place,
        node=frozen[0].name,
        model=graph.name,
        severity="warning",
        remedy="Train it with the rest, or load the weights that it was meant to keep.",
    )


def _ends_of_losses(subject: Subject, graph: ModelGraph) -> Iterator[str]:
    """Nodes that a loss with a gradient reads, beside the outputs."""
    for training in subject.trainings:
        for term in training.losses:
            if (
                term.has_gradient
                and term.output in graph.by_name
                and subject.graph(term.graph or training.graph) is graph
            ):
                yield term.output


def _is_learned(node: Node) -> bool:
    learns = bool(node.num_trainable) and node.is_trainable and node.kind not in _LEARNED_OTHERWISE
    return learns and not node.is_reached


def _finding(graph: ModelGraph, block: Node, starved: list[Node]) -> Finding:
    names = listed([called_in(graph, node, brief=True) for node in starved])
    many = "is" if len(starved) == 1 else "are"
    # A part that is run without gradients as a whole may have been trained before; a cut in its middle was not meant.
    on_purpose = block.title == "no_grad" or (
        all(node.section == "encoder" for node in starved) and _is_whole(graph, starved)
    )
    return RULE.finding(
        f"no gradient goes through {called(block)}, so {names} {many} never trained",
        place=block.place,
        node=block.name,
        model=graph.name,
        severity="warning" if on_purpose else None,
        remedy=(
            "Take it out of the way of the gradient; where that part is trained before and kept, freeze it openly "
            "(`requires_grad_(False)`, `trainable = False`)."
        ),
    )


def _is_whole(graph: ModelGraph, starved: list[Node]) -> bool:
    """Whether all of the encoder is cut off at once."""
    names = {node.name for node in starved}
    return all(node.name in names for node in graph.layers if node.section == "encoder" and _is_learned(node))


_MODULE = """
class AutoEncoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.down = nn.Conv2d(3, 8, 4, stride=2, padding=1)
        self.up = nn.ConvTranspose2d(8, 3, 4, stride=2, padding=1)

    def forward(self, images):
        codes = {codes}
        return torch.sigmoid(self.up(codes))
"""
_FROZEN = """
encoder = keras.Sequential([
    keras.Input((28, 28, 1)),
    layers.Conv2D(16, 3, strides=2, padding='same', activation='relu', trainable=False),
    layers.Conv2D(8, 3, strides=2, padding='same'),
])
{load}
decoder = keras.Sequential([
    keras.Input((7, 7, 8)),
    layers.Conv2DTranspose(16, 4, strides=2, padding='same', activation='relu'),
    layers.Conv2DTranspose(1, 4, strides=2, padding='same', activation='sigmoid'),
])
image = keras.Input((28, 28, 1))
autoencoder = keras.Model(image, decoder(encoder(image)))
"""

RULE = Rule(
    code="AE106",
    name="no-gradient",
    severity="error",
    summary="trainable parameters that no gradient reaches",
    why=(
        "`detach()`, `stop_gradient`, rounding, argmax and a trip through numpy let values through and no gradient. "
        "What lies before them keeps its initial weights: the decoder learns to make the best of random features, so "
        "the loss does fall, only not far. Where quantising is meant, the straight-through estimator "
        "`z + (q - z).detach()` hands the gradient on. Under `no_grad` it is a warning: the part may be a trained one "
        "that is kept. So are layers that are frozen in a source that loads no weights."
    ),
    remedy="Take the cut out of the path, hand the gradient past it, or freeze the part openly.",
    fires=(
        Example(code=_MODULE.format(codes="self.down(images).detach()"), says="the encoder is never trained"),
        Example(code=_MODULE.format(codes="torch.round(self.down(images))"), says="rounding has gradient 0 everywhere"),
        Example(code=_FROZEN.replace("{load}", ""), says="frozen, and never trained before: a warning"),
    ),
    clean=(
        Example(code=_MODULE.format(codes="self.down(images)")),
        Example(
            code=_MODULE.format(
                codes="self.down(images)\n        codes = codes + (torch.round(codes) - codes).detach()"
            ),
            says="the straight-through estimator",
        ),
        Example(
            code=_FROZEN.replace("{load}", "encoder.load_weights('encoder.weights.h5')"),
            says="a trained encoder is kept",
        ),
    ),
    check=_check,
)
