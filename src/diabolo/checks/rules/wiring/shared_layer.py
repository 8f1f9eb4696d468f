"""AE104: one layer object, with one set of weights, called in several places of a chain."""

from collections.abc import Iterator

from diabolo.checks.finding import Finding
from diabolo.checks.naming import listed
from diabolo.checks.rule import Example, Rule
from diabolo.checks.rules.shared.edits import text_at
from diabolo.checks.rules.shared.kinds import LINEAR_LAYERS, NORMALISATIONS
from diabolo.checks.rules.shared.walk import ancestors
from diabolo.checks.subject import Subject
from diabolo.graph import ModelGraph, Node, Place

_LEARNED = LINEAR_LAYERS | NORMALISATIONS
_WHOLE_NETWORK = 4
"""So many learned layers called again together are a network that is applied again on purpose, as in a cycle loss."""


def _check(subject: Subject) -> Iterator[Finding]:
    for graph in subject.graphs:
        reused = _called_in_a_chain(graph)
        if len(reused) >= _WHOLE_NETWORK:
            continue
        for calls in reused.values():
            yield _finding(subject, graph, calls)


def _called_in_a_chain(graph: ModelGraph) -> dict[str, list[Node]]:
    """Calls of each layer that is called in several places of the source of which one depends on another."""
    calls: dict[str, dict[Place, Node]] = {}
    for node in graph.layers:
        if node.layer and node.place is not None and _is_learned(node):
            calls.setdefault(node.layer, {}).setdefault(node.place, node)  # a loop over one object is meant so
    chained = {}
    for layer, places in calls.items():
        nodes = list(places.values())
        if len(nodes) > 1 and any(nodes[0].name in ancestors(graph, [node.name]) for node in nodes[1:]):
            chained[layer] = nodes
    return chained


def _is_learned(node: Node) -> bool:
    """Whether it has weights or averages that the places would share; a normalisation may be built without."""
    if node.kind in NORMALISATIONS and node.kind != "bn":
        return node.num_trainable > 0
    return node.kind in _LEARNED


def _finding(subject: Subject, graph: ModelGraph, calls: list[Node]) -> Finding:
    rows = [str(node.place.row) for node in calls if node.place is not None]
    first, second = calls[0], calls[1]
    shared = "one set of moving averages" if first.kind == "bn" else "one set of weights"
    written = "" if second.place is None else text_at(subject, second.place).partition("(")[0]
    name = written if written.replace(".", "_").isidentifier() else first.title
    return RULE.finding(
        f"`{name}` ({first.title}) is called {len(calls)} times in one chain, in rows {listed(rows)}: "
        f"{shared} does the work of {len(calls)} layers",
        place=second.place,
        node=second.name,
        model=graph.name,
        remedy=f"Build a {first.title} for each place, unless the weights are shared on purpose.",
    )


_MODULE = """
class AutoEncoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 16, 3, padding=1)
        self.conv2 = nn.Conv2d(16, 16, 3, padding=1)
        self.bn1 = nn.BatchNorm2d(16)
        self.bn2 = nn.BatchNorm2d(16)
        self.out = nn.Conv2d(16, 3, 3, padding=1)

    def forward(self, x):
        x = F.relu(self.bn1(self.conv1(x)))
        x = F.relu(self.{second}(self.conv2(x)))
        return torch.sigmoid(self.out(x)){also}
"""

RULE = Rule(
    code="AE104",
    name="shared-layer",
    severity="warning",
    summary="one layer object is called in several places of a chain",
    why=(
        "A layer object holds one set of weights however often it is called. Called twice in a chain, the network is "
        "smaller than it reads, and both places pull at the same weights; a batch normalisation mixes the statistics "
        "of both into one moving average, so that it fits neither in evaluation. It happened in "
        "[joeylitalien/noise2noise-pytorch#7](https://github.com/joeylitalien/noise2noise-pytorch/issues/7): one "
        "block of the encoder stands in four stages.\n\n"
        "Calls beside each other (two images through one encoder), a loop over one object, and a whole network that "
        "is applied again are taken as meant."
    ),
    remedy="Build a layer for each place; where sharing is meant, say so with `# diabolo: ignore[shared-layer]`.",
    fires=(
        Example(code=_MODULE.format(second="bn1", also="").replace("        self.bn2 = nn.BatchNorm2d(16)\n", "")),
        Example(
            code="""
inputs = keras.Input((32, 32, 3))
conv = layers.Conv2D(3, 3, padding='same', activation='relu')
x = conv(inputs)
x = conv(x)
outputs = layers.Conv2D(3, 3, padding='same', activation='sigmoid')(x)
model = keras.Model(inputs, outputs)
""",
        ),
    ),
    clean=(
        Example(code=_MODULE.format(second="bn2", also="")),
        Example(
            code="""
left, right = keras.Input((32, 32, 3)), keras.Input((32, 32, 3))
shared = layers.Conv2D(16, 3, padding='same', activation='relu')
both = layers.Concatenate()([shared(left), shared(right)])
outputs = layers.Conv2D(3, 3, padding='same', activation='sigmoid')(both)
model = keras.Model([left, right], outputs)
""",
            says="two images through the same layer, on purpose",
        ),
        Example(
            code="""
class Refiner(nn.Module):
    def __init__(self):
        super().__init__()
        self.step = nn.Conv2d(3, 3, 3, padding=1)

    def forward(self, x):
        for _ in range(4):
            x = torch.tanh(self.step(x))
        return x
""",
            says="a loop over one object is meant to share it",
        ),
    ),
    check=_check,
)
