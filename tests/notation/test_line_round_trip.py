"""Parsing and printing are exact inverses; what a line says does not depend on how it is spaced."""

import re
from itertools import cycle

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st
from specs import specs

from diabolo.errors import LineError
from diabolo.notation import Group, Layer, Side, Spec, parse, print_item, print_items, print_spec
from diabolo.notation.parser import MAX_DEPTH
from diabolo.zoo import zoo

ENOUGH = settings(max_examples=120, deadline=None)


@ENOUGH
@given(spec=specs())
def test_a_printed_spec_reads_back_as_the_same_spec(spec: Spec) -> None:
    line = print_spec(spec)
    again = parse(line)
    assert again == spec
    assert hash(again) == hash(spec)
    assert str(again) == line


@ENOUGH
@given(spec=specs(), blanks=st.lists(st.text(" \t\n\r\u00a0", min_size=1, max_size=3), min_size=1, max_size=5))
def test_white_space_says_nothing(spec: Spec, blanks: list[str]) -> None:
    each = cycle(blanks)
    spaced = re.sub(r"(?<=[|(){}*]) ?| ", lambda _: next(each), str(spec))
    assert parse(f" {spaced}\n") == spec


PIECES = st.sampled_from(
    ["conv8", "conv16[k=5 bias=no]", "relu", "pool2", "bn[eps=1e-3]", "2*", "3 *", "1*", "{", "}", "(", ")", "res{",
     "res[skip=conv]{", "|", "gn8", "fsq[levels=3,4]", "noise[std=-0.0]", "up[mode=nearest]"]
)  # fmt: skip


@settings(max_examples=600, deadline=None)
@given(pieces=st.lists(PIECES, max_size=14))
@example(pieces=["2*", "{", "3*", "{", "conv8", "}", "}", "|", "relu"])
@example(pieces=["2*", "3*", "1*", "conv8", "|", "1*", "2*", "res{", "relu", "}"])
@example(pieces=["2*", "(", "relu", ")", "|", "noise[std=-0.0]"])
def test_whatever_can_be_read_prints_to_a_fixed_point(pieces: list[str]) -> None:
    try:
        spec = parse(" ".join(pieces))
    except LineError:
        return
    line = str(spec)
    assert parse(line) == spec
    assert str(parse(line)) == line


def conv(count: int) -> Layer:
    return Layer(kind="conv", count=count)


@pytest.mark.parametrize(
    ("typed", "canonical"),
    [
        ("conv64  relu|conv3", "conv64 relu | conv3"),
        ("conv064[k=5,stride=2] | conv3", "conv64[k=5 stride=2] | conv3"),
        ("conv64[stride=2, k=5] | conv3", "conv64[k=5 stride=2] | conv3"),
        ("conv64[k=3 stride=1 pad=same bias=yes] pool2 gn8 | conv3[]", "conv64 pool gn | conv3"),
        ("conv64[bias = off] | conv3[ bias=TRUE ]", "conv64[bias=no] | conv3"),
        ("fsq[levels=8,5,5,5] fsq[levels=4] | conv3", "fsq fsq[levels=4] | conv3"),
        ("2*conv8 | conv3", "2*{conv8} | conv3"),
        ("2*{3*{conv8}} | 2*3*conv8", "2*{3*{conv8}} | 2*{3*{conv8}}"),
        ("1*conv8 | {conv3}", "{conv8} | {conv3}"),
        ("2*1*{conv8} | 2*{{conv3}}", "2*{conv8} | 2*{{conv3}}"),
        ("2*(conv8) relu | res [] {conv3}".replace(" [] ", " "), "2*{(conv8)} relu | res{conv3}"),
        ("res[skip=identity]{relu} | 007*res[skip=conv]{conv3}", "res{relu} | 7*res[skip=conv]{conv3}"),
        ("res[k=3,skip=conv]{relu} | res[skip=conv k=01]{conv3}", "res[skip=conv k=3]{relu} | res[skip=conv]{conv3}"),
        ("noise[std=-0] | leaky[slope=2e-1] bn[eps=1e-05 momentum=1]", "noise[std=0] | leaky bn[momentum=1 eps=1e-05]"),
        ("conv8(bn)relu(up){conv8}|vq512|conv3", "conv8 (bn) relu (up) {conv8} | vq | conv3"),
    ],
)
def test_canonical_lines(typed: str, canonical: str) -> None:
    assert str(parse(typed)) == canonical
    assert str(parse(canonical)) == canonical


