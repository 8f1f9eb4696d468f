"""AE107: a term of the loss is computed without a gradient, so it trains nothing."""

from collections.abc import Iterator

from diabolo.checks.finding import Finding
from diabolo.checks.rule import Example, Rule
from diabolo.checks.rules.wiring.shared import AUTOENCODER
from diabolo.checks.subject import Subject


def _check(subject: Subject) -> Iterator[Finding]:
    for training in subject.trainings:
        for term in training.losses:
            if term.is_used and not term.has_gradient:
                yield RULE.finding(
                    f"the loss term `{term.text or term.kind}` has no gradient: it is added to the loss and trains "
                    "nothing",
                    place=term.place,
                    model=training.graph,
                    remedy="Compute it outside of `no_grad`, without `detach()`, `.item()` and `.numpy()`.",
                )


_LOOP = """
model = AutoEncoder()
optimizer = torch.optim.Adam(model.parameters())
for images, _ in loader:
    optimizer.zero_grad()
    reconstruction = model(images)
    loss = F.mse_loss(reconstruction, images)
{perceptual}
    loss.backward()
    optimizer.step()
"""
_WITHOUT = """    with torch.no_grad():
        edges = F.l1_loss(gradients(reconstruction), gradients(images))
    loss = loss + edges"""
_WITH = "    loss = loss + F.l1_loss(gradients(reconstruction), gradients(images))"

RULE = Rule(
    code="AE107",
    name="loss-without-gradient",
    severity="error",
    summary="a term of the loss has no gradient",
    why=(
        "The number that is printed contains the term, and the weights never feel it. It is easy to miss, since the "
        "loss looks right and even falls. diffusers' example script for its AutoencoderKL computes the perceptual "
        "term (LPIPS) under `no_grad`, where it can teach the model nothing."
    ),
    remedy=(
        "Compute the term with gradients. To save memory, freeze the network that measures it with "
        "`requires_grad_(False)`: the gradient then still goes through it to the reconstruction."
    ),
    fires=(
        Example(
            code=AUTOENCODER + _LOOP.format(perceptual=_WITHOUT), says="the second term is computed under `no_grad`"
        ),
        Example(
            code=AUTOENCODER + _LOOP.format(perceptual="    loss = loss + F.l1_loss(reconstruction, images).item()")
        ),
    ),
    clean=(
        Example(code=AUTOENCODER + _LOOP.format(perceptual=_WITH)),
        Example(
            code=AUTOENCODER
            + _LOOP.format(perceptual="    with torch.no_grad():\n        print(F.l1_loss(reconstruction, images))"),
            says="only printed",
        ),
    ),
    check=_check,
)
