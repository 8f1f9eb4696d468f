"""AE602: the model is validated on the images that it is trained on."""

from collections.abc import Iterator

from diabolo.checks.finding import Finding
from diabolo.checks.rule import Example, Rule
from diabolo.checks.rules.training.shared import FIT
from diabolo.checks.subject import Subject


def _check(subject: Subject) -> Iterator[Finding]:
    for training in subject.trainings:
        inputs, validation = training.inputs, training.validation
        if inputs is None or validation is None:
            continue
        written = "".join(validation.text.split())
        if written and written == "".join(inputs.text.split()) and validation.split != "test":
            yield RULE.finding(
                f"`{validation.text}` is trained on and validated on: the validation curve can show no over-fitting",
                place=validation.place or training.place,
                model=training.graph,
                remedy="Hold images out: `validation_split=0.1`, or a slice that is not trained on.",
            )


RULE = Rule(
    code="AE602",
    name="train-as-validation",
    severity="error",
    summary="the model is validated on the images that it is trained on",
    why=(
        "The validation loss is there to show how the model does on images that it has never seen. On the training "
        "images it follows the training loss to the end, and says that all is well."
    ),
    remedy="Validate on images that are held out.",
    fires=(Example(code=FIT.format(validation="validation_data=(x_train, x_train)")),),
    clean=(
        Example(code=FIT.format(validation="validation_split=0.2")),
        Example(
            code=FIT.format(validation="validation_data=(x_train[45000:], x_train[45000:])").replace(
                "fit(x_train, x_train", "fit(x_train[:45000], x_train[:45000]"
            ),
            says="two slices that share no image",
        ),
    ),
    check=_check,
)
