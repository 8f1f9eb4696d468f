"""AE403: an output that is no probability, compared by binary cross-entropy."""

from collections.abc import Iterator

from diabolo.checks.finding import Edit, Finding, Fix
from diabolo.checks.rule import Example, Rule
from diabolo.checks.rules.loss.shared import KERAS, TORCH
from diabolo.checks.rules.shared.edits import built, replaced_in, set_argument
from diabolo.checks.rules.shared.kinds import LINEAR_LAYERS, NORMALISATIONS
from diabolo.checks.rules.shared.purpose import Compared, compared, last_operation, output_title
from diabolo.checks.subject import Subject
from diabolo.graph import Node

_UNBOUNDED = LINEAR_LAYERS | NORMALISATIONS | {"relu", "leaky", "gelu", "silu", "elu", "selu", "prelu", "softplus"}
_WITH_LOGITS = (
    (r"BCELoss\b", "BCEWithLogitsLoss"),
    (r"\bbinary_cross_entropy\b", "binary_cross_entropy_with_logits"),
    (r"from_logits\s*=\s*False", "from_logits=True"),
    (r"BinaryCrossentropy\(\s*\)", "BinaryCrossentropy(from_logits=True)"),
)


def _check(subject: Subject) -> Iterator[Finding]:
    for pair in compared(subject):
        last = last_operation(pair.graph, pair.output)
        if pair.term.kind != "bce" or last is None or last.kind not in _UNBOUNDED:
            continue
        what = "has no activation" if last.kind in LINEAR_LAYERS | NORMALISATIONS else f"ends in {last.title}"
        yield RULE.finding(
            f"{output_title(pair.graph, pair.output)} {what}, and binary cross-entropy takes it for a probability in "
            "[0, 1]",
            place=built(subject, pair.graph, last) or pair.term.place,
            node=last.name,
            model=pair.graph.name,
            remedy=(
                "End with a sigmoid, or use the loss that applies one itself (`from_logits=True`, `BCEWithLogitsLoss`)."
            ),
            fix=_fix(subject, pair, last),
        )


def _fix(subject: Subject, pair: Compared, last: Node) -> Fix | None:
    """The sigmoid goes where one edit puts it: into the last Keras layer, else into the loss."""
    edit: Edit | None = None
    if pair.graph.origin == "keras" and last.kind in LINEAR_LAYERS:
        edit = set_argument(subject, last, ("activation",), "'sigmoid'")
        message = "End with a sigmoid"
    if edit is None and last.kind in LINEAR_LAYERS:
        edit = replaced_in(subject, pair.term.place, _WITH_LOGITS)
        message = "Use the loss that applies a sigmoid itself"
    return None if edit is None else Fix(edits=(edit,), is_safe=False, message=message)


RULE = Rule(
    code="AE403",
    name="linear-into-bce",
    severity="error",
    summary="an output without a sigmoid goes into binary cross-entropy",
    why=(
        "Binary cross-entropy takes the logarithm of the output and of one minus the output. Outside of [0, 1] there "
        "is none: PyTorch stops with an error, Keras cuts the value off at 0.0000001, where the gradient is 0, so that "
        "such pixels are never corrected and the loss sticks "
        "([keras-team/keras#12512](https://github.com/keras-team/keras/issues/12512))."
    ),
    remedy="End the decoder with a sigmoid, or let the loss apply it: `from_logits=True`, `BCEWithLogitsLoss`.",
    fires=(
        Example(code=KERAS.format(scale=" / 255", activation="", loss="'binary_crossentropy'")),
        Example(code=KERAS.format(scale=" / 255", activation="activation='relu', ", loss="'binary_crossentropy'")),
        Example(code=TORCH.format(output="self.decoder(self.encoder(images))", loss="nn.BCELoss()")),
    ),
    clean=(
        Example(code=KERAS.format(scale=" / 255", activation="activation='sigmoid', ", loss="'binary_crossentropy'")),
        Example(
            code=KERAS.format(scale=" / 255", activation="", loss="keras.losses.BinaryCrossentropy(from_logits=True)"),
            says="the loss applies the sigmoid",
        ),
        Example(code=KERAS.format(scale=" / 255", activation="", loss="'mse'")),
    ),
    check=_check,
    fix="unsafe",
)
