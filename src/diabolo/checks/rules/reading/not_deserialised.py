"""AE003: a layer in an archive holds code, which is not run without consent."""

from collections.abc import Iterator

from diabolo.checks.finding import Finding
from diabolo.checks.rule import Rule
from diabolo.checks.rules.shared.problems import problems_of
from diabolo.checks.subject import Subject


def _check(subject: Subject) -> Iterator[Finding]:
    return problems_of(subject, RULE)


RULE = Rule(
    code="AE003",
    name="not-deserialised",
    severity="warning",
    summary="a layer in the archive holds code of its own, which was not run",
    why=(
        "A `.keras` archive can hold Python code: a Lambda layer carries it as bytecode, a custom layer names a class "
        "that must be imported. Whoever loads such a file runs what its writer put there, with all rights of the "
        "reader; Keras itself refuses Lambda layers unless `safe_mode=False` is given. The doctor reads the archive's "
        "description only, so what such a layer does, and all that depends on it, is not known to it."
    ),
    remedy=(
        "Where you trust the file, load it yourself and check the live model: `diabolo.check(model)`. Where you wrote "
        "it, put a `layers.Rescaling`, `layers.Activation` or a registered class in the Lambda's place."
    ),
    fires=(),  # an archive is no text; the rule is tested on archives
    clean=(),
    check=_check,
)
