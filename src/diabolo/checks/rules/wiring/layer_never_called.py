"""AE102: a layer is built and never called."""

from collections.abc import Iterator

from diabolo.checks.finding import Finding
from diabolo.checks.naming import called
from diabolo.checks.rule import Example, Rule
from diabolo.checks.rules.shared.problems import problems_of
from diabolo.checks.subject import Subject


def _check(subject: Subject) -> Iterator[Finding]:
    yield from problems_of(subject, RULE)
    idle = [(node, graph.name) for graph in subject.graphs for node in graph.idle]
    seen = set()
    for node, model in (*idle, *((node, "") for node in subject.idle)):
        key = (node.place, node.variable or node.name)
        if key in seen:
            continue
        seen.add(key)
        many = f" with {node.num_trainable:,} parameters" if node.num_trainable else ""
        yield RULE.finding(
            f"{called(node)} is built{many} and never called",
            place=node.place,
            node=node.name,
            model=model,
            remedy=f"Call {called(node, brief=True)} where it was meant to stand, or delete it.",
        )


_MODULE = """
class AutoEncoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.conv1 = nn.Conv2d(3, 16, 3, padding=1)
        self.bn1 = nn.BatchNorm2d(16)
        self.conv2 = nn.Conv2d(16, 3, 3, padding=1)

    def forward(self, x):
        x = {hidden}
        return torch.sigmoid(self.conv2(x))
"""

RULE = Rule(
    code="AE102",
    name="layer-never-called",
    severity="warning",
    summary="a layer is built and never called",
    why=(
        "Its parameters are counted, saved and handed to the optimiser, and never get a gradient. PyTorch's summary "
        "tools list it as if it worked; `DistributedDataParallel` stops with 'Expected to have finished reduction in "
        "the prior iteration' and does not say which layer it is "
        "([pytorch/pytorch#57776](https://github.com/pytorch/pytorch/issues/57776))."
    ),
    remedy="Call it in the place that it was built for, or delete it.",
    fires=(
        Example(code=_MODULE.format(hidden="F.relu(self.conv1(x))"), says="`self.bn1` is forgotten in `forward`"),
        Example(
            code="""
inputs = keras.Input((32, 32, 3))
norm = layers.BatchNormalization()
x = layers.Conv2D(16, 3, padding='same', activation='relu')(inputs)
outputs = layers.Conv2D(3, 3, padding='same', activation='sigmoid')(x)
model = keras.Model(inputs, outputs)
""",
        ),
    ),
    clean=(
        Example(code=_MODULE.format(hidden="F.relu(self.bn1(self.conv1(x)))")),
        Example(
            code="""
class AutoEncoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.blocks = nn.ModuleList([nn.Conv2d(3, 16, 3, padding=1), nn.Conv2d(16, 3, 3, padding=1)])

    def forward(self, x):
        for block in self.blocks:
            x = torch.sigmoid(block(x))
        return x
""",
            says="layers in a list are called one by one",
        ),
    ),
    check=_check,
)
