"""AE110: the model's output does not depend on its input."""

from collections.abc import Iterator

from diabolo.checks.finding import Finding
from diabolo.checks.naming import called
from diabolo.checks.rule import Example, Rule
from diabolo.checks.subject import Subject

_SOURCES = frozenset({"input", "constant", "sample"})
"""Kinds of which it is certain that they depend on no input."""


def _check(subject: Subject) -> Iterator[Finding]:
    for graph in subject.graphs:
        inputs = [node for node in graph.nodes if node.kind == "input"]
        sources = [node for node in graph.layers if not node.inputs]
        if not inputs or any(node.name in graph.connected for node in inputs):
            continue
        if all(node.kind in _SOURCES for node in sources):
            output = graph[graph.output]
            yield RULE.finding(
                f"{called(output)} does not depend on {called(inputs[0], brief=True)}: every image gives the same "
                "output",
                place=output.place or graph.place,
                node=output.name,
                model=graph.name,
                remedy="Follow the variables from the input on: somewhere the chain starts anew from something else.",
            )


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
