"""AE101: a layer is called and nothing reads its result, as in the question that started the project."""

from collections.abc import Iterator, Sequence
from dataclasses import replace

from diabolo.checks.finding import Edit, Finding, Fix
from diabolo.checks.naming import called, listed
from diabolo.checks.rule import Example, Rule
from diabolo.checks.rules.shared.kinds import (
    ACTIVATIONS,
    LAYER_KINDS,
    MERGES,
    NORMALISATIONS,
    OPAQUE,
    RANDOM_IN_TRAINING,
)
from diabolo.checks.rules.shared.walk import dead_end
from diabolo.checks.rules.wiring.shared import may_read, overwriting
from diabolo.checks.subject import Subject
from diabolo.graph import ModelGraph, Node

_SHAPE_KEEPING = ACTIVATIONS | NORMALISATIONS | RANDOM_IN_TRAINING


def _check(subject: Subject) -> Iterator[Finding]:
    seen: set[object] = set()
    for graph in (*subject.graphs, *subject.loose):
        if graph.input.kind == "input" and graph.input.name not in graph.connected:
            continue  # AE110: all of it hangs on something else
        for node in graph.unconnected:
            if not _is_dead_end(subject, graph, node) or (node.place, node.kind) in seen:
                continue
            finding = _finding(subject, graph, node)
            if finding is not None:
                yield finding
            if node.place is not None and graph.origin != "line":
                seen.add((node.place, node.kind))  # once for a loop, and for models that share it


def _is_dead_end(subject: Subject, graph: ModelGraph, node: Node) -> bool:
    """Whether a node is the end of a branch that leads nowhere; AE103 has what was overwritten by its heir."""
    if graph.consumers(node.name) or node.kind in ("input", "constant") or overwriting(graph, node) is not None:
        return False
    if node.attributes.get("inplace") is True or node.kind in OPAQUE or node.variable == "_":
        return False  # it changes its input, nobody knows what it does, or it is dropped openly
    return not _is_used_elsewhere(subject, graph, node)


def _is_used_elsewhere(subject: Subject, graph: ModelGraph, node: Node) -> bool:
    """Whether another model of the source, or a loss, reads it."""
    for training in subject.trainings:
        if any(term.output == node.name and subject.graph(term.graph) in (graph, None) for term in training.losses):
            return True
    if node.place is None or graph.origin == "line":
        return False
    return any(
        other.place == node.place and other.kind == node.kind
        for another in subject.graphs
        if another is not graph
        for other in another.layers
    )


def _finding(subject: Subject, graph: ModelGraph, node: Node) -> Finding | None:
    branch, parent = dead_end(graph, node)
    readers = _readers_instead(graph, branch, parent)
    is_loose = any(graph is loose for loose in subject.loose)
    is_layer = any(part.kind in LAYER_KINDS for part in branch)
    if not readers and (is_loose or not is_layer):
        return None  # without its last lines nobody knows what a snippet puts out; arithmetic may be for other eyes
    if not is_layer and subject.text is None and not subject.cells:
        return None  # a live model computes more than it hands on, as the variance beside the deviation
    message = f"result of {called(node)} is never used"
    if parent is not None and readers:
        verb = "takes" if len(readers) == 1 else "take"
        message += f"; {_names(readers)} {verb} {called(parent, brief=True)} instead"
    return RULE.finding(
        message,
        place=node.place,
        node=node.name,
        model=graph.name,
        severity=None if is_layer else "warning",
        remedy=_remedy(graph, node, readers),
        fix=_fix(subject, graph, branch, parent, readers),
    )


def _readers_instead(graph: ModelGraph, branch: Sequence[Node], parent: Node | None) -> tuple[Node, ...]:
    """The live nodes that come after the branch and read what it reads: they were meant to read the branch."""
    if parent is None:
        return ()
    order = {other.name: index for index, other in enumerate(graph.nodes)}
    readers = tuple(
        other
        for other in graph.consumers(parent.name)
        if other.name in graph.connected and order[other.name] > order[branch[-1].name]
    )
    if all(part.kind in _SHAPE_KEEPING for part in branch):
        return readers
    if len(readers) != 1 or readers[0].kind in MERGES or readers[0].kind == branch[0].kind:
        return ()  # a second branch beside the first, more likely than a layer that was meant to come before
    return readers


def _names(readers: Sequence[Node]) -> str:
    return listed([called(reader, brief=True) for reader in readers])


def _remedy(graph: ModelGraph, node: Node, readers: Sequence[Node]) -> str:
    if graph.origin == "line":
        return "Write it without the parentheses, or leave it out."
    if not readers:
        return "Hand its result to the next layer, or delete it."
    return f"Hand {called(node, brief=True)} to {_names(readers)}, or delete the layer."


