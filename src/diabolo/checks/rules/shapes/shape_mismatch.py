"""AE201: a layer does not fit the shape that reaches it."""

from collections.abc import Iterator

from diabolo.checks.finding import Finding
from diabolo.checks.rule import Example, Rule
from diabolo.checks.rules.shared.problems import problems_of
from diabolo.checks.subject import Subject


def _check(subject: Subject) -> Iterator[Finding]:
    return problems_of(subject, RULE)


RULE = Rule(
    code="AE201",
    name="shape-mismatch",
    severity="error",
    summary="a layer does not fit the shape that reaches it",
    why=(
        "The model cannot be built, or fails at the first image. Frameworks report it at the layer that fails, deep "
        "inside a traceback; here it is reported with the shapes of both sides, before anything runs."
    ),
    remedy=(
        "Bring the two shapes together at the place that is named: channels, height and width are given in this order."
    ),
    fires=(
        Example(
            code="""
class AutoEncoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.down = nn.Conv2d(3, 32, 3, stride=2, padding=1)
        self.up = nn.ConvTranspose2d(64, 3, 4, stride=2, padding=1)

    def forward(self, images):
        return torch.sigmoid(self.up(F.relu(self.down(images))))
""",
            says="`up` expects 64 channels and gets 32",
        ),
        Example(line="conv16 relu pool | conv16 relu conv3 sigmoid", says="the decoder does not come back to 32×32"),
    ),
    clean=(
        Example(
            code="""
class AutoEncoder(nn.Module):
    def __init__(self, width=32):
        super().__init__()
        self.down = nn.Conv2d(3, width, 3, stride=2, padding=1)
        self.up = nn.ConvTranspose2d(2 * width, 3, 4, stride=2, padding=1)

    def forward(self, images):
        down = self.down(images)
        return torch.sigmoid(self.up(torch.cat([F.relu(down), F.relu(-down)], dim=1)))
""",
            says="two halves of 32 channels are joined on purpose",
        ),
    ),
    check=_check,
)
