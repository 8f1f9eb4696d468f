"""AE110: the model's output does not depend on its input."""

from collections.abc import Iterator

from diabolo.checks.finding import Finding
from diabolo.checks.naming import called
from diabolo.checks.rule import Example, Rule
from diabolo.checks.rules.shared.kinds import LINEAR_LAYERS, OPAQUE
from diabolo.checks.rules.shared.purpose import reconstructs_or_maps_images
from diabolo.checks.subject import Subject
from diabolo.graph import Node

_SOURCES = frozenset({"input", "constant", "sample"})
"""Kinds of which it is certain that they depend on no input."""


def _check(subject: Subject) -> Iterator[Finding]:
    for graph in subject.graphs:
        inputs = [node for node in graph.nodes if node.kind == "input"]
        sources = [node for node in graph.layers if not node.inputs]
        if not inputs or not all(node.kind in _SOURCES for node in sources):
            continue
        kinds = {node.kind for node in graph.layers}
        if kinds & OPAQUE or not kinds & LINEAR_LAYERS:
            continue  # not followed in full, or a function and no network
        output = graph[graph.output]
        fed = [node for node in inputs if node.name in graph.connected]
        if graph.origin == "keras" and fed and graph.input not in fed:
            yield RULE.finding(
                f"{called(output)} is computed from {called(fed[0], brief=True)}, "
                f"not from the model's input {called(graph.input, brief=True)}",
                place=graph.place or output.place,
                node=output.name,
                model=graph.name,
                remedy="Build the model on the input that its layers were called on, or call the layers on this one.",
            )
        elif not fed and reconstructs_or_maps_images(subject, graph):  # others may put out what they learned
            yield RULE.finding(
                f"{called(output)} does not depend on {_input(inputs[0])}: every image gives the same output",
                place=output.place or graph.place,
                node=output.name,
                model=graph.name,
                remedy="Follow the variables from the input on: somewhere the chain starts anew from something else.",
            )


def _input(node: Node) -> str:
    return called(node, brief=True) if node.variable else "the model's input"


_MODULE = """
class AutoEncoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Linear(784, 16)
        self.decoder = nn.Linear(16, 784)

    def forward(self, images):
        latent = F.relu(self.encoder(images))
        noise = torch.randn({size})
        return torch.sigmoid(self.decoder({decoded}))
"""

RULE = Rule(
    code="AE110",
    name="broken-model",
    severity="error",
    summary="the output does not depend on the input",
    why=(
        "Whatever is fed, the model puts out the same, or noise. A training then ends at the mean image, and its loss "
        "curve looks like one that merely got stuck. Keras refuses such a model ('Graph disconnected'); PyTorch "
        "trains it."
    ),
    remedy="Let the first layer after the break take the result of the layer before it.",
    fires=(
        Example(code=_MODULE.format(size="images.size(0), 16", decoded="noise"), says="the decoder gets only noise"),
    ),
    clean=(Example(code=_MODULE.format(size="latent.shape", decoded="latent + 0.1 * noise")),),
    check=_check,
)
