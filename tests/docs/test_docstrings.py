"""What `help(diabolo.…)` says: every public function names each of its arguments, and the errors that it raises."""

import inspect
import re

import pytest

import diabolo

FUNCTIONS = [name for name in diabolo.__all__ if inspect.isfunction(getattr(diabolo, name))]


def documented(text: str) -> set[str]:
    """Names of the section `Args:`."""
    section = re.search(r"^Args:\n(.*?)(?=^\S|\Z)", text, re.DOTALL | re.MULTILINE)
    return set() if section is None else set(re.findall(r"^    (\w+):", section[1], re.MULTILINE))


@pytest.mark.parametrize("name", FUNCTIONS)
def test_every_argument_is_explained(name: str) -> None:
    function = getattr(diabolo, name)
    text = inspect.getdoc(function) or ""
    expected = {
        parameter.name
        for parameter in inspect.signature(function).parameters.values()
        if parameter.kind not in (parameter.VAR_KEYWORD, parameter.VAR_POSITIONAL)
    }
    assert documented(text) >= expected, sorted(expected - documented(text))
    assert "Raises:" in text
