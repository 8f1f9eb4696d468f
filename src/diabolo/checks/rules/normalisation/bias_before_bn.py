"""AE301: a bias that the batch normalisation behind it takes away again."""

from collections.abc import Iterator

from diabolo.checks.finding import Edit, Finding, Fix
from diabolo.checks.naming import called
from diabolo.checks.rule import Example, Rule
from diabolo.checks.rules.shared.edits import built, set_anywhere, text_at
from diabolo.checks.rules.shared.kinds import BATCH_NORMALISATION, LINEAR_LAYERS
from diabolo.checks.rules.shared.walk import pairs
from diabolo.checks.subject import Subject
from diabolo.graph import ModelGraph, Node


def _check(subject: Subject) -> Iterator[Finding]:
    for graph in subject.graphs:
        biased = [first for first, _ in pairs(graph, LINEAR_LAYERS, BATCH_NORMALISATION) if _is_useless(graph, first)]
        if biased:
            yield _finding(subject, graph, biased)


def _is_useless(graph: ModelGraph, node: Node) -> bool:
    """Whether a layer has a bias and all that reads it is batch normalisation."""
    readers = [reader for reader in graph.consumers(node.name) if reader.name in graph.connected]
    if node.attributes.get("bias") is not True or node.name in (graph.output, *graph.outputs):
        return False
    if node.layer and any(
        other.layer == node.layer and other.kind == node.kind and other is not node for other in graph.layers
    ):
        return False  # a shared layer may stand elsewhere without bn
    return all(reader.kind in BATCH_NORMALISATION for reader in readers)


def _finding(subject: Subject, graph: ModelGraph, biased: list[Node]) -> Finding:
    """One finding a model, at the first of its layers."""
    first = biased[0]
    widths = [node.attributes.get("units" if node.kind == "dense" else "channels") for node in biased]
    channels = sum(width for width in widths if isinstance(width, int))
    also = f" and of {len(biased) - 1} more" if len(biased) > 1 else ""
    many = f" ({channels:,} parameters)" if all(isinstance(width, int) for width in widths) else ""
    written = {"line": "`bias=no`", "keras": "`use_bias=False`", "torch": "`bias=False`"}[graph.origin]
    return RULE.finding(
        f"the bias of {called(first)}{also} has no effect{many}: batch normalisation subtracts it with the mean",
        place=built(subject, graph, first),
        node=first.name,
        model=graph.name,
        remedy=f"Write {written}; the shift of the batch normalisation takes its place.",
        fix=_fix(subject, graph, biased),
    )


def _fix(subject: Subject, graph: ModelGraph, biased: list[Node]) -> Fix | None:
    """Leaves the biases out: safe, since what they add is subtracted again, so that the same function is computed."""
    names = ("bias",) if graph.origin == "torch" else ("use_bias",)
    edits: list[Edit] = []
    for node in biased:
        written = [text_at(subject, place) for name, place in node.arguments.items() if name in names]
        edit = set_anywhere(subject, graph, node, names, "False", on_line=("bias", "no"))
        if edit is None or written not in ([], ["True"]):
            return None  # an expression may have other values elsewhere
        edits.append(edit)
    return Fix(edits=tuple(dict.fromkeys(edits)), is_safe=True, message="Leave out the biases that bn subtracts")


_KERAS = """
image = Input((32, 32, 3))
x = Conv2D(16, 3, padding='same'{bias})(image)
x = BatchNormalization()(x)
x = Activation('relu')(x)
decoded = Conv2D(3, 3, padding='same', activation='sigmoid')(x)
model = Model(image, decoded)
"""

RULE = Rule(
    code="AE301",
    name="bias-before-bn",
    severity="note",
    summary="a bias stands right before batch normalisation",
    why=(
        "Batch normalisation subtracts each channel's mean, and with it any constant that was added before: the bias "
        "gets a gradient of zero and stays where it began. It costs memory and an addition, and its number in a "
        "summary misleads. The mending is safe: the same function is computed, and bn's own shift β is the bias. "
        "Weights that were saved before hold one tensor more; to load them, drop it and subtract it from bn's moving "
        "mean."
    ),
    remedy="Write `use_bias=False` (Keras), `bias=False` (PyTorch) or `[bias=no]` (line) for the layer before bn.",
    fires=(
        Example(code=_KERAS.format(bias="")),
        Example(line="conv16 bn relu pool | conv16[bias=no] bn relu up conv3 sigmoid"),
        Example(
            code=(
                "model = nn.Sequential(nn.Conv2d(3, 16, 3, padding=1), nn.BatchNorm2d(16), nn.ReLU(), nn.Conv2d(16, "
                "3, 1))\n"
            )
        ),
    ),
    clean=(
        Example(code=_KERAS.format(bias=", use_bias=False")),
        Example(code=_KERAS.format(bias=", activation='tanh'"), says="the bias moves the activation's bend"),
        Example(line="conv16 relu bn pool | conv16 relu bn up conv3 sigmoid", says="a ReLU stands in between"),
    ),
    check=_check,
    fix="safe",
)
