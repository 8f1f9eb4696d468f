"""AE109: a term of the loss is computed and nothing reads it."""

from collections.abc import Iterator

from diabolo.checks.finding import Finding
from diabolo.checks.rule import Example, Rule
from diabolo.checks.rules.wiring.shared import AUTOENCODER
from diabolo.checks.subject import Subject


def _check(subject: Subject) -> Iterator[Finding]:
    for training in subject.trainings:
        for term in training.losses:
            if not term.is_used:
                yield RULE.finding(
                    f"the loss term `{term.text or term.kind}` is computed and nothing reads it",
                    place=term.place,
                    model=training.graph,
                    remedy="Add it to what is minimised, or delete it.",
                )


_LOOP = """
model = AutoEncoder()
optimizer = torch.optim.Adam(model.parameters())
for images, _ in loader:
    optimizer.zero_grad()
    reconstruction = model(images)
    mse = F.mse_loss(reconstruction, images)
    l1 = F.l1_loss(reconstruction, images)
    loss = {loss}
    loss.backward()
    optimizer.step()
"""

RULE = Rule(
    code="AE109",
    name="unused-loss-term",
    severity="error",
    summary="a term of the loss is computed and never added",
    why=(
        "The training step reads as if the term counted. The model is trained without it, and no curve shows it. "
        "A term that is printed, logged or returned is no finding."
    ),
    remedy="Add the term to what `backward()` is called on, or delete it.",
    fires=(Example(code=AUTOENCODER + _LOOP.format(loss="mse"), says="`l1` is forgotten in the sum"),),
    clean=(
        Example(code=AUTOENCODER + _LOOP.format(loss="mse + 0.1 * l1")),
        Example(code=AUTOENCODER + _LOOP.format(loss="mse") + "    print(l1.item())\n", says="looked at on purpose"),
    ),
    check=_check,
)
