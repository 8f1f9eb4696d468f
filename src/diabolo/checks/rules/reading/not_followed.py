"""AE002: a part of the source that could not be followed, so nothing is said about it."""

from collections.abc import Iterator

from diabolo.checks.finding import Finding
from diabolo.checks.rule import Example, Rule
from diabolo.checks.rules.shared.problems import problems_of
from diabolo.checks.subject import Subject


def _check(subject: Subject) -> Iterator[Finding]:
    return problems_of(subject, RULE)


RULE = Rule(
    code="AE002",
    name="not-followed",
    severity="note",
    summary="a part of the source could not be followed",
    why=(
        "Source text is read and never run. Where what it does depends on a value that only a run knows, the doctor "
        "does not guess: it says which part it left alone, and takes all that this part may use as used, so that it "
        "raises no false alarm. What is wrong inside of that part is not found."
    ),
    remedy=(
        "Give the value where the model is built, or check the live model: `diabolo.check(model)` in Python sees what "
        "was really built."
    ),
    fires=(
        Example(
            code="""
inputs = keras.Input(shape=(32, 32, 3))
x = inputs
if settings.deep:
    x = layers.Conv2D(64, 3, padding='same', activation='relu')(x)
else:
    x = layers.Conv2D(32, 5, padding='same', activation='relu')(x)
outputs = layers.Conv2D(3, 3, padding='same', activation='sigmoid')(x)
model = keras.Model(inputs, outputs)
""",
            says="which of the two layers is built depends on `settings`",
        ),
    ),
    clean=(
        Example(
            code="""
inputs = keras.Input(shape=(32, 32, 3))
x = inputs
for filters in (64, 16):
    x = layers.Conv2D(filters, 3, padding='same', activation='relu')(x)
outputs = layers.Conv2D(3, 3, padding='same', activation='sigmoid')(x)
model = keras.Model(inputs, outputs)
""",
            says="a loop over constants is followed",
        ),
    ),
    check=_check,
)