def test_what_the_dataclasses_of_a_line_are() -> None:
    spec = parse("conv64[k=5] (bn) | 2*res[skip=conv]{conv8 relu} | conv3")
    assert spec == Spec(
        encoder=(Layer(kind="conv", count=64, settings=(("k", 5),)), Side(items=(Layer(kind="bn"),))),
        bottleneck=(Group(kind="res", skip="conv", repeat=2, items=(conv(8), Layer(kind="relu"))),),
        decoder=(conv(3),),
    )
    assert spec != parse("conv64[k=5] bn | 2*res[skip=conv]{conv8 relu} | conv3")
    assert spec.encoder[0].attributes() == {
        "channels": 64, "k": 5, "stride": 1, "pad": "same", "dilation": 1, "groups": 1, "bias": True,
    }  # fmt: skip


def test_a_kernel_without_a_skip_convolution_says_nothing() -> None:
    assert Group(items=(conv(3),), kind="res", skip_kernel=5) == Group(items=(conv(3),), kind="res")


def test_a_layer_made_by_a_program_is_put_into_canonical_form() -> None:
    made = Layer(kind="conv", count=8, settings=(("stride", 2), ("k", 3), ("bias", False)))
    assert made == Layer(kind="conv", count=8, settings=(("bias", False), ("stride", 2)))
    assert print_item(made) == "conv8[stride=2 bias=no]"
    assert Layer(kind="gn", count=8) == Layer(kind="gn")


@pytest.mark.parametrize("wrong", [Layer(kind="cnov"), Layer(kind="conv"), Layer(kind="relu", settings=(("k", 2),))])
def test_a_wrong_spec_made_by_a_program_is_refused_with_its_line(wrong: Layer) -> None:
    with pytest.raises(LineError):
        Spec(encoder=(wrong,), decoder=(conv(3),)).located()


def test_spans_point_into_the_line_as_typed() -> None:
    line = "  conv64[k=5]   (bn\trelu) 2 * {up}|res {conv3}"
    spec = parse(line)

    def text(item: Layer | Side | Group) -> str:
        assert item.span is not None
        return line[item.span.start : item.span.end]

    assert [text(item) for item in spec.encoder] == ["conv64[k=5]", "(bn\trelu)", "2 * {up}"]
    assert [text(item) for item in spec.decoder] == ["res {conv3}"]
    assert spec.source == line


@pytest.mark.parametrize(
    "nest",
    [
        lambda depth: "{" * depth + "relu" + "}" * depth,
        lambda depth: "(" * depth + "relu" + ")" * depth,
        lambda depth: "res{" * depth + "relu" + "}" * depth,
        lambda depth: "2*" * depth + "relu",
        lambda depth: "2*{" * depth + "relu" + "}" * depth,
        lambda depth: "2*" * depth + "{relu}",
        lambda depth: "2*" * (depth - 1) + "(relu)",
    ],
)
def test_the_deepest_nesting_that_is_read_prints_back_and_one_more_is_refused(nest) -> None:
    spec = parse(f"{nest(MAX_DEPTH)} | conv3")
    assert parse(str(spec)) == spec
    with pytest.raises(LineError, match=f"nested more than {MAX_DEPTH} deep"):
        parse(f"{nest(MAX_DEPTH + 1)} | conv3")


@pytest.mark.parametrize("name", list(zoo()))
def test_zoo_lines_round_trip(name: str) -> None:
    spec = parse(zoo()[name].line)
    assert parse(str(spec)) == spec
    assert print_items(spec.encoder) == str(spec).split(" | ")[0]
