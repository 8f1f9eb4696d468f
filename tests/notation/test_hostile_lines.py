"""Arbitrary text never raises anything but `LineError`, and never takes long."""

import re
import time

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from specs import layers, specs

from diabolo.errors import LineError, ShapeError, caret
from diabolo.graph import build_graph, summarise
from diabolo.notation import Spec, parse
from diabolo.notation.parser import MAX_LINE

ALPHABET = "conv relubnpool gs[]=,.|(){}*0123456789 -_\t\n\0²３é🙂e\u0301\u2028"


def answer(line: str) -> str:
    """The error's text, or the summary's; any other exception fails the test."""
    try:
        return str(summarise(build_graph(line)))
    except LineError as error:
        return str(error)


def refusal(line: str) -> LineError | None:
    try:
        parse(line)
    except LineError as error:
        return error
    return None


@settings(max_examples=600, deadline=None)
@given(line=st.one_of(st.text(), st.text(ALPHABET), st.text(ALPHABET, min_size=30, max_size=200)))
def test_arbitrary_text_is_read_or_refused_with_a_line_error(line: str) -> None:
    error = refusal(line)
    if error is None:
        spec = parse(line)
        assert parse(str(spec)) == spec
        return
    assert 0 <= error.start < error.end
    assert error.start <= len(line)
    problem, shown, carets = str(error).split("\n")
    assert problem
    assert shown.startswith("    ")
    assert re.fullmatch(r" {4} *\^+", carets)
    assert str(error).replace("\n", "").isprintable()


@settings(max_examples=120, deadline=None)
@given(
    spec=specs(layers(("conv", "relu", "pool", "up", "gn", "vq", "fsq", "flatten", "unflatten", "dense", "gaussian")))
)
def test_any_spec_builds_or_is_refused_with_a_line_error(spec: Spec) -> None:
    try:
        graph = build_graph(spec)
    except ShapeError:
        return
    assert graph[graph.output].shape == graph.input_shape
    assert str(summarise(graph))


@pytest.mark.parametrize(
    "line",
    [
        "conv3 " * 16_000 + "| conv3",
        "relu(" * 20_000,
        "{" * MAX_LINE,
        "2*" * (MAX_LINE // 2),
        "|" * MAX_LINE,
        "1" * MAX_LINE,
        "a" * MAX_LINE,
        "a1" * (MAX_LINE // 2),
        "conv" + "9" * 99_000 + " | conv3",
        "9" * 99_000 + "*conv3 | conv3",
        f"noise[std={'1' * 99_000}x] | conv3",
        f"conv3[groups={'9' * 99_000}] | conv3",
        f"conv3[{' '.join(f'a{index}=1' for index in range(11_000))}] | conv3",
        f"conv3[{'k=3 ' * 20_000}] | conv3",
        f"fsq[levels={','.join('8' * 49_000)}] | conv3",
        f"conv3[k{' ' * 99_000}| conv3",
        " " * MAX_LINE,
        "999*{999*{conv3}} | conv3",
        "1000*{1000*{1000*{1000*{(relu)}}}} conv3 | conv3",
        "1000*{1000*{res{relu}}} | conv3",
        "conv1000000 conv1000000 conv1000000 | conv3",
        "up64 up64 up64 up64 up64 up64 | conv3",
        "x" * (MAX_LINE + 1),
    ],
    ids=lambda line: f"{line[:16]}~{len(line)}",
)
def test_huge_lines_are_answered_quickly_and_briefly(line: str) -> None:
    start = time.perf_counter()
    text = answer(line)
    assert time.perf_counter() - start < 15  # the slowest takes 2 s on one core; quadratic work would take minutes
    if "^" in text:
        assert len(text) < 700


@pytest.mark.parametrize("character", ["\0", "\x1b", "\u202e", "\u200d", "\ufeff"])
def test_control_characters_never_reach_the_terminal(character: str) -> None:
    text = answer(f"conv3 {character} | conv3")
    assert character not in text
    assert f"U+{ord(character):04X}" in text


@pytest.mark.parametrize("line", ["conv３ | conv3", "conv² | conv3", "３*conv3 | conv3", "conv3[k=３] | conv3", "²"])
def test_digits_of_other_scripts_are_no_numbers(line: str) -> None:
    with pytest.raises(LineError, match=r"digits 0 to 9|whole number"):
        parse(line)


@pytest.mark.parametrize(("prefix", "columns"), [("", 0), ("🙂", 2), ("模型", 4), ("\t", 1), ("é", 1)])
def test_the_caret_stands_under_its_place_whatever_comes_before(prefix: str, columns: int) -> None:
    line = f"{prefix}conv3"
    _, carets = caret(line, len(prefix), len(line)).split("\n")
    assert carets == " " * (4 + columns) + "^^^^^"


def test_a_long_line_is_cut_around_the_place() -> None:
    line = f"{'relu ' * 100}cnov64 {'relu ' * 100}| conv3"
    with pytest.raises(LineError) as caught:
        parse(line)
    _, shown, carets = str(caught.value).split("\n")
    assert shown[carets.index("^") : carets.rindex("^") + 1] == "cnov64"
    assert len(shown) < 120
