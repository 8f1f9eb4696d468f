"""AE601: the test images are the validation images."""

from collections.abc import Iterator

from diabolo.checks.finding import Finding
from diabolo.checks.rule import Example, Rule
from diabolo.checks.rules.training.shared import FIT
from diabolo.checks.subject import Subject


def _check(subject: Subject) -> Iterator[Finding]:
    for training in subject.trainings:
        validation = training.validation
        if validation is None or validation.split != "test":
            continue
        chooses = (
            ", and they choose which weights are kept: the test result will be too good"
            if training.chooses_by_validation
            else ""
        )
        yield RULE.finding(
            f"the test images `{validation.text}` are used for validation{chooses}",
            place=validation.place or training.place,
            model=training.graph,
            remedy=(
                "Hold images out of the training set (`validation_split=0.1`), and read the test set once, at the end."
            ),
        )


RULE = Rule(
    code="AE601",
    name="test-as-validation",
    severity="warning",
    summary="the test images are the validation images",
    why=(
        "Whatever is chosen by looking at the validation curve (the number of epochs, the learning rate, which of two "
        "networks is better) is then chosen on the test set, and the number that is reported at the end is the best of "
        "several looks, not a measurement of new images. Keras's own tutorials do it, and so does the question that "
        "started diabolo. Early stopping or keeping the best epoch makes it worse, since a program does the choosing; "
        "Pythae selects its best model that way when it is given the test set as evaluation data."
    ),
    remedy="Split the training images in two, and read the test images once.",
    fires=(Example(code=FIT.format(validation="validation_data=(x_test, x_test)")),),
    clean=(
        Example(code=FIT.format(validation="validation_split=0.1")),
        Example(
            code=FIT.format(validation="validation_data=(x_val, x_val)").replace(
                "image = Input", "x_val, x_train = x_train[45000:], x_train[:45000]\nimage = Input"
            ),
            says="a part of the training images is held out",
        ),
    ),
    check=_check,
)
