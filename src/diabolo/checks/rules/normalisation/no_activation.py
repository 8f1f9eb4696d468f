"""AE309: two convolutions with nothing in between that bends: together they are one."""

from collections.abc import Iterator

from diabolo.checks.finding import Finding
from diabolo.checks.naming import called, called_in
from diabolo.checks.rule import Example, Rule
from diabolo.checks.rules.shared.edits import built
from diabolo.checks.rules.shared.kinds import ACTIVATIONS, LINEAR_LAYERS, OPAQUE, RANDOM_IN_TRAINING, RESHAPING
from diabolo.checks.rules.shared.walk import before
from diabolo.checks.subject import Subject
from diabolo.graph import ModelGraph, Node

_STRAIGHT = frozenset({"bn", "avgpool", "up", *RANDOM_IN_TRAINING, *RESHAPING})
"""Kinds that are straight lines in evaluation; a convolution on both sides of them stays one linear map."""
_BENDING = ACTIVATIONS | {
    "pool",
    "gdn",
    "attention",
    "vq",
    "fsq",
    "gaussian",
    "sample",
    "ln",
    "gn",
    "in",
    "rms",
    "recurrent",
}


def _check(subject: Subject) -> Iterator[Finding]:
    for graph in (*subject.graphs, *subject.loose):
        found = [(first, second) for first, second in _in_a_row(graph) if not _is_meant(graph, first, second)]
        if not found:
            continue
        hidden = {node.kind for node in graph.layers if node.name != graph.output}
        is_linear = not hidden & (_BENDING | OPAQUE | {"arithmetic", "multiply"})
        first, second = found[0]
        more = f" (and {len(found) - 1} more such pairs)" if len(found) > 1 else ""
        yield RULE.finding(
            f"nothing bends between {called(first)} and {called_in(graph, second)}{more}: "
            "together they are no more than one linear layer",
            place=built(subject, graph, second),
            node=second.name,
            model=graph.name,
            severity="note" if is_linear else None,
            remedy=(
                "Put an activation in between. A network without any is a linear map, and principal components give "
                "the best one in closed form."
                if is_linear
                else f"Put an activation behind {called(first, brief=True)}, or leave one of the two out."
            ),
        )


def _in_a_row(graph: ModelGraph) -> Iterator[tuple[Node, Node]]:
    for second in graph.layers:
        if second.kind in LINEAR_LAYERS:
            first = before(graph, second, passing=_STRAIGHT)
            if first is not None and first.kind in LINEAR_LAYERS:
                yield first, second


def _is_meant(graph: ModelGraph, first: Node, second: Node) -> bool:
    """Whether it is one on purpose: low rank, depthwise, a linear latent, a tensor that is read elsewhere too."""
    for node in (first, second):
        if node.attributes.get("k") == 1 or node.attributes.get("groups", 1) != 1:
            return True
        if isinstance(node.attributes.get("k"), tuple):
            return True  # a kernel of 1×n and one of n×1
    if not _are_neighbours(graph, first, second) or _narrows(graph, first):
        return True
    current = second
    while current is not first:
        current = graph[current.inputs[0]]
        if current.name == graph.latent or current.name in graph.outputs:
            return True
        if len([reader for reader in graph.consumers(current.name) if reader.name in graph.connected]) > 1:
            return True
    return False


def _are_neighbours(graph: ModelGraph, first: Node, second: Node) -> bool:
    """Whether two layers are of one half: where an encoder ends with a linear layer and a decoder begins with one, the
    latent lies in between, whether or not the graph shows it."""
    if first.section != second.section or (first.kind == "dense") != (second.kind == "dense"):
        return False
    if first.kind == second.kind != "dense" or graph.latent:
        return True
    containers = [node.variable.rpartition("[")[0] for node in (first, second)]
    if containers[0] != containers[1]:
        return False
    return first.kind != "dense" or _units(first) >= _units(second)


def _units(node: Node) -> int:
    units = node.attributes.get("units")
    return units if isinstance(units, int) else 0


def _narrows(graph: ModelGraph, node: Node) -> bool:
    """Whether a layer puts out fewer channels than it reads: a latent, or the first of two factors of low rank."""
    before_it, after_it = graph[node.inputs[0]].shape, node.shape
    return bool(before_it and after_it) and 0 < after_it[-1] < before_it[-1]


_KERAS = """
image = Input((32, 32, 3))
x = Conv2D(32, 3, padding='same'{activation})(image)
x = Conv2D(32, 3, padding='same', activation='relu')(x)
encoded = MaxPooling2D()(x)
x = UpSampling2D()(encoded)
decoded = Conv2D(3, 3, padding='same', activation='sigmoid')(x)
autoencoder = Model(image, decoded)
"""

RULE = Rule(
    code="AE309",
    name="no-activation",
    severity="warning",
    summary="nothing bends between two convolutions",
    why=(
        "`Conv2D` and `nn.Conv2d` have no activation unless one is written. Two of them in a row, even with batch "
        "normalisation or up-sampling in between, are one linear map: a 3×3 on a 3×3 convolution is a 5×5 one, at "
        "more cost and with less freedom. Layers with 1×1, grouped or flat kernels, a first "
        "one that narrows, and a latent between the two, are taken as meant. Two halves that meet in a linear latent "
        "are, too. A network that bends nowhere is noted "
        "once: it can be no better than principal components, "
        "though they are good (34.8 dB for a linear map of 4×4 blocks on CIFAR-10 at 1,024 values)."
    ),
    remedy="Write the activation that is missing, or merge the two layers.",
    fires=(
        Example(code=_KERAS.format(activation="")),
        Example(line="conv32 conv32 relu pool | conv16 relu up conv3 sigmoid"),
    ),
    clean=(
        Example(code=_KERAS.format(activation=", activation='relu'")),
        Example(line="conv16 relu pool conv8 | conv16 relu up conv3 sigmoid", says="a linear latent, on purpose"),
        Example(
            line="conv32[groups=1 k=1] conv32 relu pool | conv16 relu up conv3 sigmoid", says="1×1 mixes channels first"
        ),
    ),
    check=_check,
)
