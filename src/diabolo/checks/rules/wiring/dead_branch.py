"""AE101: a layer is called and nothing reads its result, as in the question that started the project."""

from collections.abc import Iterator

from diabolo.checks.finding import Edit, Finding, Fix
from diabolo.checks.naming import called
from diabolo.checks.rule import Example, Rule
from diabolo.checks.subject import Subject
from diabolo.graph import ModelGraph, Node


def _check(subject: Subject) -> Iterator[Finding]:
    for graph in (*subject.graphs, *subject.loose):
        for node in graph.unconnected:
            if graph.consumers(node.name) or node.kind == "input" or node.overwritten is not None:
                continue  # inside of a dead branch only its end is named; AE103 has what was overwritten
            if graph in subject.loose and node.name == graph.output:
                continue
            yield _finding(subject, graph, node)


def _finding(subject: Subject, graph: ModelGraph, node: Node) -> Finding:
    instead = _instead(graph, node)
    message = f"result of {called(node)} is never used"
    if instead is not None:
        parent = graph[node.inputs[0]]
        message += f"; {called(instead, brief=True)} takes {called(parent, brief=True)} instead"
    fix = None if instead is None else _rewire(subject, graph, node, instead)
    return RULE.finding(
        message,
        place=node.place,
        node=node.name,
        model=graph.name,
        remedy=_remedy(graph, node, instead),
        fix=fix,
    )


def _instead(graph: ModelGraph, node: Node) -> Node | None:
    """The node that reads what this one reads, where exactly one does and it comes after: it was meant to read this."""
    order = {other.name: index for index, other in enumerate(graph.nodes)}
    readers = [
        other
        for parent in node.inputs
        for other in graph.consumers(parent)
        if other.name in graph.connected and order[other.name] > order[node.name]
    ]
    return readers[0] if len(readers) == 1 else None


def _remedy(graph: ModelGraph, node: Node, instead: Node | None) -> str:
    if graph.origin == "line":
        return "Write it without the parentheses, or leave it out."
    if instead is None:
        return "Hand its result to the next layer, or delete it."
    return f"Hand {called(node, brief=True)} to {called(instead, brief=True)}, or delete the layer."


def _rewire(subject: Subject, graph: ModelGraph, node: Node, instead: Node) -> Fix | None:
    """Lets the consumer read the branch's result: not safe, the function becomes what the writer meant."""
    message = f"Let {called(instead, brief=True)} take {called(node, brief=True)}"
    if graph.origin == "line":
        return _without_parentheses(subject, node)
    parent = node.inputs[0]
    places = dict(zip(instead.inputs, instead.input_places, strict=False))
    place = places.get(parent)
    if place is None or not node.variable.isidentifier() or instead.shape == ():
        return None
    return Fix(edits=(Edit(place=place, text=node.variable),), is_safe=False, message=message)


def _without_parentheses(subject: Subject, node: Node) -> Fix | None:
    place, text = node.place, subject.text or ""
    if place is None:
        return None
    left, right = place.start, place.end
    while left and text[left - 1].isspace():
        left -= 1
    while right < len(text) and text[right].isspace():
        right += 1
    if text[left - 1 : left] != "(" or text[right : right + 1] != ")":
        return None  # several layers beside the line
    whole = Edit(
        place=type(place)(source=place.source, start=left - 1, end=right + 1), text=text[place.start : place.end]
    )
    return Fix(edits=(whole,), is_safe=False, message=f"Connect {called(node, brief=True)}")


_QUESTION = """
input_image = Input(shape=(32, 32, 3))
conv1 = Conv2D(64, (3, 3), activation='relu', padding='same')(input_image)
bnorm1 = BatchNormalization()(conv1)
mpool1 = MaxPooling2D((2, 2), padding='same')({taken})
up1 = UpSampling2D((2, 2))(mpool1)
decoded = Conv2D(3, (3, 3), activation='sigmoid', padding='same')(up1)
autoencoder = Model(input_image, decoded)
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
        "instead of 19,363, and two loss curves that were taken for a comparison of BatchNormalization."
    ),
    remedy=(
        "Hand the layer's result to the layer after it. Where it is meant to be left out, delete the call; on our "
        "line parentheses say that a layer is built and left out on purpose."
    ),
    fires=(
        Example(code=_QUESTION.format(taken="conv1"), says="the pool takes `conv1` where `bnorm1` was meant"),
        Example(line="conv16 relu (bn) pool | conv16 relu up conv3 sigmoid"),
    ),
    clean=(
        Example(code=_QUESTION.format(taken="bnorm1")),
        Example(line="conv16 relu bn pool | conv16 relu up conv3 sigmoid"),
    ),
    check=_check,
    fix="unsafe",
)
