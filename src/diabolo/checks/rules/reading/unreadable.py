"""AE001: the source cannot be read, so nothing in it was checked."""

from collections.abc import Iterator

from diabolo.checks.finding import Finding
from diabolo.checks.rule import Example, Rule
from diabolo.checks.rules.shared.problems import problems_of
from diabolo.checks.subject import Subject


def _check(subject: Subject) -> Iterator[Finding]:
    return problems_of(subject, RULE)


RULE = Rule(
    code="AE001",
    name="unreadable",
    severity="error",
    summary="the source cannot be read",
    why=(
        "A file that does not parse has no graph, so no other rule can say anything about it. Where only a part is "
        "broken, as at the end of a snippet that was cut off, the parts that do parse are checked all the same."
    ),
    remedy="Mend the syntax at the place that is named; for a notebook, in the cell that is named.",
    fires=(
        Example(
            code="input_image = Input(shape=(32, 32, 3)\nconv1 = Conv2D(64, 3)(input_image)\n", says="a `)` is missing"
        ),
        Example(line="conv16 relu pool | conv16 relu upp conv3 sigmoid", says="`upp` is no layer"),
    ),
    clean=(
        Example(
            code=">>> input_image = Input(shape=(32, 32, 3))\n>>> encoded = Conv2D(8, 3, strides=2)(input_image)\n",
            says="prompts of a session that was pasted are no fault",
        ),
        Example(line="conv16 relu pool | conv16 relu up conv3 sigmoid"),
    ),
    check=_check,
)