def _fix(
    subject: Subject, graph: ModelGraph, branch: Sequence[Node], parent: Node | None, readers: Sequence[Node]
) -> Fix | None:
    """Lets what comes after read the branch's result: not safe, the function becomes what the writer meant."""
    node = branch[-1]
    if graph.origin == "line":
        return _without_parentheses(subject, branch)
    if parent is None or not readers or not all(may_read(graph, reader, parent, node) for reader in readers):
        return None
    message = f"Let {_names(readers)} take {called(node, brief=True)}"
    if node.statement is not None:  # the result has no name: it is given the one that the others read
        if not parent.variable.isidentifier():
            return None
        start = replace(node.statement, end=node.statement.start, end_row=0)
        return Fix(edits=(Edit(place=start, text=f"{parent.variable} = "),), is_safe=False, message=message)
    if not node.variable.isidentifier() or _is_given_again(graph, node, readers[-1]):
        return None
    places = [
        place
        for reader in readers
        for name, place in zip(reader.inputs, reader.input_places, strict=False)
        if name == parent.name
    ]
    if len(places) < len(readers) or any(place is None for place in places):
        return None
    edits = tuple(Edit(place=place, text=node.variable) for place in dict.fromkeys(places) if place is not None)
    return Fix(edits=edits, is_safe=False, message=message)


def _is_given_again(graph: ModelGraph, node: Node, reader: Node) -> bool:
    """Whether the branch's variable holds something else by the time that the reader is reached."""
    names = [other.name for other in graph.nodes]
    between = graph.nodes[names.index(node.name) + 1 : names.index(reader.name)]
    return any(other.variable == node.variable and other.place != node.place for other in between)


def _without_parentheses(subject: Subject, branch: Sequence[Node]) -> Fix | None:
    first, last, text = branch[0].place, branch[-1].place, subject.text or ""
    if first is None or last is None:
        return None
    left, right = first.start, last.end
    while left and text[left - 1].isspace():
        left -= 1
    while right < len(text) and text[right].isspace():
        right += 1
    if text[left - 1 : left] != "(" or text[right : right + 1] != ")":
        return None  # a branch of several forks or repeats
    whole = Edit(place=replace(first, start=left - 1, end=right + 1), text=text[first.start : last.end])
    return Fix(edits=(whole,), is_safe=False, message=f"Connect {called(branch[-1], brief=True)}")


_QUESTION = """
input_image = Input(shape=(32, 32, 3))
conv1 = Conv2D(64, (3, 3), activation='relu', padding='same')(input_image)
bnorm1 = BatchNormalization()(conv1)
mpool1 = MaxPooling2D((2, 2), padding='same')({taken})
up1 = UpSampling2D((2, 2))(mpool1)
decoded = Conv2D(3, (3, 3), activation='sigmoid', padding='same')(up1)
autoencoder = Model(input_image, decoded)
"""

_FORWARD = """
class AutoEncoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv = nn.Conv2d(3, 16, 3, padding=1)
        self.bn = nn.BatchNorm2d(16)
        self.out = nn.Conv2d(16, 3, 3, padding=1)

    def forward(self, x):
        x = F.relu(self.conv(x))
        {call}
        return torch.sigmoid(self.out(x))
"""

RULE = Rule(
    code="AE101",
    name="dead-branch",
    severity="error",
    summary="the result of a layer is never used",
    why=(
        "The layer is built and called, and the model behaves as if it were not there: it has no effect on the "
        "output, its parameters get no gradient, and Keras leaves it out of the compiled model without a word. In the "
        "question that started diabolo, four BatchNormalization layers were never connected: 18,851 parameters "
        "instead of 19,363, and two loss curves that were taken for a comparison of BatchNormalization.\n\n"
        "PyTorch keeps the layer's parameters in the model and in the summary, and says nothing "
        "([pytorch/pytorch#22436](https://github.com/pytorch/pytorch/issues/22436), "
        "[TylerYep/torchinfo#163](https://github.com/TylerYep/torchinfo/issues/163)). A branch of arithmetic or "
        "reshapes alone is a warning, since nothing is trained less for it."
    ),
    remedy=(
        "Hand the layer's result to the layer after it. Where it is meant to be left out, delete the call; on our "
        "line parentheses say that a layer is built and left out on purpose."
    ),
    fires=(
        Example(code=_QUESTION.format(taken="conv1"), says="the pool takes `conv1` where `bnorm1` was meant"),
        Example(code=_FORWARD.format(call="self.bn(x)"), says="the result is dropped: `x` is what it was"),
        Example(line="conv16 relu (bn) pool | conv16 relu up conv3 sigmoid"),
    ),
    clean=(
        Example(code=_QUESTION.format(taken="bnorm1")),
        Example(code=_FORWARD.format(call="x = self.bn(x)")),
        Example(line="conv16 relu bn pool | conv16 relu up conv3 sigmoid"),
        Example(
            code=_QUESTION.format(taken="bnorm1") + "features = Model(input_image, mpool1)\n",
            says="a second model that ends early uses what it is made of",
        ),
    ),
    check=_check,
    fix="unsafe",
)
