"""AE203: a side is halved to a fraction and rounded, and up-sampling does not bring it back."""

from collections.abc import Iterator

from diabolo.checks.finding import Finding
from diabolo.checks.naming import called
from diabolo.checks.rule import Example, Rule
from diabolo.checks.rules.shared.kinds import MERGES, POOLS
from diabolo.checks.rules.shared.scale import reduction, step_of
from diabolo.checks.rules.shared.walk import ancestors, before, is_known, main_path
from diabolo.checks.subject import Subject
from diabolo.graph import ModelGraph, Node
from diabolo.vocabulary import describe

_GROWING = frozenset({"up", "deconv", "shuffle"})


def _check(subject: Subject) -> Iterator[Finding]:
    for graph in subject.graphs:
        if not any(node.kind in _GROWING for node in graph.layers):
            continue
        if is_known(graph.input) and len(graph.input_shape) == 3:
            if is_known(graph[graph.output]) and graph[graph.output].shape[:2] != graph.input_shape[:2]:
                yield from _rounded(graph)
        elif len(graph.input_shape) == 3:
            yield from _needs_multiples(graph)


def _rounded(graph: ModelGraph) -> Iterator[Finding]:
    """The first layer that rounds, where the sizes are known and do not come back."""
    for node in main_path(graph) or ():
        above = before(graph, node)
        step = step_of(node)
        if above is None or step < 2 or node.kind not in POOLS | {"conv"} or not (is_known(above) and is_known(node)):
            continue
        if len(above.shape) == 3 and any(side % step for side in above.shape[:2]):
            yield RULE.finding(
                f"{called(node)} makes {describe(node.shape[:2])} of {describe(above.shape[:2])}, which is not "
                "divisible "
                f"by {step}: up-sampling gives {describe(tuple(side * step for side in node.shape[:2]))}",
                place=node.place,
                node=node.name,
                model=graph.name,
                remedy=(
                    f"Pad or resize the images to a multiple of {reduction(graph)}, as with `ZeroPadding2D`, or crop "
                    "the "
                    "output to the input's size."
                ),
            )
            return


def _needs_multiples(graph: ModelGraph) -> Iterator[Finding]:
    """A skip connection over pooling and up-sampling, where the image's size is not known."""
    steps = reduction(graph)
    if steps < 2:
        return
    for node in graph.layers:
        if node.kind in MERGES and len(node.inputs) == 2 and _joins_sizes(graph, node):
            yield RULE.finding(
                f"{called(node)} joins a map that was shrunk and grown again with one that was not: that fits only "
                f"images whose sides are multiples of {steps}",
                place=node.place,
                node=node.name,
                model=graph.name,
                severity="note",
                remedy=f"Pad the images to a multiple of {steps}, or resize the grown map to the other's size.",
            )
            return


def _joins_sizes(graph: ModelGraph, node: Node) -> bool:
    """Whether exactly one side comes through a growing layer that stands behind all of the other side."""
    left, right = (ancestors(graph, [name]) for name in node.inputs)
    beyond = [graph[name] for name in left ^ right]
    grown, resized = (
        any(part.kind in _GROWING for part in beyond),
        any(part.kind in ("resize", "crop", "pad") for part in beyond),
    )
    return grown and any(step_of(part) > 1 for part in beyond) and not resized


_SIZES = """
images = Input(shape=({size}, {size}, 1))
x = Conv2D(16, 3, activation='relu', padding='same')(images)
x = MaxPooling2D(2, padding='same')(x)
x = Conv2D(8, 3, activation='relu', padding='same')(x)
encoded = MaxPooling2D(2, padding='same')(x)
x = UpSampling2D(2)(encoded)
x = Conv2D(16, 3, activation='relu', padding='same')(x)
x = UpSampling2D(2)(x)
decoded = Conv2D(1, 3, activation='sigmoid', padding='same')(x)
autoencoder = Model(images, decoded)
"""

RULE = Rule(
    code="AE203",
    name="odd-size",
    severity="warning",
    summary="an odd side is rounded and does not come back",
    why=(
        "Pooling or striding by 2 makes 15 of 30 and 8 (or 7) of 15; up-sampling by 2 makes 16 (or 14) of it. Each "
        "stage that rounds shifts the size for good, so the output does not fit the image "
        "([keras-team/keras#3489](https://github.com/keras-team/keras/issues/3489)). Where the image's size is not "
        "known, a note says which multiples a skip connection needs."
    ),
    remedy="Choose image sizes that are divisible by the whole reduction, pad the input, or crop the output.",
    fires=(Example(code=_SIZES.format(size=30), says="30, 15, 8: up again 16, 32"),),
    clean=(
        Example(code=_SIZES.format(size=28), says="28, 14, 7: up again 14, 28"),
        Example(
            code=_SIZES.format(size=30).replace("Model(images, decoded)", "Model(images, Cropping2D(1)(decoded))"),
            says="what is too much is cropped",
        ),
    ),
    check=_check,
)
