"""AE503: the decoder grows the map by another factor than the encoder shrinks it."""

from collections.abc import Iterator

from diabolo.checks.finding import Finding
from diabolo.checks.naming import called
from diabolo.checks.rule import Example, Rule
from diabolo.checks.rules.shared.purpose import is_autoencoder
from diabolo.checks.rules.shared.scale import scales
from diabolo.checks.rules.shared.walk import is_known
from diabolo.checks.subject import Subject


def _check(subject: Subject) -> Iterator[Finding]:
    for graph in subject.graphs:
        purpose = is_autoencoder(subject, graph)
        if purpose == "no":
            continue
        output = graph[graph.output]
        if is_known(output) and is_known(graph.input) and output.shape == graph.input_shape:
            continue  # padding or cropping makes up for it
        factors = scales(graph)
        if factors is None or factors[0] == factors[1] or (1 in factors and purpose != "certain"):
            continue
        down, up = factors
        yield RULE.finding(
            f"the map is shrunk {down} times and grown {up} times: {called(output)} is "
            + (
                f"{up / down:g} times as large as the image"
                if up > down
                else f"{down / up:g} times smaller than the image"
            ),
            place=output.place,
            node=output.name,
            model=graph.name,
            remedy=(
                f"Give the decoder {'fewer' if up > down else 'more'} up-sampling layers, one for each of the "
                "encoder's."
            ),
        )


_TORCH = """
class AutoEncoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(
            nn.Conv2d(3, 16, 3, stride=2, padding=1), nn.ReLU(),
            nn.Conv2d(16, 32, 3, stride=2, padding=1), nn.ReLU(),
        )
        self.decoder = nn.Sequential({decoder}nn.ConvTranspose2d(16, 3, 4, stride=2, padding=1), nn.Sigmoid())

    def forward(self, images):
        return self.decoder(self.encoder(images))
"""
_STAGE = "nn.ConvTranspose2d(32, 16, 4, stride=2, padding=1), nn.ReLU(), "

RULE = Rule(
    code="AE503",
    name="mismatched-sampling",
    severity="warning",
    summary="the map is grown by another factor than it is shrunk",
    why=(
        "A stage was added to one half and forgotten in the other. PyTorch finds out at the first loss, or not at all "
        "where the target is resized to the output; with an output of one pixel less in one axis, broadcasting may "
        "even hide it. Source that does not say how large the images are shows it all the same: the factors must agree."
    ),
    remedy="Pair the stages: each pool or stride of the encoder with an up-sampling of the same factor.",
    fires=(
        Example(
            code=_TORCH.format(decoder="nn.Conv2d(32, 16, 3, padding=1), nn.ReLU(), "),
            says="two halvings, one doubling",
        ),
    ),
    clean=(
        Example(code=_TORCH.format(decoder=_STAGE)),
        Example(
            line="conv16[stride=4 k=5] relu | conv16 relu up conv16 relu up conv3 sigmoid", says="4 once is 2 twice"
        ),
    ),
    check=_check,
)
