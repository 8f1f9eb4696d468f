"""AE606: gradients are never set to zero between steps."""

from collections.abc import Iterator

from diabolo.checks.finding import Finding
from diabolo.checks.rule import Example, Rule
from diabolo.checks.rules.loss.shared import TORCH
from diabolo.checks.subject import Subject


def _check(subject: Subject) -> Iterator[Finding]:
    for training in subject.trainings:
        if training.zeroes_gradients is False:
            yield RULE.finding(
                "gradients are never set to zero: each step follows the sum of all gradients since the beginning",
                place=training.place,
                model=training.graph,
                remedy="Write `optimizer.zero_grad()` before `loss.backward()`.",
            )


_OUTPUT = "torch.sigmoid(self.decoder(self.encoder(images)))"
_LOOP = TORCH.format(output=_OUTPUT, loss="nn.MSELoss()")

RULE = Rule(
    code="AE606",
    name="missing-zero-grad",
    severity="error",
    summary="gradients are never set to zero between steps",
    why=(
        "`backward()` adds to the gradients that are there. Without `zero_grad()` every step goes on in the direction "
        "of all steps before it, like a momentum of 1 that never forgets: the loss falls at first, then swings and "
        "grows. Adam hides it for a while, since it looks at the sign more than at the size. Setting them to zero "
        "every few steps is gradient accumulation, and no finding."
    ),
    remedy="Call `optimizer.zero_grad()` once a step, before `backward()`.",
    fires=(Example(code=_LOOP.replace("        optimizer.zero_grad()\n", "")),),
    clean=(
        Example(code=_LOOP),
        Example(
            code=_LOOP.replace("        optimizer.zero_grad()\n", "")
            .replace("    for images, _ in loader:", "    for step, (images, _) in enumerate(loader):")
            .replace(
                "        optimizer.step()\n",
                "        if step % 4 == 3:\n            optimizer.step()\n            "
                "model.zero_grad(set_to_none=True)\n",
            ),
            says="gradients of four batches are added up on purpose",
        ),
    ),
    check=_check,
)
