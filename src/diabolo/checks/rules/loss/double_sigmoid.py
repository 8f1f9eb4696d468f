"""AE402: a sigmoid before a loss that applies one itself."""

from collections.abc import Iterator

from diabolo.checks.finding import Finding, Fix
from diabolo.checks.rule import Example, Rule
from diabolo.checks.rules.loss.shared import KERAS, TORCH
from diabolo.checks.rules.shared.edits import replaced_in
from diabolo.checks.rules.shared.purpose import compared, last_operation, output_title
from diabolo.checks.subject import LossTerm, Subject

_WITHOUT_LOGITS = (
    (r"from_logits\s*=\s*True", "from_logits=False"),
    (r"BCEWithLogitsLoss", "BCELoss"),
    (r"binary_cross_entropy_with_logits", "binary_cross_entropy"),
)


def _check(subject: Subject) -> Iterator[Finding]:
    for pair in compared(subject):
        last = last_operation(pair.graph, pair.output)
        if pair.term.kind == "bce-logits" and last is not None and last.kind == "sigmoid":
            yield RULE.finding(
                f"{output_title(pair.graph, pair.output)} ends in a sigmoid, and the loss applies a second one: it can "
                "reach no value outside of 0.5 to 0.73",
                place=pair.term.place or last.place,
                node=last.name,
                model=pair.graph.name,
                remedy="Use the loss for probabilities, or take the sigmoid out and apply it where pictures are shown.",
                fix=_fix(subject, pair.term),
            )


def _fix(subject: Subject, term: LossTerm) -> Fix | None:
    """Takes the loss for probabilities: the network stays, what is minimised becomes what was meant."""
    edit = replaced_in(subject, term.place, _WITHOUT_LOGITS)
    return None if edit is None else Fix(edits=(edit,), is_safe=False, message="Use the loss for probabilities")


RULE = Rule(
    code="AE402",
    name="double-sigmoid",
    severity="error",
    summary="a sigmoid stands before a loss that applies one itself",
    why=(
        "A with-logits loss takes its input through a sigmoid. Of an output that already is in [0, 1] the second "
        "sigmoid makes 0.5 to 0.73: no picture can be dark, the loss sticks at a high value, and its gradient pushes "
        "the first sigmoid into its flat ends. The pictures then look washed out or black and white, though the curve "
        "falls."
    ),
    remedy="One sigmoid in all: in the network with `BCELoss` or `'binary_crossentropy'`, or in the loss with logits.",
    fires=(
        Example(
            code=TORCH.format(output="torch.sigmoid(self.decoder(self.encoder(images)))", loss="nn.BCEWithLogitsLoss()")
        ),
        Example(
            code=KERAS.format(
                scale=" / 255",
                activation="activation='sigmoid', ",
                loss="keras.losses.BinaryCrossentropy(from_logits=True)",
            )
        ),
    ),
    clean=(
        Example(code=TORCH.format(output="self.decoder(self.encoder(images))", loss="nn.BCEWithLogitsLoss()")),
        Example(code=TORCH.format(output="torch.sigmoid(self.decoder(self.encoder(images)))", loss="nn.BCELoss()")),
        Example(code=KERAS.format(scale=" / 255", activation="activation='sigmoid', ", loss="'binary_crossentropy'")),
    ),
    check=_check,
    fix="unsafe",
)
