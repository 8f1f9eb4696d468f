"""AE103: a variable is given another value before anything has read the layer's result in it."""

from collections.abc import Iterator

from diabolo.checks.finding import Edit, Finding, Fix
from diabolo.checks.naming import called
from diabolo.checks.rule import Example, Rule
from diabolo.checks.rules.shared.kinds import LAYER_KINDS
from diabolo.checks.rules.shared.problems import problems_of
from diabolo.checks.rules.shared.walk import dead_end
from diabolo.checks.rules.wiring.shared import may_read, overwriting
from diabolo.checks.subject import Subject
from diabolo.graph import ModelGraph, Node, Place


def _check(subject: Subject) -> Iterator[Finding]:
    yield from problems_of(subject, RULE)
    seen: set[Place | None] = set()
    for graph in (*subject.graphs, *subject.loose):
        for node in graph.unconnected:
            heir = overwriting(graph, node)
            if heir is None or node.kind not in LAYER_KINDS or node.place in seen:
                continue
            if any(
                other.place == node.place
                for another in subject.graphs
                if another is not graph
                for other in another.layers
            ):
                continue  # another model uses it
            seen.add(node.place)
            yield _finding(graph, node, heir, dead_end(graph, node)[1])


def _finding(graph: ModelGraph, node: Node, heir: Node, parent: Node | None) -> Finding:
    assert node.overwritten is not None
    assert parent is not None
    what = f"the {heir.title} that is assigned there"
    return RULE.finding(
        f"result of {called(node)} is overwritten in row {node.overwritten.row} before anything reads it; "
        f"{what} takes {called(parent, brief=True)}",
        place=node.place,
        node=node.name,
        model=graph.name,
        remedy=f"Let {what} take `{node.variable}`, or delete this call.",
        fix=_fix(node, heir, parent) if may_read(graph, heir, parent, node) else None,
    )


def _fix(node: Node, heir: Node, parent: Node) -> Fix | None:
    """Lets the heir read the overwritten result: not safe, the function becomes what the writer meant."""
    if not node.variable.isidentifier():
        return None
    places = [place for name, place in zip(heir.inputs, heir.input_places, strict=False) if name == parent.name]
    if len(places) != 1 or places[0] is None:
        return None
    row = 0 if heir.place is None else heir.place.row
    edit = Edit(place=places[0], text=node.variable)
    return Fix(edits=(edit,), is_safe=False, message=f"Let the {heir.title} in row {row} take this result")


_EXAMPLE = """
inputs = keras.Input((32, 32, 3))
x = layers.Conv2D(16, 3, padding='same')(inputs)
y = layers.BatchNormalization()(x)
y = layers.ReLU()({taken})
outputs = layers.Conv2D(3, 3, padding='same', activation='sigmoid')(y)
model = keras.Model(inputs, outputs)
"""

RULE = Rule(
    code="AE103",
    name="overwritten-result",
    severity="error",
    summary="a layer's result is overwritten before anything reads it",
    why=(
        "The layer is a dead branch (AE101) that hides behind a re-used name: the code reads as if each line went on "
        "from the line before, but one of them takes an older tensor, so what stood between is dropped. The model "
        "trains, and is not the one that was written down."
    ),
    remedy="Let the later call take the earlier result, or delete the earlier call.",
    fires=(
        Example(code=_EXAMPLE.format(taken="x"), says="the ReLU takes `x` where `y` was meant"),
        Example(
            code="""
class AutoEncoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 3, 3, padding=1)
        self.conv2 = nn.Conv2d(3, 8, 3, padding=1)
        self.out = nn.Conv2d(8, 3, 3, padding=1)

    def forward(self, images):
        hidden = F.relu(self.conv1(images))
        hidden = F.relu(self.conv2(images))
        return torch.sigmoid(self.out(hidden))
""",
        ),
    ),
    clean=(
        Example(code=_EXAMPLE.format(taken="y")),
        Example(
            code="""
inputs = keras.Input((32, 32, 3))
x = layers.Conv2D(16, 3, padding='same', activation='relu')(inputs)
skip = x
x = layers.Conv2D(16, 3, padding='same', activation='relu')(inputs)
x = layers.Add()([skip, x])
outputs = layers.Conv2D(3, 3, padding='same', activation='sigmoid')(x)
model = keras.Model(inputs, outputs)
""",
            says="the first result is kept under a second name",
        ),
    ),
    check=_check,
    fix="unsafe",
)
