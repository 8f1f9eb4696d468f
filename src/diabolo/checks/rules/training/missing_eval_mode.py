"""AE607: the trained model is applied in training mode."""

from collections.abc import Iterator

from diabolo.checks.finding import Finding
from diabolo.checks.naming import listed
from diabolo.checks.rule import Example, Rule
from diabolo.checks.rules.shared.kinds import RANDOM_IN_TRAINING
from diabolo.checks.subject import Subject


def _check(subject: Subject) -> Iterator[Finding]:
    for training in subject.trainings:
        graph = subject.graph(training.graph)
        if graph is None or training.evaluation is None or training.evaluates_in_evaluation_mode is not False:
            continue
        depending = {node.title: node for node in graph.layers if node.kind in RANDOM_IN_TRAINING | {"bn"}}
        if depending:
            verb = "behaves" if len(depending) == 1 else "behave"
            yield RULE.finding(
                f"the model is applied in training mode, in which {listed([f'`{title}`' for title in depending])} "
                f"{verb} "
                "as in training",
                place=training.evaluation,
                model=graph.name,
                remedy="Write `model.eval()` before, and `model.train()` before the training goes on.",
            )


_LOOP = """
class AutoEncoder(nn.Module):
    def __init__(self):
        super().__init__()
        self.encoder = nn.Sequential(nn.Conv2d(3, 16, 4, stride=2, padding=1){bn}, nn.ReLU())
        self.decoder = nn.ConvTranspose2d(16, 3, 4, stride=2, padding=1)

    def forward(self, images):
        return torch.sigmoid(self.decoder(self.encoder(images)))

model = AutoEncoder()
optimizer = torch.optim.Adam(model.parameters(), lr=1e-3)
for epoch in range(20):
    for images, _ in train_loader:
        optimizer.zero_grad()
        loss = F.mse_loss(model(images), images)
        loss.backward()
        optimizer.step()
{mode}with torch.no_grad():
    for images, _ in test_loader:
        save_image(model(images), 'reconstructions.png')
"""

RULE = Rule(
    code="AE607",
    name="missing-eval-mode",
    severity="warning",
    summary="the trained model is applied in training mode",
    why=(
        "In training mode batch normalisation takes the statistics of the batch at hand and moves its averages with "
        "it, so that a reconstruction depends on the other images, and looking at test images changes the model; "
        "dropout goes on dropping. `no_grad()` switches neither off. A model that is good in training and chaos after "
        "loading is the same mistake from the other side "
        "([taldatech/soft-intro-vae-pytorch#13](https://github.com/taldatech/soft-intro-vae-pytorch/issues/13))."
    ),
    remedy="Call `model.eval()` before evaluation, `model.train()` after it.",
    fires=(Example(code=_LOOP.format(bn=", nn.BatchNorm2d(16)", mode="")),),
    clean=(
        Example(code=_LOOP.format(bn=", nn.BatchNorm2d(16)", mode="model.eval()\n")),
        Example(code=_LOOP.format(bn="", mode=""), says="nothing in it behaves differently"),
    ),
    check=_check,
)
